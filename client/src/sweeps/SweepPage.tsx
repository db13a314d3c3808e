import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { Link, useParams } from "react-router";
import { JobProgress } from "../backtests/JobProgress";
import { isOpen, StatusBadge } from "../backtests/StatusBadge";
import { SweepPageDocument, type SweepPageQuery } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { Card } from "../ui/Card";
import { day, enumWords, instant, integer, sentence } from "../ui/format";
import { LoadError, Notice } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { Doubt } from "./Doubt";
import { approximationWords, varied, writeFigure } from "./figures";
import { HeatMap } from "./HeatMap";
import { RunTrial } from "./RunTrial";
import { objectiveWords } from "./searchDraft";
import css from "./SweepPage.module.css";
import { Trials } from "./Trials";
import { useLast } from "./useLast";

const POLL = 1500;
const STAGES: Record<string, string> = {
  planning: "Naming the combinations",
  trials: "Evaluating combinations",
  folding: "Weighing what was found",
};

type Sweep = NonNullable<SweepPageQuery["sweep"]>;

export default function SweepPage() {
  const { id = "" } = useParams();
  const { data, error, refetch, startPolling, stopPolling } = useQuery(SweepPageDocument, { variables: { id } });
  const busy = data?.sweep ? isOpen(data.sweep.job.status) : false;
  useEffect(() => {
    if (!busy) return;
    startPolling(POLL);
    return stopPolling;
  }, [busy, startPolling, stopPolling]);
  useLast(busy, refetch);
  useTitle(data?.sweep?.name ?? "Sweep");

  if (error && !data) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading sweep" rows={4} height={110} />;
  if (!data.sweep) return <NotFound what="sweep" />;
  return <Loaded key={id} sweep={data.sweep} busy={busy} />;
}

function Loaded({ sweep, busy }: { sweep: Sweep; busy: boolean }) {
  const axes = (sweep.axes as { name: string }[]).map(({ name }) => name).sort();
  const { job, best } = sweep;
  const evaluated = sweep.shardsDone > 0;
  return (
    <article className={css.page}>
      <header>
        <p className={css.crumb}>
          <Link to="/sweeps">Sweeps</Link> / <time dateTime={sweep.createdAt}>{instant(sweep.createdAt)}</time>
        </p>
        <h1 className={css.title} tabIndex={-1}>
          {sweep.name ?? `Sweep of ${sweep.strategy.name.toLowerCase()}`} <StatusBadge status={job.status} />
        </h1>
        <p className={css.facts}>
          {sweep.strategy.name} · {sweep.universe ?? "a list of symbols"} · {day(sweep.start)} – {day(sweep.end)} ·{" "}
          {integer(sweep.combinations)} {sweep.combinations === 1 ? "combination" : "combinations"} by{" "}
          {enumWords(sweep.method).toLowerCase()} · better is {objectiveWords(sweep.objective).toLowerCase()}
        </p>
      </header>
      {busy && (
        <>
          <JobProgress job={job} what="sweep" stage={(stage) => STAGES[stage] ?? stage} />
          {sweep.shards > 0 && (
            <p className={css.parts} aria-live="polite">
              {sweep.shardsDone} of {sweep.shards} parts done
            </p>
          )}
        </>
      )}
      {job.status === "FAILED" && (
        <Notice tone="bad" title="This sweep failed">
          <p>{sentence(job.error?.message ?? "no reason was recorded")}</p>
        </Notice>
      )}
      {job.status === "CANCELLED" && (
        <Notice tone="warn" title="This sweep was cancelled">
          <p>What was evaluated before counts in the ledger all the same.</p>
        </Notice>
      )}
      {best && (
        <Card
          title="Best combination"
          hint={varied(best.parameters)}
          tools={
            <RunTrial
              base={sweep.base}
              parameters={best.parameters as Record<string, unknown>}
              label="Open as a backtest"
            />
          }
        >
          <dl className={css.figures}>
            {(["sharpe", "cagr", "maxDrawdown"] as const).map((name) => (
              <div key={name}>
                <dt>{{ sharpe: "Sharpe", cagr: "CAGR", maxDrawdown: "Max drawdown" }[name]}</dt>
                <dd>{writeFigure(name, best.metrics[name])}</dd>
              </div>
            ))}
          </dl>
        </Card>
      )}
      {sweep.overfitting && (
        <Doubt
          doubt={sweep.overfitting}
          snooping={sweep.snooping}
          snoopingBenchmark={sweep.snoopingBenchmark}
          logits={sweep.pboLogits as number[] | null}
          splits={sweep.splits}
          of="the best combination"
        />
      )}
      {(evaluated || job.status === "SUCCEEDED") && (
        <>
          <HeatMap
            id={sweep.id}
            axes={axes}
            base={sweep.base}
            others={(best?.parameters ?? {}) as Record<string, unknown>}
            exact={sweep.method === "GRID"}
            busy={busy}
          />
          <Trials id={sweep.id} axes={axes} base={sweep.base} best={best?.number ?? null} busy={busy} />
        </>
      )}
      {sweep.approximations.length > 0 && (
        <p className={css.note}>
          Trials are simulated fast: {approximationWords(sweep.approximations)}. A backtest of a combination does
          without these short cuts.
        </p>
      )}
    </article>
  );
}
