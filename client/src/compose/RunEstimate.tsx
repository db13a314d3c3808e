import { useQuery } from "@apollo/client/react";
import { useEffect, useState } from "react";
import { type RunBacktestInput, RunEstimateDocument, type RunEstimateQuery } from "../graphql/generated";
import { duration, integer, sentence } from "../ui/format";
import css from "./RunPanel.module.css";

// Longer than between two keys, shorter than anybody waits for.
const PAUSE_MS = 600;

/** What the run would take, by the owner's past runs; and what it would be refused for as it stands. */
export function RunEstimate({ input }: { input: RunBacktestInput | null }) {
  const settled = useSettled(input ? JSON.stringify({ ...input, name: null }) : "");
  const { data } = useQuery(RunEstimateDocument, {
    variables: { input: settled ? (JSON.parse(settled) as RunBacktestInput) : ({} as RunBacktestInput) },
    skip: !settled,
    fetchPolicy: "cache-and-network",
  });
  if (!input || !data) return null;
  return (
    <dl className={css.list}>
      <div>
        <dt>Will take</dt>
        <dd aria-live="polite">{told(data.estimate)}</dd>
      </div>
    </dl>
  );
}

export function told({ computeSeconds, costUsd, measuredRuns, allowed, userErrors }: RunEstimateQuery["estimate"]) {
  const [refusal] = userErrors;
  if (!allowed && refusal) return `Nothing yet: ${sentence(refusal.message)}`;
  const rests =
    measuredRuns > 0
      ? `by ${measuredRuns === 1 ? "one" : integer(measuredRuns)} of your past runs`
      : "by a usual figure, until you have run one";
  return `About ${duration(computeSeconds)}, ${rests}; US$${costUsd.toFixed(5)} of computing where it is charged.`;
}

/** A text once it has stood for a moment: typing asks nothing of the server. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
