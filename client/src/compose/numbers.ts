/** Costs and constraints of the contract: names, defaults and the server's bounds. Fractions stay fractions. */

type NumberField = {
  name: string;
  label: string;
  unit?: string;
  hint?: string;
  fallback: string;
  optional?: boolean;
  integer?: boolean;
  minimum?: number;
  maximum?: number;
  above?: number;
};

export const COSTS = [
  {
    name: "commissionFlat",
    label: "Commission per order",
    unit: "$",
    fallback: "3.00",
    minimum: 0,
    maximum: 1000,
    hint: "In the run's currency.",
  },
  {
    name: "commissionBps",
    label: "Commission on value",
    unit: "bps",
    fallback: "0",
    minimum: 0,
    maximum: 1000,
    hint: "100 bps are 1%.",
  },
  {
    name: "minimumCommission",
    label: "Minimum commission",
    unit: "$",
    fallback: "",
    optional: true,
    minimum: 0,
    maximum: 1000,
  },
  {
    name: "slippageBps",
    label: "Slippage",
    unit: "bps",
    fallback: "5",
    minimum: 0,
    maximum: 1000,
    hint: "Against you, on each fill.",
  },
  {
    name: "halfSpreadUsBps",
    label: "Half spread, US",
    unit: "bps",
    fallback: "",
    optional: true,
    minimum: 0,
    maximum: 1000,
    hint: "Of American shares, instead of slippage.",
  },
  {
    name: "halfSpreadAuBps",
    label: "Half spread, Australia",
    unit: "bps",
    fallback: "",
    optional: true,
    minimum: 0,
    maximum: 1000,
    hint: "Of Australian shares, instead of slippage.",
  },
  {
    name: "halfSpreadCryptoBps",
    label: "Half spread, coins",
    unit: "bps",
    fallback: "",
    optional: true,
    minimum: 0,
    maximum: 1000,
    hint: "Of coins, instead of slippage.",
  },
  {
    name: "fxSpreadBps",
    label: "Currency spread",
    unit: "bps",
    fallback: "70",
    minimum: 0,
    maximum: 1000,
    hint: "Of each amount converted.",
  },
  {
    name: "impactCoefficient",
    label: "Market impact",
    fallback: "0",
    minimum: 0,
    maximum: 10,
    hint: "Needs known volume.",
  },
  {
    name: "maxVolumeShare",
    label: "Largest share of volume",
    unit: "× volume",
    fallback: "0.02",
    above: 0,
    maximum: 1,
    hint: "Needs known volume.",
  },
  {
    name: "maxCarry",
    label: "Rest carried on for",
    unit: "sessions",
    fallback: "3",
    integer: true,
    minimum: 0,
    maximum: 20,
    hint: "What volume left of an order; 0 gives it up.",
  },
  {
    name: "cashRate",
    label: "Interest on cash",
    unit: "per year",
    fallback: "0",
    minimum: 0,
    maximum: 0.25,
    hint: "0.03 is 3%.",
  },
  {
    name: "cashMarginBps",
    label: "Margin on cash",
    unit: "bps",
    fallback: "0",
    minimum: 0,
    maximum: 1000,
    hint: "A year: what the broker keeps of the rate.",
  },
  {
    name: "borrowSpreadBps",
    label: "Spread on debt",
    unit: "bps",
    fallback: "150",
    minimum: 0,
    maximum: 1000,
    hint: "A year: what borrowed money costs above the rate.",
  },
  {
    name: "cashBuffer",
    label: "Cash buffer",
    fallback: "0",
    minimum: 0,
    maximum: 0.5,
    hint: "Of equity, never invested; 0.05 is 5%.",
  },
  {
    name: "delistReturn",
    label: "Return on an unknown delisting",
    fallback: "-0.3",
    minimum: -1,
    maximum: 0,
    hint: "On the last price; −0.3 loses 30%.",
  },
] as const satisfies readonly NumberField[];

export const CONSTRAINTS = [
  {
    name: "minWeight",
    label: "Smallest weight",
    fallback: "0",
    minimum: 0,
    maximum: 1,
    hint: "Of equity; 0.05 is 5%.",
  },
  { name: "maxWeight", label: "Largest weight", fallback: "1", above: 0, maximum: 1, hint: "Of equity; 0.25 is 25%." },
  {
    name: "maxPositions",
    label: "Most positions",
    fallback: "",
    optional: true,
    integer: true,
    minimum: 1,
    maximum: 10_000,
    hint: "Empty: no limit.",
  },
  {
    name: "maxTurnover",
    label: "Largest turnover",
    fallback: "",
    optional: true,
    above: 0,
    maximum: 1,
    hint: "Per rebalance. Empty: no limit.",
  },
  {
    name: "noTradeBand",
    label: "No-trade band",
    fallback: "0",
    minimum: 0,
    maximum: 1,
    hint: "Weights this close to target are left alone.",
  },
  {
    name: "relativeBand",
    label: "Relative band",
    fallback: "0",
    minimum: 0,
    maximum: 0.5,
    hint: "Or as close as this share of the target; the wider counts.",
  },
  {
    name: "minTrade",
    label: "Smallest trade",
    unit: "$",
    fallback: "0",
    minimum: 0,
    maximum: 1_000_000,
    hint: "In the run's currency. A trade worth less is not made.",
  },
  {
    name: "groupCap",
    label: "Largest weight of a group",
    fallback: "",
    optional: true,
    above: 0,
    maximum: 1,
    hint: "Empty: no limit.",
  },
] as const satisfies readonly NumberField[];

/** A second grouping, whose groups may overlap with those of the first. */
export const SECOND_CAP = {
  name: "groupCaps",
  label: "Largest weight of a second group",
  fallback: "",
  optional: true,
  above: 0,
  maximum: 1,
  hint: "Of another grouping; both hold. Empty: no limit.",
} as const satisfies NumberField;

export const OVERLAY = {
  name: "overlayVolTarget",
  label: "Volatility target",
  unit: "per year",
  fallback: "",
  optional: true,
  minimum: 0.02,
  maximum: 0.4,
  hint: "Scales weights by the run's own last half year; the rest is cash. Empty: no scaling.",
} as const satisfies NumberField;

export type CostName = (typeof COSTS)[number]["name"];
export type ConstraintName = (typeof CONSTRAINTS)[number]["name"];
export type { NumberField };
