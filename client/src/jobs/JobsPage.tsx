import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { useSearchParams } from "react-router";
import { isOpen } from "../backtests/StatusBadge";
import { STATUSES } from "../backtests/listState";
import { JobQuotaDocument, type JobFilter, JobsDocument } from "../graphql/generated";
import { Button, ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { SelectField } from "../ui/Field";
import { integer, words } from "../ui/format";
import { isHidden } from "../ui/isHidden";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, Table, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import { useTitle } from "../ui/useTitle";
import { JobRow } from "./JobRow";
import css from "./JobsPage.module.css";
import { kindName, KINDS } from "./jobWords";

const PAGE = 20;
const POLL = 1500;

export default function JobsPage() {
  useTitle("Jobs");
  const [params, setParams] = useSearchParams();
  const filter: JobFilter = {
    kind: KINDS.find((each) => each === params.get("kind")) ?? null,
    status: STATUSES.find((each) => each === params.get("status")) ?? null,
  };
  const set = (name: "kind" | "status", value: string) =>
    setParams((before) => (value ? before.set(name, value) : before.delete(name), before), { replace: true });
  return (
    <>
      <h1>Jobs</h1>
      <p className={css.lead}>
        All long work: what runs, what waits, what failed and why. A failed job is never run again; to try again queues
        a new one of the same content.
      </p>
      <div className={css.filters} role="search" aria-label="Filter jobs">
        <SelectField
          label="Kind"
          path="kind"
          value={filter.kind ?? ""}
          options={[{ value: "", label: "All" }, ...KINDS.map((value) => ({ value, label: kindName(value) }))]}
          onChange={(value) => set("kind", value)}
        />
        <SelectField
          label="Status"
          path="status"
          value={filter.status ?? ""}
          options={[{ value: "", label: "All" }, ...STATUSES.map((value) => ({ value, label: words(value) }))]}
          onChange={(value) => set("status", value)}
        />
        <QuotaLine />
      </div>
      {/* A changed view starts again at its first page. */}
      <Jobs key={JSON.stringify(filter)} filter={filter} onClear={() => setParams({}, { replace: true })} />
    </>
  );
}

function QuotaLine() {
  const { data } = useQuery(JobQuotaDocument, { fetchPolicy: "cache-and-network" });
  const quota = data?.viewer.quota;
  return (
    <p className={css.quota} aria-live="polite">
      {quota &&
        `${integer(quota.jobsLeftToday)} of ${integer(quota.jobsPerDay)} jobs left today, ${integer(quota.concurrentJobs)} at once.`}
    </p>
  );
}

function Jobs({ filter, onClear }: { filter: JobFilter; onClear: () => void }) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch, startPolling, stopPolling } = useQuery(JobsDocument, {
    variables: { filter, first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
    skipPollAttempt: isHidden,
  });
  const shown = (data ?? previousData)?.jobs;
  const busy = shown?.nodes.some((job) => isOpen(job.status)) ?? false;
  useEffect(() => {
    if (!busy) return;
    startPolling(POLL);
    return stopPolling;
  }, [busy, startPolling, stopPolling]);

  if (error && !shown) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!shown)
    return (
      <Card title="All jobs">
        <SkeletonRows label="Loading jobs" rows={8} height={40} />
      </Card>
    );
  return (
    <Card title="All jobs" flush>
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {shown.nodes.length === 0 ? (
        <NoJobs filtered={Boolean(filter.kind ?? filter.status)} onClear={onClear} />
      ) : (
        <>
          <Table label="Jobs">
            <thead className={css.heads}>
              <tr>
                <th scope="col">Job</th>
                <th scope="col">Status</th>
                <th scope="col" className={table.num}>
                  Asked for
                </th>
                <th scope="col" className={table.num}>
                  Took
                </th>
                <th scope="col" className={table.num}>
                  Computed
                </th>
                <th scope="col" className={table.num}>
                  Cost
                </th>
                <th scope="col">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody className={css.rows}>
              {shown.nodes.map((job) => (
                <JobRow key={job.id} job={job} onRetried={() => void refetch()} />
              ))}
            </tbody>
          </Table>
          <Pager
            from={pages.from}
            shown={shown.nodes.length}
            total={shown.totalCount}
            hasNext={shown.pageInfo.hasNextPage}
            busy={loading && !data}
            onPrevious={pages.previous}
            onNext={() => pages.next(shown.pageInfo.endCursor)}
          />
        </>
      )}
    </Card>
  );
}

function NoJobs({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered)
    return (
      <Empty title="Nothing matches" action={<Button onClick={onClear}>Clear filters</Button>}>
        <p>No job is of this kind and status.</p>
      </Empty>
    );
  return (
    <Empty
      title="No jobs yet"
      action={
        <ButtonLink to="/backtests/new" look="primary">
          Run your first backtest
        </ButtonLink>
      }
    >
      <p>Backtests, sweeps, scans, plans and ingests appear here as soon as one is asked for.</p>
    </Empty>
  );
}
