import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { Link } from "react-router";
import { isOpen, StatusBadge } from "../backtests/StatusBadge";
import { DashboardWorkDocument, type DashboardWorkQuery } from "../graphql/generated";
import { kindName } from "../jobs/jobWords";
import { orNothing, tone } from "../portfolio/amounts";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { ago, percent, ratio } from "../ui/format";
import { Icon } from "../ui/Icon";
import { isHidden } from "../ui/isHidden";
import { Empty, LoadError } from "../ui/Notice";
import { Progress } from "../ui/Progress";
import { SkeletonRows } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import css from "./Dashboard.module.css";

type Seen = DashboardWorkQuery["dashboard"];

const POLL = { busy: 1500, idle: 15_000 };

/** What runs now, and the newest runs. */
export function Work() {
  const { data, error, refetch, startPolling, stopPolling } = useQuery(DashboardWorkDocument, {
    fetchPolicy: "cache-and-network",
    skipPollAttempt: isHidden,
  });
  const work = data?.dashboard;
  const busy = Boolean(work && (work.runningJobs.length || work.recentBacktests.some((run) => isOpen(run.job.status))));
  useEffect(() => {
    startPolling(busy ? POLL.busy : POLL.idle);
    return stopPolling;
  }, [busy, startPolling, stopPolling]);

  if (error && !work) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!work) return <SkeletonRows label="Loading runs and jobs" rows={1} height={180} />;
  return (
    <div className={css.two}>
      <Runs runs={work.recentBacktests} />
      <Jobs jobs={work.runningJobs} />
    </div>
  );
}

function Runs({ runs }: { runs: Seen["recentBacktests"] }) {
  return (
    <Card
      title="Recent backtests"
      flush
      tools={
        <ButtonLink to="/backtests" small look="quiet">
          Backtests
        </ButtonLink>
      }
    >
      {runs.length === 0 ? (
        <Empty
          title="No backtests yet"
          action={
            <ButtonLink to="/backtests/new" look="primary">
              <Icon name="plus" />
              Run your first backtest
            </ButtonLink>
          }
        >
          <p>Real prices are here already: pick a strategy and see what it would have earned, after all costs.</p>
        </Empty>
      ) : (
        <Table label="Recent backtests">
          <thead>
            <tr>
              <th scope="col">Run</th>
              <th scope="col">State</th>
              <th scope="col" className={table.num}>
                CAGR
              </th>
              <th scope="col" className={table.num}>
                Sharpe
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr key={run.id}>
                <th scope="row" className={css.run}>
                  <Link to={`/backtests/${run.id}`}>{run.name ?? run.strategy.name}</Link>
                  <div className={table.faint}>{ago(run.createdAt)}</div>
                </th>
                <td>
                  <StatusBadge status={run.job.status} progress={run.job.progress} />
                </td>
                <td className={`${table.num} ${tone(run.metrics?.cagr)}`}>{orNothing(run.metrics?.cagr, percent)}</td>
                <td className={table.num}>{orNothing(run.metrics?.sharpe, ratio)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

function Jobs({ jobs }: { jobs: Seen["runningJobs"] }) {
  return (
    <Card
      title="Running now"
      tools={
        <ButtonLink to="/jobs" small look="quiet">
          Jobs
        </ButtonLink>
      }
    >
      {jobs.length === 0 ? (
        <p className={table.faint}>Nothing runs at the moment.</p>
      ) : (
        <ul className={css.jobs}>
          {jobs.map((job) => (
            <li key={job.id}>
              <div>
                <strong>{kindName(job.kind)}</strong> <span className={table.faint}>{job.stage}</span>
                <span className={css.share}>{percent(job.progress, 0)}</span>
              </div>
              <Progress value={job.progress} label={`Progress of the ${kindName(job.kind).toLowerCase()}`} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
