export type Extent = readonly [low: number, high: number];

/** Least and most of all finite values; null where there are none. */
export function extent(columns: readonly (readonly (number | null)[])[]): Extent | null {
  let low = Infinity;
  let high = -Infinity;
  for (const column of columns)
    for (const value of column) {
      if (value === null || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low <= high ? [low, high] : null;
}

/** Round steps of 1, 2 or 5 times a power of ten that cover an extent, about `count` of them. */
export function ticks([low, high]: Extent, count = 5): number[] {
  if (low === high) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Multiplied, not added up: steps of 0.1 would drift.
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Running totals of columns, row by row; an unknown value adds nothing, a row of them alone is unknown. */
export function stack(columns: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const first = columns[0] ?? [];
  let below: (number | null)[] = first.map((_, row) => (columns.some((column) => column[row] != null) ? 0 : null));
  return columns.map((column) => {
    below = below.map((value, row) => (value === null ? null : value + (column[row] ?? 0)));
    return below;
  });
}

/** Rows at which to write a date: the first of a year or month, about `count` of them. */
export function dateTicks(dates: readonly string[], count = 6): { row: number; text: string }[] {
  const years = changes(dates, 4);
  if (years.length > count / 2) return thinned(years, count);
  return thinned(changes(dates, 7), count);
}

function changes(dates: readonly string[], length: number): { row: number; text: string }[] {
  const found = [];
  for (let row = 1; row < dates.length; row++) {
    const text = dates[row]!.slice(0, length);
    if (text !== dates[row - 1]!.slice(0, length)) found.push({ row, text });
  }
  return found;
}

function thinned<T>(all: T[], count: number): T[] {
  const step = Math.max(1, Math.ceil(all.length / count));
  return all.filter((_, place) => place % step === 0);
}
