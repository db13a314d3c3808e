import { useState } from "react";
import { JobProgress } from "../backtests/JobProgress";
import { isOpen } from "../backtests/StatusBadge";
import type { IngestReportPartFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { ago, duration, enumWords, instant, integer, sentence, words } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Notice } from "../ui/Notice";
import { Pager, Table, table } from "../ui/Table";
import type { Actions, Health } from "./DataPage";
import css from "./LastIngest.module.css";
import { kindWords, many, plural, sourceWords, stepOf } from "./words";

// Where no provider answers, every symbol of an index fails alike.
const PAGE = 10;

type Job = NonNullable<Health["lastIngest"]>;
type Report = IngestReportPartFragment;

export function LastIngest({ job, actions }: { job: Job; actions: Actions }) {
  const report = job.subject && "failed" in job.subject ? job.subject : null;
  if (isOpen(job.status)) return <JobProgress job={job} what="ingest" stage={stageWords} />;
  return (
    <>
      {job.status === "FAILED" && (
        <Notice tone="bad" title="The last ingest failed">
          <p>{sentence(job.error?.message ?? "no reason was recorded")}</p>
          <p>
            <small>{job.error && enumWords(job.error.reason ?? job.error.code)}</small>
          </p>
        </Notice>
      )}
      {job.status === "CANCELLED" && (
        <Notice tone="warn" title="The last ingest was cancelled">
          <p>
            {job.finishedAt && `It stopped on ${instant(job.finishedAt)}. `}
            What had been fetched by then is stored; the next one asks only for the rest.
          </p>
        </Notice>
      )}
      {report && <ReportCard job={job} report={report} actions={actions} />}
    </>
  );
}

function stageWords(stage: string): string {
  const step = stepOf(stage);
  return step ? `${step.symbol}, ${integer(step.number)} of ${integer(step.of)}` : words(stage);
}

type CardProps = { job: Job; report: Report; actions: Actions };

function ReportCard({ job, report, actions }: CardProps) {
  const again = report.failed.filter((failure) => failure.retryable).map((failure) => failure.symbol);
  return (
    <Card
      title="Last ingest"
      hint={
        <>
          {job.finishedAt && (
            <time dateTime={job.finishedAt} title={instant(job.finishedAt)}>
              {ago(job.finishedAt)}
            </time>
          )}
          , {report.universe ?? plural(report.requested, "symbol")}, in {duration(report.seconds)}
        </>
      }
      tools={
        again.length > 0 && (
          <Button small onClick={() => actions.fetch({ target: "symbols", symbols: again })}>
            <Icon name="again" />
            Try {plural(again.length, "symbol")} again
          </Button>
        )
      }
      flush
    >
      <p className={css.outcome}>{outcomeWords(report)}</p>
      <Figures report={report} />
      {report.failed.length > 0 && <Failures key={report.id} failures={report.failed} />}
    </Card>
  );
}

function outcomeWords({ requested, succeeded, failed, rowsWritten, requestsMade }: Report): string {
  const symbols = `${integer(succeeded)} of ${plural(requested, "symbol")} came through`;
  if (failed.length > 0) return `${symbols}; ${integer(failed.length)} failed.`;
  if (requestsMade === 0) return "All was here already: nothing was asked for.";
  return rowsWritten === 0 ? `${symbols}, with nothing new.` : `${symbols}.`;
}

function Figures({ report }: { report: Report }) {
  const reasons = Object.entries(report.quarantinedByReason as Record<string, number>);
  const figures = [
    { label: "Read", value: report.rowsRead, unit: "row" },
    { label: "Written", value: report.rowsWritten, unit: "row" },
    { label: "Unchanged", value: report.rowsUnchanged, unit: "row" },
    { label: "Revised", value: report.rowsRevised, unit: "row", note: "of those written" },
    {
      label: "Quarantined",
      value: report.rowsQuarantined,
      unit: "row",
      note: reasons.map(([reason, count]) => `${reason} ${count}`).join(", "),
    },
    { label: "Requests made", value: report.requestsMade },
    { label: "Requests saved", value: report.requestsSaved },
  ];
  return (
    <dl className={css.figures}>
      {figures.map(({ label, value, unit, note }) => (
        <div key={label} data-figure={label}>
          <dt>{label}</dt>
          <dd>
            {integer(value)}
            {unit && <span> {many(value, unit)}</span>}
          </dd>
          {note && <dd className={css.note}>{note}</dd>}
        </div>
      ))}
    </dl>
  );
}

function Failures({ failures }: { failures: Report["failed"] }) {
  const [page, setPage] = useState(0);
  const visible = failures.slice(page * PAGE, (page + 1) * PAGE);
  return (
    <>
      <Table label="Symbols that failed">
        <thead>
          <tr>
            <th scope="col">Failed</th>
            <th scope="col">Why</th>
            <th scope="col">What was said</th>
            <th scope="col" className={table.num}>
              Tries
            </th>
            <th scope="col">Another try</th>
          </tr>
        </thead>
        <tbody>
          {visible.map((failure) => (
            <tr key={`${failure.symbol} ${failure.source}`}>
              <th scope="row">{failure.symbol}</th>
              <td>
                {kindWords(failure.kind)}
                {failure.source && <span className={table.faint}> · {sourceWords(failure.source)}</span>}
              </td>
              <td className={css.message}>{sentence(failure.message)}</td>
              <td className={table.num}>{integer(failure.attempts)}</td>
              <td>{failure.retryable ? "can help" : <span className={table.faint}>will not help</span>}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {failures.length > PAGE && (
        <Pager
          from={page * PAGE + 1}
          shown={visible.length}
          total={failures.length}
          hasNext={(page + 1) * PAGE < failures.length}
          busy={false}
          onPrevious={() => setPage(page - 1)}
          onNext={() => setPage(page + 1)}
        />
      )}
    </>
  );
}
