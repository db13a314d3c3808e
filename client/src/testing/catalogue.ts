import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { StrategyChoiceFragment } from "../graphql/generated";

/** The catalogue that the server serves, so that forms are tested on the real schemas. */
export const STRATEGIES: StrategyChoiceFragment[] = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../../api/catalogue.json"), "utf8"),
).strategies.map(({ rebalance: _rebalance, historyField: _field, ...strategy }: Record<string, unknown>) => ({
  __typename: "Strategy",
  ...strategy,
}));

export function strategy(key: string): StrategyChoiceFragment {
  const found = STRATEGIES.find((each) => each.key === key);
  if (!found) throw new Error(`no strategy ${key} in the catalogue`);
  return found;
}
