import { expect, test } from "vitest";
import { anyLoan, weightSeries } from "./weights";

test("the largest come first, and cash is what is left", () => {
  const series = weightSeries(
    ["AAA", "BBB"],
    [
      [0.2, 0.25],
      [0.5, 0.75],
    ],
  );

  expect(series).toEqual([
    { name: "BBB", values: [0.5, 0.75] },
    { name: "AAA", values: [0.2, 0.25] },
    { name: "Cash", values: [expect.closeTo(0.3), 0] },
  ]);
});

test("what does not fit is one", () => {
  const symbols = Array.from({ length: 12 }, (_, place) => `S${String(place).padStart(2, "0")}`);
  const series = weightSeries(
    symbols,
    symbols.map(() => [0.05]),
  );

  expect(series.map(({ name }) => name)).toEqual([...symbols.slice(0, 9), "3 others", "Cash"]);
  expect(series.at(-2)!.values[0]).toBeCloseTo(0.15);
  expect(series.at(-1)!.values[0]).toBeCloseTo(0.4);
});

test("a short position counts by its size, and what it brought is cash", () => {
  const series = weightSeries(["LONG", "SHRT"], [[0.3], [-0.5]]);

  expect(series).toEqual([
    { name: "SHRT", values: [-0.5] },
    { name: "LONG", values: [0.3] },
    { name: "Cash", values: [expect.closeTo(1.2)] },
  ]);
  expect(anyLoan(series)).toBe(true);
});

test("a debit is below zero, what rounding leaves is none", () => {
  expect(anyLoan(weightSeries(["AAA"], [[1.5]]))).toBe(true);
  expect(weightSeries(["AAA"], [[1.000001]]).at(-1)!.values).toEqual([0]);
  expect(anyLoan(weightSeries(["AAA"], [[1.000001]]))).toBe(false);
});
