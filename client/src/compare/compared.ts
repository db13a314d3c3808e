import type { CompareBacktestsQuery } from "../graphql/generated";
import { percent, probability, ratio } from "../ui/format";

export type Compared = CompareBacktestsQuery["compareBacktests"]["backtests"][number];

export const FEWEST = 2;
export const MOST = 12;

export type Figure = {
  name: string;
  label: string;
  unit: string;
  read: (run: Compared) => number | null | undefined;
  write: (value: number) => string;
  /** Which end is the better one; nothing where neither is. */
  better?: "high" | "low";
};

const of =
  (name: keyof NonNullable<Compared["metrics"]>) =>
  (run: Compared): number | null =>
    (run.metrics?.[name] as number | null | undefined) ?? null;

export const FIGURES: readonly Figure[] = [
  {
    name: "totalReturn",
    label: "Total return",
    unit: "whole run",
    read: of("totalReturn"),
    write: percent,
    better: "high",
  },
  { name: "cagr", label: "CAGR", unit: "per annum", read: of("cagr"), write: percent, better: "high" },
  { name: "volatility", label: "Volatility", unit: "per annum", read: of("volatility"), write: percent, better: "low" },
  { name: "sharpe", label: "Sharpe", unit: "ratio", read: of("sharpe"), write: ratio, better: "high" },
  { name: "sortino", label: "Sortino", unit: "ratio", read: of("sortino"), write: ratio, better: "high" },
  { name: "calmar", label: "Calmar", unit: "ratio", read: of("calmar"), write: ratio, better: "high" },
  {
    name: "maxDrawdown",
    label: "Max drawdown",
    unit: "of peak",
    read: of("maxDrawdown"),
    write: percent,
    better: "high",
  },
  {
    name: "cvar95",
    label: "Expected shortfall, 95%",
    unit: "a session",
    read: of("cvar95"),
    write: percent,
    better: "low",
  },
  { name: "hitRate", label: "Sessions won", unit: "share", read: of("hitRate"), write: percent, better: "high" },
  { name: "turnover", label: "Turnover", unit: "per annum", read: of("turnover"), write: percent },
  { name: "costDrag", label: "Cost drag", unit: "per annum", read: of("costDrag"), write: percent, better: "low" },
  {
    name: "deflatedSharpe",
    label: "Deflated Sharpe",
    unit: "probability",
    read: (run) => run.overfitting?.deflatedSharpe,
    write: probability,
    better: "high",
  },
];

/** The rows that are best in a figure; none where fewer than two are known or all are alike. */
export function bestOf(figure: Figure, runs: readonly Compared[]): ReadonlySet<string> {
  if (!figure.better) return new Set();
  const known = runs.flatMap((run) => {
    const value = figure.read(run);
    return value == null ? [] : [{ id: run.id, value }];
  });
  const values = known.map(({ value }) => value);
  const best = figure.better === "high" ? Math.max(...values) : Math.min(...values);
  if (known.length < 2 || values.every((value) => value === best)) return new Set();
  return new Set(known.filter(({ value }) => value === best).map(({ id }) => id));
}

/** Names that tell the runs apart: a repeated one gets its place. */
export function labelsOf(runs: readonly Compared[]): string[] {
  const names = runs.map(
    (run) => run.name ?? `${run.strategy.name}, ${run.universe ?? run.symbols.slice(0, 2).join(", ")}`,
  );
  return names.map((name, place) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${place + 1})`,
  );
}

/** The ids in the address: no repetitions, and no more than can be compared. */
export const idsIn = (text: string | null): string[] =>
  [...new Set((text ?? "").split(",").filter(Boolean))].slice(0, MOST);

export const compareAddress = (ids: readonly string[]) => `/backtests/compare?ids=${ids.join(",")}`;
