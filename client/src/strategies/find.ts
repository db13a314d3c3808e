import type { StrategyFamily } from "../graphql/generated";
import { enumWords, words } from "../ui/format";

/** From the ideas most have heard of to the yardsticks. */
export const FAMILIES: readonly StrategyFamily[] = [
  "MOMENTUM",
  "MEAN_REVERSION",
  "RISK_PARITY",
  "BREAKOUT",
  "STAT_ARB",
  "VOLATILITY",
  "HARD_ASSETS",
  "REGIME",
  "META",
  "BENCHMARK",
];

const FULL: Partial<Record<StrategyFamily, string>> = { META: "Meta-labelling", STAT_ARB: "Statistical arbitrage" };
export const familyWords = (family: StrategyFamily) => FULL[family] ?? words(family);

type Findable = {
  key: string;
  name: string;
  family: StrategyFamily;
  summary: string;
  references: readonly string[];
  requires: readonly string[];
};

/** Those in which each of the words stands somewhere: names, ideas, authors, and data they read. */
export function findStrategies<T extends Findable>(strategies: readonly T[], search: string, family: string): T[] {
  const asked = bare(search).split(/\s+/).filter(Boolean);
  return strategies.filter((each) => {
    const told = bare(textOf(each));
    return (!family || each.family === family) && asked.every((word) => told.includes(word));
  });
}

export type Group<T> = { family: StrategyFamily; members: T[] };

/** By family, in the order of the families; those without a member are left out. */
export function byFamily<T extends { family: StrategyFamily }>(strategies: readonly T[]): Group<T>[] {
  return FAMILIES.map((family) => ({
    family,
    members: strategies.filter((each) => each.family === family),
  })).filter(({ members }) => members.length > 0);
}

/** In the order of the families, and within one as they came. */
export const inFamilies = <T extends { family: StrategyFamily }>(strategies: readonly T[]): T[] =>
  byFamily(strategies).flatMap(({ members }) => members);

const textOf = ({ key, name, family, summary, references, requires }: Findable) =>
  [key, name, familyWords(family), summary, ...references, ...requires, ...requires.map(enumWords)].join(" ");

/** Without accents and case: nobody types the ó of López. */
const bare = (text: string) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
