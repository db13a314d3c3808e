import { expect, test } from "vitest";
import { STRATEGIES, strategy } from "../testing/catalogue";
import { boundsWords, fieldsOf, numberFault, orderedPairs, parseValues, typedValues } from "./schema";

test("every strategy's schema becomes fields with a title, a description and a known kind", () => {
  const fields = STRATEGIES.flatMap((each) => fieldsOf(each.parameterSchema));

  expect(fields.filter((field) => !field.title || !field.description || field.kind === "text")).toEqual([]);
});

test("kinds, bounds and defaults are read from the schema", () => {
  const momentum = Object.fromEntries(
    fieldsOf(strategy("momentum").parameterSchema).map((field) => [field.name, field]),
  );
  const dual = Object.fromEntries(
    fieldsOf(strategy("dual_momentum").parameterSchema).map((field) => [field.name, field]),
  );

  expect(momentum.lookback).toMatchObject({
    kind: "integer",
    minimum: 21,
    maximum: 756,
    fallback: 252,
    optional: false,
  });
  expect(momentum.top_fraction).toMatchObject({
    kind: "number",
    above: 0,
    maximum: 0.5,
    fallback: null,
    optional: true,
  });
  expect(momentum.weighting).toMatchObject({ kind: "choice" });
  expect(momentum.weighting?.choices.slice(0, 5)).toEqual(["equal", "inverse_vol", "hrp", "score", "mean_variance"]);
  expect([dual.risky?.kind, dual.cash_floor?.kind]).toEqual(["symbols", "flag"]);
  expect(orderedPairs(strategy("momentum").parameterSchema)).toEqual([["skip", "lookback"]]);
});

test.each([
  [{ minimum: 1, maximum: 200 }, "1 to 200"],
  [{ above: 0, maximum: 0.5 }, "above 0, up to 0.5"],
  [{ minimum: -1 }, "from −1"],
  [{ maximum: 1e9 }, "up to 1,000,000,000"],
  [{}, ""],
])("bounds %o read %s", (bounds, expected) => {
  expect(boundsWords(bounds)).toBe(expected);
});

test.each([
  ["", {}, "A number is needed"],
  ["five", {}, "“five” is not a number"],
  ["NaN", {}, "“NaN” is not a number"],
  ["Infinity", {}, "“Infinity” is not a number"],
  ["1.5", { integer: true }, "Must be a whole number"],
  ["0", {}, "Must be at least 1"],
  ["201", {}, "Must be at most 200"],
  ["", { optional: true }, undefined],
  ["1e2", {}, undefined],
])("%s typed into 1 to 200 says %s", (text, options, expected) => {
  expect(numberFault(text, { minimum: 1, maximum: 200 }, options)).toBe(expected);
});

test("a wrapped strategy's parameters are typed by name and read back", () => {
  const values = {
    lookback: 126,
    weighting: "hrp",
    min_price: null,
    cash_floor: true,
    risky: ["SPY", "BRK-B"],
    defensive: [],
  };

  expect(typedValues(values)).toBe(
    "lookback 126, weighting hrp, min_price null, cash_floor true, risky [SPY BRK-B], defensive []",
  );
  expect(parseValues(typedValues(values))).toEqual(values);
  expect(parseValues("lookback: 63, skip=5")).toEqual({ lookback: 63, skip: 5 });
  expect(parseValues(" ")).toEqual({});
  expect([parseValues("lookback"), parseValues("7 lookback"), parseValues("a 1 2")]).toEqual([null, null, null]);
});
