import { useQuery } from "@apollo/client/react";
import { lazy, Suspense } from "react";
import { Link, useLocation, useParams } from "react-router";
import { BacktestPageDocument, type BacktestPageQuery } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { useKept } from "../session/kept";
import { Button, ButtonLink } from "../ui/Button";
import { ago, day, instant } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError, Notice } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import css from "./BacktestPage.module.css";
import { JobProgress } from "./JobProgress";
import { Notes } from "./Notes";
import { isOpen, StatusBadge } from "./StatusBadge";
import { Unfinished } from "./Unfinished";

const Report = lazy(() => import("../report/Report"));

export type Run = NonNullable<BacktestPageQuery["backtest"]>;

export default function BacktestPage() {
  const { id = "" } = useParams();
  const { data, error, refetch } = useQuery(BacktestPageDocument, { variables: { id } });

  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading backtest" rows={4} height={110} />;
  if (!data.backtest) return <NotFound what="backtest" />;
  return <Loaded key={id} run={data.backtest} />;
}

function Loaded({ run }: { run: Run }) {
  const { state } = useLocation();
  const { job } = run;
  useTitle(run.name ?? run.strategy.name);
  return (
    <article className={css.page}>
      <Head run={run} />
      {state?.reused === true && job.status === "SUCCEEDED" && (
        <Notice tone="good" title="Already run">
          <p>
            The very same backtest was computed {ago(run.createdAt)}, so its stored result is shown: same strategy,
            inputs, prices and engine.
          </p>
        </Notice>
      )}
      {isOpen(job.status) && <JobProgress job={job} />}
      {(job.status === "FAILED" || job.status === "CANCELLED") && <Unfinished run={run} />}
      {job.status === "SUCCEEDED" && (
        <Suspense fallback={<SkeletonRows label="Loading report" rows={3} height={160} />}>
          <Report id={run.id} name={run.name ?? run.strategy.key} />
        </Suspense>
      )}
    </article>
  );
}

function Head({ run }: { run: Run }) {
  const [editing, setEditing] = useKept("editing", false);
  return (
    <>
      <header className={css.head}>
        <div>
          <p className={css.crumb}>
            <Link to="/backtests">Backtests</Link> / <time dateTime={run.createdAt}>{instant(run.createdAt)}</time>
          </p>
          <h1 className={css.title} tabIndex={-1}>
            {run.name ?? run.strategy.name} <StatusBadge status={run.job.status} />
          </h1>
          <p className={css.facts}>
            {run.name && `${run.strategy.name} · `}
            {run.universe ?? run.symbols.join(", ")} · {day(run.start)} – {day(run.end)} · {run.currency} · against{" "}
            {run.benchmark}
          </p>
        </div>
        <div className={css.tools}>
          <Button small aria-expanded={editing} onClick={() => setEditing(!editing)}>
            <Icon name="pen" />
            Name and notes
          </Button>
          {run.job.status === "SUCCEEDED" && (
            <>
              <ButtonLink small to={`/backtests/new?from=${run.id}`}>
                <Icon name="again" />
                Edit and rerun
              </ButtonLink>
              <ButtonLink small to={`/rebalance?backtest=${run.id}`}>
                <Icon name="scales" />
                Plan orders
              </ButtonLink>
            </>
          )}
        </div>
      </header>
      <Notes run={run} editing={editing} onDone={() => setEditing(false)} />
    </>
  );
}
