import { describe, expect, test } from "vitest";
import type { ParameterField } from "../compose/schema";
import { extentOf, histogram, shareOf } from "./heat";
import { axesOf, axisOf, newSearch, type SearchDraft, searchFaults, sizeOf, suggested } from "./searchDraft";
import { trialInput } from "./trialInput";

const field = (name: string, given: Partial<ParameterField>): ParameterField => ({
  name,
  title: name,
  description: "",
  kind: "integer",
  optional: false,
  choices: [],
  fallback: 10,
  ...given,
});
const FIELDS = [
  field("lookback", { minimum: 21, maximum: 756, fallback: 252 }),
  field("score", { kind: "number", fallback: 0.5 }),
  field("weighting", { kind: "choice", choices: ["equal", "hrp"], fallback: "equal" }),
];
const sweep = (...axes: [string, string][]): SearchDraft => ({
  ...newSearch("sweep"),
  axes: axes.map(([name, values]) => ({ name, values })),
});

describe("an axis as typed", () => {
  test.each([
    ["21, 63,126", { name: "lookback", values: [21, 63, 126] }],
    ["21 to 252 by 21", { name: "lookback", low: 21, high: 252, step: 21 }],
    ["0.1 TO 0.5", { name: "lookback", low: 0.1, high: 0.5, step: null }],
  ])("%s", (values, sent) => expect(axisOf({ name: "lookback", values }, true)).toEqual(sent));

  test.each(["", "21,", "abc", "21 to x", "21 to 63 by y", "1 2"])("%s is neither a list nor a range", (values) =>
    expect(axisOf({ name: "lookback", values }, true)).toBeNull(),
  );

  test("names stay text", () =>
    expect(axisOf({ name: "weighting", values: "equal, hrp" }, false)).toEqual({
      name: "weighting",
      values: ["equal", "hrp"],
    }));
});

test("a grid has as many combinations as its axes multiply to", () => {
  expect(sizeOf(sweep(["lookback", "21 to 252 by 21"], ["weighting", "equal, hrp"]), FIELDS)).toBe(24);
  expect(sizeOf(sweep(["lookback", "21 to 30"]), FIELDS)).toBe(10);
  expect(sizeOf(sweep(["score", "0 to 1"]), FIELDS)).toBeNull();
  expect(sizeOf(sweep(), FIELDS)).toBeNull();
});

test("what cannot be searched is said at its field", () => {
  expect(searchFaults(sweep(), FIELDS)).toEqual({ axes: "Vary at least one parameter" });
  expect(Object.keys(searchFaults(sweep(["lookback", "x"]), FIELDS))).toEqual(["axes.0"]);
  expect(searchFaults({ ...newSearch("walk"), axes: [{ name: "lookback", values: "21" }], purge: "" }, FIELDS)).toEqual(
    { purge: "Write a whole number" },
  );
  expect(searchFaults(newSearch("backtest"), FIELDS)).toEqual({});
  expect(axesOf(sweep(["lookback", "21"], ["weighting", "hrp"]), FIELDS)).toEqual([
    { name: "lookback", values: [21] },
    { name: "weighting", values: ["hrp"] },
  ]);
});

test("a first guess lies around the default and within the bounds", () => {
  expect(suggested(FIELDS[0]!)).toBe("126, 252, 378");
  expect(suggested(field("top", { minimum: 1, fallback: 1 }))).toBe("1, 2");
  expect(suggested(FIELDS[2]!)).toBe("equal, hrp");
});

test("a combination becomes the backtest of its content", () => {
  const base = {
    strategy: "momentum",
    universe: "SAMPLE_US",
    symbols: null,
    initial_capital: "100000",
    parameters: { lookback: 252, rebalance: "MONTHLY" },
    costs: { slippage_bps: 5 },
    constraints: { max_weight: 1 },
    allocator: null,
    name: "A sweep",
    idempotency_key: null,
  };
  expect(trialInput(base, { lookback: 63, "costs.slippageBps": 20, "constraints.maxWeight": 0.5 })).toEqual({
    strategy: "momentum",
    universe: "SAMPLE_US",
    symbols: null,
    initialCapital: "100000",
    parameters: { lookback: 63, rebalance: "MONTHLY" },
    costs: { slippageBps: 20 },
    constraints: { maxWeight: 0.5 },
    allocator: null,
  });
  expect(trialInput(base, { allocator: "HRP" }).allocator).toBe("HRP");
});

test("colours run from the lowest to the highest that is known", () => {
  const extent = extentOf([
    [1, null],
    [3, 2],
  ])!;
  expect(extent).toEqual({ low: 1, high: 3 });
  expect([1, 2, 3].map((value) => shareOf(value, extent))).toEqual([0, 0.5, 1]);
  expect(shareOf(5, { low: 5, high: 5 })).toBe(0.5);
  expect(extentOf([[null]])).toBeNull();
});

test("a histogram loses no value", () => {
  expect(histogram([0, 1, 2, 3, 4], 2)).toEqual([
    { from: 0, count: 2 },
    { from: 2, count: 3 },
  ]);
  expect(histogram([7, 7], 2).map(({ count }) => count)).toEqual([2, 0]);
  expect(histogram([], 2)).toEqual([]);
});
