import { useMutation, useQuery } from "@apollo/client/react";
import { useEffect, useState } from "react";
import { CancelJobDocument, type JobStateFragment, JobPollDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { duration, percent, words } from "../ui/format";
import { FieldError } from "../ui/Field";
import { isHidden } from "../ui/isHidden";
import { Progress } from "../ui/Progress";
import css from "./JobProgress.module.css";

const POLL = { brisk: 300, calm: 1500 };
const PATIENCE = 15; // seconds after which nobody watches for tenths of them

type Props = { job: JobStateFragment; what?: string; stage?: (stage: string) => string };

/** Polls the job; its entity in the cache is the page's, so that the page turns when the job does. */
export function JobProgress({ job, what = "run", stage = words }: Props) {
  const elapsed = useElapsed(job.startedAt ?? job.createdAt);
  const { error } = useQuery(JobPollDocument, {
    variables: { id: job.id },
    pollInterval: elapsed < PATIENCE ? POLL.brisk : POLL.calm,
    skipPollAttempt: isHidden,
    fetchPolicy: "network-only",
  });
  return (
    <section className={css.panel} aria-label="Progress">
      <div className={css.row}>
        <p className={css.stage} aria-live="polite">
          {stageWords(job, stage)}
        </p>
        <p className={css.percent}>{percent(job.progress, 0)}</p>
      </div>
      <Progress value={job.progress} label={`Progress of the ${what}`} />
      <div className={css.row}>
        <p className={css.facts}>
          {duration(elapsed)} so far
          {job.etaSeconds !== null && ` · about ${duration(job.etaSeconds)} left`}
          {job.attempts > 1 && ` · attempt ${job.attempts}`}
          {error && " · connection lost, trying again"}
        </p>
        <CancelButton job={job} what={what} />
      </div>
    </section>
  );
}

function stageWords(job: JobStateFragment, stage: (stage: string) => string): string {
  if (job.cancelRequestedAt) return "Cancelling";
  if (job.status === "QUEUED") return "Waiting for a worker";
  return job.stage ? stage(job.stage) : "Starting";
}

/** Seconds since an instant, counted on while it is shown. */
function useElapsed(since: string): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, (now - Date.parse(since)) / 1000);
}

function CancelButton({ job, what }: { job: JobStateFragment; what: string }) {
  const [cancel, { data, error, loading }] = useMutation(CancelJobDocument, { variables: { id: job.id } });
  const complaint = error?.message ?? data?.cancelJob.userErrors[0]?.message;
  return (
    <div>
      <Button
        small
        look="danger"
        disabled={loading || job.cancelRequestedAt !== null}
        onClick={() => void cancel().catch(() => null)}
      >
        Cancel {what}
      </Button>
      {complaint && <FieldError>{complaint}</FieldError>}
    </div>
  );
}
