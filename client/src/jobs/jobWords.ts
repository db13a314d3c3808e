import type { JobKind, JobRowFragment } from "../graphql/generated";
import { duration, enumWords, words } from "../ui/format";

export const KINDS: readonly JobKind[] = [
  "BACKTEST",
  "SWEEP",
  "WALK_FORWARD",
  "SCAN",
  "PLAN",
  "INGEST",
  "REGIME",
  "SNAPSHOT",
];

const NAMES: Record<JobKind, string> = {
  BACKTEST: "Backtest",
  SWEEP: "Sweep",
  WALK_FORWARD: "Walk-forward",
  SCAN: "Scan",
  PLAN: "Rebalance plan",
  INGEST: "Price ingest",
  REGIME: "Market regimes",
  SNAPSHOT: "Portfolio snapshot",
};

export const kindName = (kind: JobKind) => NAMES[kind];

// What a job has produced, by the first part of its subject's id, and the page that shows it.
const PAGES: Record<string, (id: string) => string> = {
  backtest: (id) => `/backtests/${id}`,
  rebalance_plan: (id) => `/rebalance?plan=${id}`,
  ingest_report: () => "/data",
  sweep: (id) => `/sweeps/${id}`,
  walk_forward: (id) => `/walk-forward/${id}`,
  scan: (id) => `/scanner?scan=${id}`,
};

/** The address of what a job has produced or is for; null where no page shows it. */
export function pageOf(subject: { id: string } | null | undefined): string | null {
  if (!subject) return null;
  const kind = subject.id.slice(0, subject.id.lastIndexOf("_"));
  return PAGES[kind]?.(subject.id) ?? null;
}

export const canRetry = ({ status }: Pick<JobRowFragment, "status">) => status === "FAILED" || status === "CANCELLED";

/** What stands under a job's name: where it is, how long it took, what it cost. */
export function facts(job: JobRowFragment): string {
  const told = [];
  if (job.status === "QUEUED") told.push("waiting for a worker");
  if (job.status === "RUNNING") {
    told.push(job.cancelRequestedAt ? "cancelling" : words(job.stage ?? "starting").toLowerCase());
    if (job.etaSeconds !== null) told.push(`about ${duration(job.etaSeconds)} left`);
  }
  if (job.attempts > 1) told.push(`${job.attempts} attempts`);
  return told.join(" · ");
}

/** How long a job took from its first claim to its end; null while it has not ended. */
export function tookSeconds(job: Pick<JobRowFragment, "startedAt" | "finishedAt">): number | null {
  if (!job.startedAt || !job.finishedAt) return null;
  return Math.max(0, (Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000);
}

export const reasonWords = (error: NonNullable<JobRowFragment["error"]>) => enumWords(error.reason ?? error.code);
