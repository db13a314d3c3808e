import { words } from "../ui/format";

/** Those with figures, and those without. */
export function coveredFirst<Row extends { covered: boolean }>(rows: readonly Row[]): [Row[], Row[]] {
  return [rows.filter(({ covered }) => covered), rows.filter(({ covered }) => !covered)];
}

/** Rows under what their states are of, in the order given. */
export function byIndex<Row extends { of: string }>(rows: readonly Row[]): [string, Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(row.of, [...(groups.get(row.of) ?? []), row]);
  return [...groups];
}

const STATES: Record<string, string> = {
  UNKNOWN: "Not known yet",
  VIX_LOW: "Low third",
  VIX_MIDDLE: "Middle third",
  VIX_HIGH: "High third",
};

export const stateWords = (regime: string) => STATES[regime] ?? words(regime);
