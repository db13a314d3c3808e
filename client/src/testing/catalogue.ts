import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ScannerChoiceFragment, StrategyChoiceFragment } from "../graphql/generated";

type Entry = Record<string, unknown>;

/** The catalogue that the server serves, so that forms are tested on the real schemas. */
const CATALOGUE = JSON.parse(readFileSync(resolve(import.meta.dirname, "../../../api/catalogue.json"), "utf8")) as {
  strategies: Entry[];
  scanners: Entry[];
};

export const STRATEGIES = CATALOGUE.strategies.map(
  ({ rebalance: _rebalance, history: _history, kind: _kind, ...strategy }) => ({
    __typename: "Strategy",
    ...strategy,
  }),
) as unknown as StrategyChoiceFragment[];

export const SCANNERS = CATALOGUE.scanners as unknown as ScannerChoiceFragment[];

export function strategy(key: string): StrategyChoiceFragment {
  const found = STRATEGIES.find((each) => each.key === key);
  if (!found) throw new Error(`no strategy ${key} in the catalogue`);
  return found;
}
