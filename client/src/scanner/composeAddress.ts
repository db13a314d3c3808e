import { typedValues } from "../compose/schema";

/** The form of a new backtest, opened on these symbols from a day on: what chose them lies before it. */
export function hitsAddress({ symbols, start }: { symbols: readonly string[]; start: string }): string {
  return `/backtests/new?${new URLSearchParams({ strategy: "equal_weight", symbols: symbols.join(","), start })}`;
}

type Rules = { scanner: string; parameters: Record<string, unknown>; universe: string | null };

/** The same form on the very rules, asked anew at each rebalance; nothing for symbols picked by hand. */
export function rulesAddress({ scanner, parameters, universe }: Rules): string | null {
  if (universe === null) return null;
  const asked = { strategy: "screen", universe, scanner, scanner_parameters: typedValues(parameters) };
  return `/backtests/new?${new URLSearchParams(asked)}`;
}
