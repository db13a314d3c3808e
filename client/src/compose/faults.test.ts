import { expect, test } from "vitest";
import { strategy } from "../testing/catalogue";
import { type Draft, draftFrom, newDraft, type PastRun, toInput } from "./draft";
import { findFaults, serverFaults } from "./faults";
import { afterWarmUp } from "./useSpan";

const MOMENTUM = strategy("momentum");
const START = "2000-01-10";
const draft = (changes: Partial<Draft> = {}): Draft => ({ ...newDraft(MOMENTUM, "SAMPLE_US"), ...changes });

const PAST = {
  id: "backtest_1",
  name: null,
  strategy: { key: "momentum" },
  parameters: { lookback: 252, skip: 21 },
  universe: "SAMPLE_US",
  symbols: ["AAPL"],
  start: START,
  end: "2020-12-31",
  initialCapital: "100000",
  currency: "AUD",
  benchmark: "^GSPC",
  allocator: "HRP",
  fill: "NEXT_OPEN",
  wholeShares: true,
  decisionClock: "US_CLOSE",
  overlayVolTarget: 0.12,
  costs: {
    commission_flat: "3.00",
    commission_bps: 0,
    minimum_commission: null,
    slippage_bps: 5,
    impact_coefficient: 0,
    fx_spread_bps: 70,
    max_volume_share: 0.02,
    cash_rate: 0,
  },
  constraints: {
    min_weight: 0,
    max_weight: 1,
    max_turnover: null,
    no_trade_band: 0,
    group_cap: null,
    group_by: "SECTOR",
    group_caps: [{ by: "CURRENCY", cap: 0.6 }],
    relative_band: 0,
    band_fill: "CASH",
    on_infeasible: "CASH",
    max_positions: null,
  },
} satisfies PastRun;

test("a fresh form has nothing wrong and sends the contract's defaults", () => {
  const input = toInput(draft(), MOMENTUM, { start: START });

  expect(findFaults(draft(), MOMENTUM, START)).toEqual({});
  expect(input).toMatchObject({
    strategy: "momentum",
    universe: "SAMPLE_US",
    start: START,
    end: null,
    initialCapital: "100000",
    currency: "AUD",
    fill: "NEXT_OPEN",
    wholeShares: true,
    parameters: { lookback: 252, skip: 21, top_n: 10, top_fraction: null, weighting: "equal" },
    costs: { commissionFlat: "3.00", slippageBps: 5, fxSpreadBps: 70, maxVolumeShare: 0.02 },
    constraints: { minWeight: 0, maxWeight: 1, maxTurnover: null, groupBy: "SECTOR" },
  });
  expect(input).not.toHaveProperty("symbols");
});

test("each fault is told at its own field", () => {
  const wrong = draft({
    source: "symbols",
    end: "1999-01-01",
    initialCapital: "-5",
    parameters: { ...draft().parameters, top_n: "999", skip: "63", lookback: "50" },
    costs: { ...draft().costs, slippageBps: "much" },
  });

  expect(findFaults(wrong, MOMENTUM, START)).toEqual({
    "parameters.top_n": "Must be at most 200",
    "parameters.skip": "Must be below lookback",
    symbols: "Add at least one symbol",
    end: "The end must come after the start",
    initialCapital: "Must be at least 1",
    "costs.slippageBps": "“much” is not a number",
  });
});

test("the server's complaints keep their fields; one about nothing in particular stands alone", () => {
  const faults = serverFaults([
    { field: ["input", "parameters", "top_n"], message: "top_n was 999; it must be at most 200" },
    { field: ["input", "start"], message: "no rate before 1999-01-04" },
    { field: null, message: "too many jobs today" },
  ]);

  expect(faults).toEqual({
    "parameters.top_n": "Top_n was 999; it must be at most 200",
    start: "No rate before 1999-01-04",
    "": "Too many jobs today",
  });
});

test("a past run comes back as the same input", () => {
  const input = toInput(
    draft({ allocator: "HRP", end: "2020-12-31", overlayVolTarget: "0.12", secondCap: "0.6" }),
    MOMENTUM,
    {
      start: START,
    },
  );
  const past = { ...PAST, parameters: input.parameters } satisfies PastRun;

  expect(toInput(draftFrom(past, MOMENTUM, "^GSPC"), MOMENTUM, { start: "" })).toEqual(input);
  expect(draftFrom(past, MOMENTUM, "^AXJO").benchmark).toBe("^GSPC");
});

test("published rates and their margins come back from a past run", () => {
  const rates = { cash_rate_basis: "PUBLISHED", cash_margin_bps: 50, borrow_spread_bps: 275.5 };
  const past = { ...PAST, costs: { ...PAST.costs, ...rates } } satisfies PastRun;

  const input = toInput(draftFrom(past, MOMENTUM), MOMENTUM, { start: START });

  expect(input.costs).toMatchObject({ cashRateBasis: "PUBLISHED", cashMarginBps: 50, borrowSpreadBps: 275.5 });
  expect(findFaults(draftFrom(past, MOMENTUM), MOMENTUM, START)).toEqual({});
});

test("the default start leaves room for the warm-up", () => {
  expect(afterWarmUp("1999-01-04", 253)).toBe("2000-01-09");
  expect(afterWarmUp("1999-01-04", 1)).toBe("1999-01-04");
});

test("a wrapped strategy is sent as values by name, and what cannot be read is told", () => {
  const wrapper = strategy("vol_scaling");
  const typed = (text: string) => {
    const fresh = newDraft(wrapper, "SAMPLE_US");
    return { ...fresh, parameters: { ...fresh.parameters, primary_parameters: text } };
  };

  expect(toInput(typed(""), wrapper, { start: START }).parameters).toMatchObject({
    primary: "momentum",
    primary_parameters: {},
  });
  expect(toInput(typed("lookback 63, top_n 5"), wrapper, { start: START }).parameters).toMatchObject({
    primary_parameters: { lookback: 63, top_n: 5 },
  });
  expect(findFaults(typed("lookback"), wrapper, START)).toEqual({
    "parameters.primary_parameters": "Write names and values, such as lookback 126",
  });
});
