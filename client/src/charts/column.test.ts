import { expect, test } from "vitest";
import { indexAt, points, yearsBefore } from "./column";

const DAYS = ["2024-01-02", "2024-01-03", "2024-01-08"];

test.each([
  ["2024-01-01", -1],
  ["2024-01-02", 0],
  ["2024-01-05", 1],
  ["2024-01-08", 2],
  ["2030-01-01", 2],
])("the last day at or before %s is number %i", (day, expected) => {
  expect(indexAt(DAYS, day)).toBe(expected);
});

test("years back over a leap day", () => {
  expect([yearsBefore("2022-12-28", 5), yearsBefore("2024-02-29", 1)]).toEqual(["2017-12-28", "2023-03-01"]);
});

test("an undefined value leaves a gap, never a zero", () => {
  expect(points(DAYS, [1, null, 3])).toEqual([
    { time: DAYS[0], value: 1 },
    { time: DAYS[1] },
    { time: DAYS[2], value: 3 },
  ]);
});
