import type { PanelNeedFragment } from "../graphql/generated";
import { day, enumWords } from "../ui/format";

/** What the names of a strategy's requirements stand for. A name that is not here speaks for itself. */
const DATA: Record<string, string> = {
  adjusted_close: "of every asset, with splits and dividends counted in",
  benchmark: "prices of the index a run is measured against",
  ohlc: "as traded, of every session",
  volume: "shares traded each session; where it is unknown, its rules are left out and the run says so",
  VIX: "volatility options expect of the S&P 500 over a month",
  VIX3M: "the same over three months",
  US10Y_REAL: "what ten-year US bonds pay above inflation",
  FF3: "monthly returns of market, size and value, by Fama and French",
  FF5: "and of profitability and investment",
  FF3_DEVELOPED_EX_US: "the same three of developed markets but the US, in US dollars",
  FF5_DEVELOPED_EX_US: "the same five of developed markets but the US, in US dollars",
  FF3_ASIA_PACIFIC: "the same three of Asia and the Pacific without Japan, in US dollars",
  FF5_ASIA_PACIFIC: "the same five of Asia and the Pacific without Japan, in US dollars",
  NEWS_FLAG: "for each symbol, the days on which something was announced",
};

export const dataWords = (name: string): string | undefined => DATA[name];

/** A family of trials ends with its universe, or with a digest of the symbols. */
export function assetsOf(family: string): { universe: string | null; words: string } {
  const assets = family.slice(family.indexOf(":") + 1);
  const digest = /^[0-9a-f]{16}$/.test(assets);
  return digest
    ? { universe: null, words: `Symbols of your own (${assets.slice(0, 6)})` }
    : { universe: assets, words: assets };
}

export const sessions = (count: number) => `${count.toLocaleString("en-AU")} ${count === 1 ? "session" : "sessions"}`;

/** Without it no run of the strategy is accepted, whatever its parameters. */
export const isMissing = ({ optional, when, lastDay }: PanelNeedFragment) =>
  !optional && lastDay === null && Object.keys(when as object).length === 0;

/** When a panel is read, and whether it can be. */
export function panelWords({ name, optional, when, firstDay, lastDay }: PanelNeedFragment): string {
  const chosen = Object.entries(when as Record<string, unknown>).map(
    ([key, value]) => `${key} ${enumWords(String(value))}`,
  );
  const read = chosen.length > 0 ? `with ${chosen.join(", ")}; ` : optional ? "used where it is known; " : "";
  if (firstDay === null || lastDay === null)
    return `${read}nothing is stored: parakeet import-series FILE --name ${name}`;
  return `${read}stored from ${day(firstDay)} to ${day(lastDay)}`;
}
