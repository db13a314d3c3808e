import type { Series } from "../charts/Plot";

const SHOWN = 9;
const ROUNDING = 1e-4;

/** Whether shares or cash were on loan at any close: then weights are lines, for areas cannot be below zero. */
export const anyLoan = (series: readonly Series[]) => series.some(({ values }) => values.some((value) => value! < 0));

/** The symbols of the largest average weight, long or short, the others as one, and cash as what is left. */
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
  return [...shown, { name: "Cash", values: each((row) => left(1 - total(all, row))) }];
}

const left = (cash: number) => (cash < 0 && cash > -ROUNDING ? 0 : cash);

const sum = (values: readonly number[]) => values.reduce((a, b) => a + Math.abs(b), 0);
