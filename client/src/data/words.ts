import { words } from "../ui/format";

const KINDS: Record<string, string> = {
  RATE_LIMITED: "Too many requests",
  UNKNOWN_SYMBOL: "Unknown symbol",
  DELISTED: "Delisted",
  TIMEOUT: "No answer in time",
  NETWORK: "Out of reach",
  BAD_DATA: "Unreadable answer",
  NOT_CONFIGURED: "No key",
};

/** Why a provider did not give what it was asked for. */
export const kindWords = (kind: string) => KINDS[kind] ?? words(kind);

const SOURCES: Record<string, string> = { tiingo: "Tiingo", yahoo: "Yahoo", csv: "CSV file", manual: "By hand" };

export function sourceWords(source: string): string {
  if (source.startsWith("sample:")) return `Sample (${source.slice("sample:".length)})`;
  return SOURCES[source] ?? source;
}

export type Step = { symbol: string; number: number; of: number };

/** A worker writes the symbol it is at as "BHP.AX 12 of 200". */
export function stepOf(stage: string | null): Step | null {
  const [, symbol, number, of] = /^(\S+) (\d+) of (\d+)$/.exec(stage ?? "") ?? [];
  return symbol ? { symbol, number: Number(number), of: Number(of) } : null;
}

export const many = (count: number, one: string, more = `${one}s`) => (count === 1 ? one : more);
export const plural = (count: number, one: string, more?: string) =>
  `${count.toLocaleString("en-AU")} ${many(count, one, more)}`;
