import { useMutation } from "@apollo/client/react";
import { Link } from "react-router";
import { isOpen, StatusBadge } from "../backtests/StatusBadge";
import { CancelJobDocument, type JobRowFragment, RetryJobDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { FieldError } from "../ui/Field";
import { ago, duration, instant, NOTHING, sentence } from "../ui/format";
import { Icon } from "../ui/Icon";
import { table } from "../ui/Table";
import css from "./JobsPage.module.css";
import { canRetry, facts, kindName, pageOf, reasonWords, tookSeconds } from "./jobWords";

export function JobRow({ job, onRetried }: { job: JobRowFragment; onRetried: () => void }) {
  const took = tookSeconds(job);
  const below = facts(job);
  return (
    <tr>
      <th scope="row" className={css.name}>
        <Name job={job} />
        {below && <span className={css.sub}>{below}</span>}
        {job.error && <ErrorDetail error={job.error} />}
      </th>
      <td className={css.state}>
        <StatusBadge status={job.status} progress={job.progress} />
      </td>
      <td className={table.num}>
        <span className={css.label}>Asked for</span>
        <time dateTime={job.createdAt} title={instant(job.createdAt)}>
          {ago(job.createdAt)}
        </time>
      </td>
      <td className={table.num}>
        <span className={css.label}>Took</span>
        {took === null ? <Unknown /> : duration(took)}
      </td>
      <td className={table.num}>
        <span className={css.label}>Computed</span>
        {job.computeSeconds === null ? <Unknown /> : `${job.computeSeconds.toFixed(1)} s`}
      </td>
      <td className={table.num}>
        <span className={css.label}>Cost</span>
        {job.costUsd === null ? <Unknown /> : `US$${job.costUsd.toFixed(4)}`}
      </td>
      <td className={`${table.num} ${css.actions}`}>
        <Actions job={job} onRetried={onRetried} />
      </td>
    </tr>
  );
}

const Unknown = () => <span className={table.faint}>{NOTHING}</span>;

function Name({ job }: { job: JobRowFragment }) {
  const page = pageOf(job.subject);
  const named = job.subject && "strategy" in job.subject ? (job.subject.name ?? job.subject.strategy.name) : null;
  const words = named ? `${kindName(job.kind)}: ${named}` : kindName(job.kind);
  return page ? <Link to={page}>{words}</Link> : <span>{words}</span>;
}

function ErrorDetail({ error }: { error: NonNullable<JobRowFragment["error"]> }) {
  return (
    <details className={css.error}>
      <summary>{reasonWords(error)}</summary>
      <p>{sentence(error.message)}</p>
    </details>
  );
}

function Actions({ job, onRetried }: { job: JobRowFragment; onRetried: () => void }) {
  const [cancel, cancelled] = useMutation(CancelJobDocument, { variables: { id: job.id } });
  const [retry, retried] = useMutation(RetryJobDocument, {
    variables: { id: job.id },
    onCompleted: ({ retryJob }) => retryJob.job && onRetried(),
  });
  const complaint =
    cancelled.error?.message ??
    retried.error?.message ??
    cancelled.data?.cancelJob.userErrors[0]?.message ??
    retried.data?.retryJob.userErrors[0]?.message;
  // The same content may have been asked for since, and be there already.
  const again = retried.data?.retryJob.job;
  const named = `${kindName(job.kind)} of ${instant(job.createdAt)}`;
  return (
    <>
      {isOpen(job.status) && (
        <Button
          small
          look="quiet"
          aria-label={`Cancel ${named}`}
          disabled={cancelled.loading || job.cancelRequestedAt !== null}
          onClick={() => void cancel().catch(() => null)}
        >
          <Icon name="close" />
          Cancel
        </Button>
      )}
      {canRetry(job) && (
        <Button
          small
          aria-label={`Try again: ${named}`}
          disabled={retried.loading || Boolean(again)}
          onClick={() => void retry().catch(() => null)}
        >
          <Icon name="again" />
          {again ? (isOpen(again.status) ? "Queued anew" : "Done since") : "Try again"}
        </Button>
      )}
      {complaint && <FieldError>{sentence(complaint)}</FieldError>}
    </>
  );
}
