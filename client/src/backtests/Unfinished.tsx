import { ButtonLink } from "../ui/Button";
import { enumWords, instant, sentence } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import type { Run } from "./BacktestPage";

/** A run without a result: what happened, and the way on. */
export function Unfinished({ run }: { run: Run }) {
  const { job } = run;
  const again = (
    <ButtonLink small look="primary" to={`/backtests/new?from=${run.id}`}>
      <Icon name="again" />
      Edit and run again
    </ButtonLink>
  );
  if (job.status === "CANCELLED")
    return (
      <Notice tone="warn" title="This run was cancelled" actions={again}>
        <p>
          {job.finishedAt
            ? `It stopped on ${instant(job.finishedAt)}; nothing of it was kept.`
            : "Nothing of it was kept."}
        </p>
      </Notice>
    );
  return (
    <Notice tone="bad" title="This run failed" actions={again}>
      <p>{sentence(job.error?.message ?? "no reason was recorded")}</p>
      {job.error && (
        <p>
          <small>
            {enumWords(job.error.reason ?? job.error.code)}
            {job.attempts > 1 && ` after ${job.attempts} attempts`}
          </small>
        </p>
      )}
    </Notice>
  );
}
