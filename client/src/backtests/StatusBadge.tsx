import type { JobStatus } from "../graphql/generated";
import { percent } from "../ui/format";
import css from "./StatusBadge.module.css";

const WORDS: Record<JobStatus, string> = {
  QUEUED: "Queued",
  RUNNING: "Running",
  SUCCEEDED: "Done",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

export function StatusBadge({ status, progress }: { status: JobStatus; progress?: number }) {
  const done = status === "RUNNING" && progress !== undefined ? ` ${percent(progress, 0)}` : "";
  return (
    <span className={`${css.badge} ${css[status] ?? ""}`}>
      {WORDS[status]}
      {done}
    </span>
  );
}

export const isOpen = (status: JobStatus) => status === "QUEUED" || status === "RUNNING";
