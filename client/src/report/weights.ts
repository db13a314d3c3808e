import type { Series } from "../charts/Plot";

const SHOWN = 9;

/** The symbols of the largest average weight, the others as one, and cash as what is left. */
export function weightSeries(symbols: readonly string[], columns: readonly (readonly (number | null)[])[]): Series[] {
  const all = symbols.map((name, place) => ({ name, values: columns[place]!.map((value) => value ?? 0) }));
  const ranked = all.sort((a, b) => sum(b.values) - sum(a.values) || a.name.localeCompare(b.name));
  const rest = ranked.slice(SHOWN);
  const shown = ranked.slice(0, SHOWN);
  const rows = columns[0]?.length ?? 0;
  const total = (series: readonly { values: number[] }[], row: number) =>
    series.reduce((held, { values }) => held + values[row]!, 0);
  const each = (of: (row: number) => number) => Array.from({ length: rows }, (_, row) => of(row));
  if (rest.length > 0) shown.push({ name: `${rest.length} others`, values: each((row) => total(rest, row)) });
  return [...shown, { name: "Cash", values: each((row) => Math.max(0, 1 - total(all, row))) }];
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
