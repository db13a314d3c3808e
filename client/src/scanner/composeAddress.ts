/** The form of a new backtest, opened on these symbols from a day on: what chose them lies before it. */
export function hitsAddress({ symbols, start }: { symbols: readonly string[]; start: string }): string {
  return `/backtests/new?${new URLSearchParams({ strategy: "equal_weight", symbols: symbols.join(","), start })}`;
}

// Opens and a benchmark are not in a decision's sight, and its rules are little without them.
const NOT_OFFERED = ["episodic_pivot"];

/** The same form on the rules themselves, asked anew at each rebalance; nothing where they cannot be. */
export function rulesAddress({ scanner, universe }: { scanner: string; universe: string | null }): string | null {
  if (universe === null || NOT_OFFERED.includes(scanner)) return null;
  return `/backtests/new?${new URLSearchParams({ strategy: "screen", universe, scanner })}`;
}
