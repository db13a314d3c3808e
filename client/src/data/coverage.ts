import type { CoverageFragment } from "../graphql/generated";

export type Lack = "gaps" | "stale" | "suspect" | "quarantined";
export type Shown = "all" | "attention" | Lack;
export type Column = "symbol" | "source" | "share" | "firstBar" | "lastBar" | "present" | Lack;
export type Order = { column: Column; descending: boolean };

/** One session behind is no lack: the market has closed and its prices are on their way. */
export const STALE_AFTER = 1;

export const isStale = (row: CoverageFragment) => row.staleSessions > STALE_AFTER;
export const shareOf = (row: CoverageFragment) => (row.expected > 0 ? row.present / row.expected : null);

const LACKS: Record<Lack, (row: CoverageFragment) => boolean> = {
  gaps: (row) => row.gaps.length > 0,
  stale: isStale,
  suspect: (row) => row.suspect > 0,
  quarantined: (row) => row.quarantined > 0,
};

/** A suspect bar is used and a quarantined row is out of the way: only what is missing asks for something. */
export const needsAttention = (row: CoverageFragment) => LACKS.gaps(row) || LACKS.stale(row) || row.present === 0;

const VALUES: Record<Column, (row: CoverageFragment) => string | number | null> = {
  symbol: (row) => row.symbol,
  source: (row) => row.source,
  share: shareOf,
  firstBar: (row) => row.firstBar,
  lastBar: (row) => row.lastBar,
  present: (row) => row.present,
  gaps: (row) => row.gaps.length,
  stale: (row) => row.staleSessions,
  suspect: (row) => row.suspect,
  quarantined: (row) => row.quarantined,
};

export function chosen(rows: readonly CoverageFragment[], shown: Shown, search: string): CoverageFragment[] {
  const wanted = search.trim().toUpperCase();
  const fits = shown === "all" ? () => true : shown === "attention" ? needsAttention : LACKS[shown];
  return rows.filter((row) => row.symbol.toUpperCase().includes(wanted) && fits(row));
}

/** Unknown comes last whichever way the rest runs; what is equal stays in order of symbol. */
export function sorted(rows: readonly CoverageFragment[], { column, descending }: Order): CoverageFragment[] {
  const value = VALUES[column];
  return rows.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null) || bySymbol(one, other);
    const ascending = a < b ? -1 : a > b ? 1 : 0;
    return (descending ? -ascending : ascending) || bySymbol(one, other);
  });
}

const bySymbol = (one: CoverageFragment, other: CoverageFragment) => (one.symbol < other.symbol ? -1 : 1);

export type Run = { first: string; last: string; sessions: number };

/** Missing sessions in runs: two belong together when no weekday lies between them. */
export function runsOf(gaps: readonly string[]): Run[] {
  const runs: Run[] = [];
  for (const day of gaps) {
    const open = runs.at(-1);
    if (open && nextWeekday(open.last) >= day) {
      open.last = day;
      open.sessions += 1;
    } else runs.push({ first: day, last: day, sessions: 1 });
  }
  return runs;
}

function nextWeekday(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  do date.setUTCDate(date.getUTCDate() + 1);
  while (date.getUTCDay() % 6 === 0);
  return date.toISOString().slice(0, 10);
}
