import { NOTHING, percent, ratio } from "../ui/format";

/** Figures a map can show, and how they are written. */
export const FIGURES = [
  { value: "sharpe", label: "Sharpe", write: (value: number) => ratio(value) },
  { value: "cagr", label: "CAGR", write: (value: number) => percent(value) },
  { value: "calmar", label: "Calmar", write: (value: number) => ratio(value) },
  { value: "sortino", label: "Sortino", write: (value: number) => ratio(value) },
  { value: "maxDrawdown", label: "Max drawdown", write: (value: number) => percent(value) },
  { value: "volatility", label: "Volatility", write: (value: number) => percent(value) },
  { value: "turnover", label: "Turnover a year", write: (value: number) => percent(value, 0) },
] as const;

export type FigureName = (typeof FIGURES)[number]["value"];

export const writeFigure = (name: FigureName, value: number | null | undefined) =>
  value == null ? NOTHING : FIGURES.find((each) => each.value === name)!.write(value);

/** `lookback 126 · top n 5`, in the order of the names. */
export const varied = (parameters: unknown) =>
  Object.entries((parameters ?? {}) as Record<string, unknown>)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, value]) => `${axisWords(name)} ${shown(value)}`)
    .join(" · ");

export const axisWords = (name: string) => name.split(".").at(-1)!.replace(/_/g, " ");

export const shown = (value: unknown) =>
  typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value).toLowerCase();

const APPROXIMATIONS: Record<string, string> = {
  fractional_shares: "fractions of shares are held",
  sized_at_fill: "orders are sized at the price they fill at, not at the close before",
  approximate_flat_fee: "each fee is charged for each name that trades",
  no_market_impact: "orders do not move the price",
  no_volume_limit: "an order may take any share of the volume",
  converts_each: "cash abroad is converted at each trade",
  no_loan_costs: "short positions pay no lender, what they brought earns interest, and debts bear no spread",
};

export const approximationWords = (names: readonly string[]) =>
  names.map((name) => APPROXIMATIONS[name] ?? axisWords(name)).join("; ");
