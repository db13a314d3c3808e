import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { Link } from "react-router";
import list from "../backtests/BacktestList.module.css";
import { isOpen, StatusBadge } from "../backtests/StatusBadge";
import { SweepListDocument, WalkForwardListDocument } from "../graphql/generated";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { ago, day, enumWords, integer, NOTHING, percent, probability, ratio } from "../ui/format";
import { Icon } from "../ui/Icon";
import { isHidden } from "../ui/isHidden";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import { useTitle } from "../ui/useTitle";
import { axisWords } from "./figures";
import css from "./SweepPage.module.css";

const PAGE = 10;
const POLL = 1500;

const axesWords = (axes: unknown) => (axes as { name: string }[]).map(({ name }) => axisWords(name)).join(", ");

export default function SweepList() {
  useTitle("Sweeps");
  return (
    <div className={css.page}>
      <div className={css.head}>
        <div>
          <h1>Sweeps</h1>
          <p className={css.facts}>Searches over parameters, and how far to believe what they found.</p>
        </div>
        <ButtonLink to="/backtests/new?search=sweep" look="primary">
          <Icon name="plus" />
          New sweep
        </ButtonLink>
      </div>
      <Sweeps />
      <WalkForwards />
    </div>
  );
}

function Sweeps() {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch, startPolling, stopPolling } = useQuery(SweepListDocument, {
    variables: { first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
    skipPollAttempt: isHidden,
  });
  const sweeps = (data ?? previousData)?.sweeps;
  const busy = sweeps?.nodes.some(({ job }) => isOpen(job.status)) ?? false;
  useEffect(() => {
    if (!busy) return;
    startPolling(POLL);
    return stopPolling;
  }, [busy, startPolling, stopPolling]);
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!sweeps) return <SkeletonRows label="Loading sweeps" rows={4} height={40} />;
  if (sweeps.nodes.length === 0)
    return (
      <div className={list.frame}>
        <Empty
          title="No sweeps yet"
          action={
            <ButtonLink to="/backtests/new?search=sweep" look="primary">
              <Icon name="plus" />
              Run your first sweep
            </ButtonLink>
          }
        >
          <p>
            Vary one or more parameters of a strategy, see where its ground is high and stable, and pay for every try.
          </p>
        </Empty>
      </div>
    );
  return (
    <div className={list.frame}>
      <div className={table.scroll} role="region" aria-label="Sweeps" tabIndex={0}>
        <table className={table.table} aria-label="Sweeps">
          <thead>
            <tr>
              <th scope="col">Sweep</th>
              <th scope="col">Status</th>
              <th scope="col" className={table.num}>
                Combinations
              </th>
              <th scope="col" className={table.num}>
                Best Sharpe<div>ratio</div>
              </th>
              <th scope="col" className={table.num}>
                Deflated Sharpe<div>probability</div>
              </th>
              <th scope="col" className={table.num}>
                Overfitting<div>of splits</div>
              </th>
              <th scope="col" className={table.num}>
                Created
              </th>
            </tr>
          </thead>
          <tbody>
            {sweeps.nodes.map((sweep) => (
              <tr key={sweep.id}>
                <th scope="row">
                  <Link to={`/sweeps/${sweep.id}`}>{sweep.name ?? `${sweep.strategy.name}`}</Link>
                  <span className={list.sub}>
                    {axesWords(sweep.axes)} · {sweep.universe ?? "symbols"} · {day(sweep.start)} – {day(sweep.end)}
                  </span>
                </th>
                <td>
                  <StatusBadge status={sweep.job.status} progress={sweep.job.progress} />
                </td>
                <td className={table.num}>{integer(sweep.combinations)}</td>
                <td className={table.num}>
                  {sweep.best?.metrics.sharpe == null ? NOTHING : ratio(sweep.best.metrics.sharpe)}
                </td>
                <td className={table.num}>
                  {sweep.overfitting?.deflatedSharpe == null ? NOTHING : probability(sweep.overfitting.deflatedSharpe)}
                </td>
                <td className={table.num}>
                  {sweep.overfitting?.pbo == null ? NOTHING : percent(sweep.overfitting.pbo)}
                </td>
                <td className={table.num}>{ago(sweep.createdAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager
        from={pages.from}
        shown={sweeps.nodes.length}
        total={sweeps.totalCount}
        hasNext={sweeps.pageInfo.hasNextPage}
        busy={loading && !data}
        onPrevious={pages.previous}
        onNext={() => pages.next(sweeps.pageInfo.endCursor)}
      />
    </div>
  );
}

function WalkForwards() {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch } = useQuery(WalkForwardListDocument, {
    variables: { first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
  });
  const found = (data ?? previousData)?.walkForwards;
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!found || found.nodes.length === 0) return null;
  return (
    <Card title="Walk-forwards" hint="Parameters chosen again and again, each choice judged by what came after." flush>
      <div className={table.scroll} role="region" aria-label="Walk-forwards" tabIndex={0}>
        <table className={table.table} aria-label="Walk-forwards">
          <thead>
            <tr>
              <th scope="col">Walk-forward</th>
              <th scope="col">Status</th>
              <th scope="col">By</th>
              <th scope="col" className={table.num}>
                Sharpe<div>out of sample</div>
              </th>
              <th scope="col" className={table.num}>
                CAGR<div>out of sample</div>
              </th>
              <th scope="col" className={table.num}>
                Efficiency<div>of the Sharpe ratio</div>
              </th>
              <th scope="col" className={table.num}>
                Created
              </th>
            </tr>
          </thead>
          <tbody>
            {found.nodes.map((study) => (
              <tr key={study.id}>
                <th scope="row">
                  <Link to={`/walk-forward/${study.id}`}>{study.name ?? study.strategy.name}</Link>
                  <span className={list.sub}>
                    {axesWords(study.axes)} · {study.universe ?? "symbols"} · {day(study.start)} – {day(study.end)}
                  </span>
                </th>
                <td>
                  <StatusBadge status={study.job.status} progress={study.job.progress} />
                </td>
                <td>{study.method === "CPCV" ? "Cross-validation" : enumWords(study.method)}</td>
                <td className={table.num}>
                  {study.outOfSample?.sharpe == null ? NOTHING : ratio(study.outOfSample.sharpe)}
                </td>
                <td className={table.num}>
                  {study.outOfSample?.cagr == null ? NOTHING : percent(study.outOfSample.cagr)}
                </td>
                <td className={table.num}>{study.efficiency === null ? NOTHING : percent(study.efficiency, 0)}</td>
                <td className={table.num}>{ago(study.createdAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Pager
        from={pages.from}
        shown={found.nodes.length}
        total={found.totalCount}
        hasNext={found.pageInfo.hasNextPage}
        busy={loading && !data}
        onPrevious={pages.previous}
        onNext={() => pages.next(found.pageInfo.endCursor)}
      />
    </Card>
  );
}
