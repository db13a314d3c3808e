import { describe, expect, test } from "vitest";
import { dateTicks, extent, stack, ticks } from "./scale";

describe("extent", () => {
  test("is of what is known", () =>
    expect(
      extent([
        [null, 2],
        [5, -1, Number.NaN],
      ]),
    ).toEqual([-1, 5]));
  test("of nothing is null", () => expect(extent([[null], []])).toBeNull());
});

describe("ticks", () => {
  test("are round", () => expect(ticks([0, 1])).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]));
  test("lie within", () => expect(ticks([-0.13, 0.27])).toEqual([-0.1, 0, 0.1, 0.2]));
  test("of one value is that value", () => expect(ticks([7, 7])).toEqual([7]));
  test("do not drift", () => expect(ticks([0, 0.7], 7)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]));
});

test("a stack adds up, and what is unknown adds nothing", () => {
  expect(
    stack([
      [1, null],
      [2, 3],
    ]),
  ).toEqual([
    [1, 0],
    [3, 3],
  ]);
});

test("where nothing at all is known, a stack is not zero", () => {
  expect(
    stack([
      [null, 1],
      [null, 2],
    ]),
  ).toEqual([
    [null, 1],
    [null, 3],
  ]);
});

describe("dates are written", () => {
  test("by the year over years", () => {
    const dates = ["2019-12-30", "2020-01-02", "2020-06-01", "2021-01-04", "2022-01-03", "2023-01-03"];
    expect(dateTicks(dates, 6).map(({ text }) => text)).toEqual(["2020", "2021", "2022", "2023"]);
  });
  test("by the month within a year", () => {
    expect(dateTicks(["2020-01-30", "2020-02-03", "2020-02-04", "2020-03-02"])).toEqual([
      { row: 1, text: "2020-02" },
      { row: 3, text: "2020-03" },
    ]);
  });
});
