import { useQuery } from "@apollo/client/react";
import { MarketSpanDocument, type StrategyChoiceFragment, UniverseMembersDocument } from "../graphql/generated";
import type { Draft } from "./draft";

const SESSIONS_A_YEAR = 250; // a little under the true number, so that the warm-up is surely complete
const DAY = 86_400_000;

export type Span = { first: string; last: string; start: string; warmUp: number };

/** The days on which the chosen market has prices in the chosen currency, and the first sensible start. */
export function useSpan(draft: Draft, strategy: StrategyChoiceFragment): Span {
  const ofUniverse = draft.source === "universe";
  const universe = useQuery(UniverseMembersDocument, {
    variables: { key: draft.universe },
    skip: !ofUniverse || !draft.universe,
  });
  const symbol = ofUniverse ? universe.data?.universe?.members[0]?.symbol : draft.symbols[0];
  const { data, previousData } = useQuery(MarketSpanDocument, {
    variables: { symbols: symbol ? [symbol] : [], currency: draft.currency },
    skip: !symbol,
  });
  const dates = (data ?? previousData)?.prices[0]?.dates ?? [];
  const first = dates[0] ?? "";
  const warmUp = strategy.minimumHistory;
  return { first, last: dates.at(-1) ?? "", start: first && afterWarmUp(first, warmUp), warmUp };
}

export function afterWarmUp(first: string, sessions: number): string {
  if (sessions <= 1) return first;
  const days = Math.ceil((sessions * 365.25) / SESSIONS_A_YEAR);
  return new Date(Date.parse(first) + days * DAY).toISOString().slice(0, 10);
}
