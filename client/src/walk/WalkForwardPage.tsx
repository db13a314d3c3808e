import { useQuery } from "@apollo/client/react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { JobProgress } from "../backtests/JobProgress";
import { isOpen, StatusBadge } from "../backtests/StatusBadge";
import type { ChartHandle } from "../charts/CurveChart";
import type { Curve } from "../charts/column";
import { WalkForwardPageDocument, type WalkForwardPageQuery } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { approximationWords, varied, writeFigure } from "../sweeps/figures";
import { Doubt } from "../sweeps/Doubt";
import { objectiveWords } from "../sweeps/searchDraft";
import css from "../sweeps/SweepPage.module.css";
import { useLast } from "../sweeps/useLast";
import { Card } from "../ui/Card";
import { day, instant, NOTHING, percent, ratio, sentence } from "../ui/format";
import { LoadError, Notice } from "../ui/Notice";
import { Skeleton, SkeletonRows } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import { useTitle } from "../ui/useTitle";

const CurveChart = lazy(() => import("../charts/CurveChart"));

const POLL = 1500;
const STAGES: Record<string, string> = {
  planning: "Naming the candidates",
  trials: "Evaluating candidates",
  "reading prices": "Reading prices",
  "walking forward": "Walking forward",
};

type Study = NonNullable<WalkForwardPageQuery["walkForward"]>;

export default function WalkForwardPage() {
  const { id = "" } = useParams();
  const { data, error, refetch, startPolling, stopPolling } = useQuery(WalkForwardPageDocument, { variables: { id } });
  const busy = data?.walkForward ? isOpen(data.walkForward.job.status) : false;
  useEffect(() => {
    if (!busy) return;
    startPolling(POLL);
    return stopPolling;
  }, [busy, startPolling, stopPolling]);
  useLast(busy, refetch);
  useTitle(data?.walkForward?.name ?? "Walk-forward");

  if (error && !data) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading walk-forward" rows={4} height={110} />;
  if (!data.walkForward) return <NotFound what="walk-forward" />;
  return <Loaded key={id} study={data.walkForward} busy={busy} />;
}

function Loaded({ study, busy }: { study: Study; busy: boolean }) {
  const { job } = study;
  const crossed = study.method === "CPCV";
  return (
    <article className={css.page}>
      <header>
        <p className={css.crumb}>
          <Link to="/sweeps">Sweeps</Link> / <time dateTime={study.createdAt}>{instant(study.createdAt)}</time>
        </p>
        <h1 className={css.title} tabIndex={-1}>
          {study.name ?? `${study.strategy.name} ${crossed ? "cross-validated" : "walked forward"}`}{" "}
          <StatusBadge status={job.status} />
        </h1>
        <p className={css.facts}>
          {study.strategy.name} · {study.universe ?? "a list of symbols"} · {day(study.start)} – {day(study.end)} ·{" "}
          {crossed ? "combinatorial cross-validation" : "walk-forward"} · better is{" "}
          {objectiveWords(study.objective).toLowerCase()}
        </p>
      </header>
      {busy && <JobProgress job={job} what="walk-forward" stage={(stage) => STAGES[stage] ?? stage} />}
      {job.status === "FAILED" && (
        <Notice tone="bad" title="This walk-forward failed">
          <p>{sentence(job.error?.message ?? "no reason was recorded")}</p>
        </Notice>
      )}
      {job.status === "CANCELLED" && <Notice tone="warn" title="This walk-forward was cancelled" />}
      {study.outOfSample && (
        <>
          <Figures study={study} figures={study.outOfSample} />
          <Curves study={study} />
          {study.overfitting && <Doubt doubt={study.overfitting} of="the path out of sample" />}
          {study.pathDistribution && (
            <Paths sharpes={study.pathSharpes as (number | null)[]} lie={study.pathDistribution} />
          )}
          <Windows study={study} />
        </>
      )}
      {study.approximations.length > 0 && (
        <p className={css.note}>Candidates are simulated fast: {approximationWords(study.approximations)}.</p>
      )}
    </article>
  );
}

function Figures({ study, figures }: { study: Study; figures: NonNullable<Study["outOfSample"]> }) {
  const shown = [
    { label: "Sharpe", value: writeFigure("sharpe", figures.sharpe), note: "ratio" },
    { label: "CAGR", value: writeFigure("cagr", figures.cagr), note: "per annum" },
    { label: "Max drawdown", value: writeFigure("maxDrawdown", figures.maxDrawdown), note: "of peak" },
    {
      label: "Efficiency",
      value: study.efficiency === null ? NOTHING : percent(study.efficiency, 0),
      note: "Sharpe out of sample over in sample",
    },
  ];
  return (
    <Card
      title="Out of sample"
      hint={
        study.method === "CPCV"
          ? "The path of the median Sharpe ratio"
          : "All tests one after the other, in one account"
      }
    >
      <dl className={css.figures}>
        {shown.map(({ label, value, note }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
            <p>{note}</p>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function Curves({ study }: { study: Study }) {
  const chart = useRef<ChartHandle>(null);
  const [at, setAt] = useState<string | null>(null);
  const curve = study.equity as unknown as Curve | null;
  if (!curve) return null;
  return (
    <Card title="Equity out of sample" hint="After costs, against the benchmark; below it the fall from the peak" flush>
      <div className={css.chart}>
        <Suspense fallback={<Skeleton height="100%" />}>
          <CurveChart
            ref={chart}
            label="Equity out of sample and of the benchmark"
            equity={curve}
            drawdown={study.drawdown as unknown as Curve | null}
            logarithmic
            day={at}
            onDay={setAt}
            onZoomed={() => undefined}
          />
        </Suspense>
      </div>
    </Card>
  );
}

function Paths({ sharpes, lie }: { sharpes: readonly (number | null)[]; lie: NonNullable<Study["pathDistribution"]> }) {
  const known = sharpes.filter((value) => value !== null);
  return (
    <Card title="Paths" hint="Each joins the tests to one whole history">
      <dl className={css.figures}>
        <div>
          <dt>Paths</dt>
          <dd>{sharpes.length}</dd>
        </div>
        <div>
          <dt>Median Sharpe</dt>
          <dd>{ratio(lie.median)}</dd>
        </div>
        <div>
          <dt>Lowest 5%</dt>
          <dd>{ratio(lie.low)}</dd>
        </div>
        <div>
          <dt>Lowest to highest</dt>
          <dd>
            {ratio(Math.min(...known))} to {ratio(Math.max(...known))}
          </dd>
        </div>
        <div>
          <dt>Below zero</dt>
          <dd>{percent(lie.belowZero, 0)}</dd>
        </div>
      </dl>
    </Card>
  );
}

function Windows({ study }: { study: Study }) {
  const crossed = study.method === "CPCV";
  return (
    <Card title={crossed ? "Splits" : "Windows"} hint="What was chosen, and what it did before and after" flush>
      <Table label={crossed ? "Splits" : "Windows"}>
        <thead>
          <tr>
            <th scope="col">Chosen on</th>
            <th scope="col">Judged by</th>
            <th scope="col">Choice</th>
            <th scope="col" className={table.num}>
              Sharpe<div>in sample</div>
            </th>
            <th scope="col" className={table.num}>
              Sharpe<div>out of sample</div>
            </th>
            <th scope="col" className={table.num}>
              Max drawdown<div>out of sample</div>
            </th>
          </tr>
        </thead>
        <tbody>
          {study.windows.map((window, place) => (
            <tr key={place}>
              <th scope="row">
                {day(window.trainStart)} – {day(window.trainEnd)}
              </th>
              <td className={css.span}>
                {day(window.testStart)} – {day(window.testEnd)}
                {window.partial && " (short)"}
              </td>
              <td>{varied(window.parameters)}</td>
              <td className={table.num}>{writeFigure("sharpe", window.inSample.sharpe)}</td>
              <td className={table.num}>{writeFigure("sharpe", window.outOfSample.sharpe)}</td>
              <td className={table.num}>{writeFigure("maxDrawdown", window.outOfSample.maxDrawdown)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}
