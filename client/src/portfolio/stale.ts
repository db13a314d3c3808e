import { daysBetween } from "./view";

// The longest that markets are closed, and a day to spare.
const FRESH_DAYS = 7;

/** The day of the newest price of all holdings, where that is long before the day shown; null where it is not. */
export function stalePrice(positions: readonly { lastPriceDate: string | null }[], on: string): string | null {
  const newest = positions.reduce<string | null>(
    (latest, { lastPriceDate }) =>
      lastPriceDate !== null && (latest === null || lastPriceDate > latest) ? lastPriceDate : latest,
    null,
  );
  return newest !== null && daysBetween(newest, on) > FRESH_DAYS ? newest : null;
}
