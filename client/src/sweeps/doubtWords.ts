import type { SplitsPartFragment, StudyDoubtFragment } from "../graphql/generated";

const VERDICTS: Record<string, string> = {
  strong: "Strong: more than luck would be expected to show",
  moderate: "Moderate: luck is not ruled out",
  weak: "Weak: luck alone could show as much",
  unknown: "Too few returns to say",
};

// The best of one half of the sessions, in the other half no better than a draw among the candidates.
const BLIND = 0.5;

/** A good verdict is of the returns; a choice that did not last is told before it. */
export function doubtWords({ verdict, pbo }: Pick<StudyDoubtFragment, "verdict" | "pbo">): string {
  const words = VERDICTS[verdict] ?? verdict;
  if (pbo === null || pbo < BLIND || verdict === "weak" || verdict === "unknown") return words;
  return "Overfitted: the settings that did best on one half of the sessions were no better than a blind pick on the other";
}

/** Stochastic dominance in words: everybody prefers the first order, the cautious the second. */
export function dominanceWords({
  firstOrder,
  secondOrder,
}: Pick<SplitsPartFragment, "firstOrder" | "secondOrder">): string {
  if (firstOrder) return "Choosing did at least as well as a blind pick at every percentile.";
  if (secondOrder)
    return "Choosing was safer than a blind pick: better on the whole, if not at each percentile, those between the ones shown included.";
  return "At some percentiles choosing did worse than a blind pick.";
}
