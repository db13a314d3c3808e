/** The form of a new backtest, opened on these symbols from a day on: what chose them lies before it. */
export function composeAddress({ symbols, start }: { symbols: readonly string[]; start: string }): string {
  return `/backtests/new?${new URLSearchParams({ strategy: "equal_weight", symbols: symbols.join(","), start })}`;
}
