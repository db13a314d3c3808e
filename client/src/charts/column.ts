/** Whole columns as the API serves them: days in order, and a value or null for each. */
export type Curve = {
  dates: readonly string[];
  strategy: readonly (number | null)[];
  benchmark: readonly (number | null)[] | null;
};

/** Index of the last day at or before `day`; -1 when all days come later. ISO days sort as text. */
export function indexAt(dates: readonly string[], day: string): number {
  let low = 0;
  let high = dates.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (dates[middle]! <= day) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function yearsBefore(day: string, years: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCFullYear(date.getUTCFullYear() - years);
  return date.toISOString().slice(0, 10);
}

export const points = (dates: readonly string[], values: readonly (number | null)[]) =>
  dates.map((time, row) => {
    const value = values[row];
    return value == null ? { time } : { time, value };
  });
