/** How strongly a cell is coloured: its place between the lowest and the highest of the map. */
export type Extent = { low: number; high: number };

export function extentOf(rows: readonly (readonly (number | null)[])[]): Extent | null {
  const known = rows.flat().filter((value): value is number => value !== null);
  return known.length > 0 ? { low: Math.min(...known), high: Math.max(...known) } : null;
}

/** 0 at the lowest, 1 at the highest; a map that is flat is half way everywhere. */
export const shareOf = (value: number, { low, high }: Extent) => (high > low ? (value - low) / (high - low) : 0.5);

/** Counts of the values in so many bins of equal width, with the edge each begins at. */
export function histogram(values: readonly number[], bins: number): { from: number; count: number }[] {
  if (values.length === 0) return [];
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const width = (high - low) / bins || 1;
  const counts = Array.from({ length: bins }, (_, bin) => ({ from: low + bin * width, count: 0 }));
  for (const value of values) counts[Math.min(Math.floor((value - low) / width), bins - 1)]!.count += 1;
  return counts;
}
