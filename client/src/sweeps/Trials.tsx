import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { Link } from "react-router";
import { SweepTrialsDocument, type SweepTrialsQuery } from "../graphql/generated";
import { Card } from "../ui/Card";
import { Icon } from "../ui/Icon";
import { isHidden } from "../ui/isHidden";
import { LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import list from "../backtests/BacktestList.module.css";
import { axisWords, type FigureName, shown, writeFigure } from "./figures";
import { RunTrial } from "./RunTrial";
import css from "./SweepPage.module.css";
import { useLast } from "./useLast";

const PAGE = 20;
const POLL = 3000;
const COLUMNS: readonly { name: FigureName; label: string; unit: string }[] = [
  { name: "sharpe", label: "Sharpe", unit: "ratio" },
  { name: "cagr", label: "CAGR", unit: "per annum" },
  { name: "maxDrawdown", label: "Max drawdown", unit: "of peak" },
  { name: "calmar", label: "Calmar", unit: "ratio" },
  { name: "turnover", label: "Turnover", unit: "per annum" },
];

type Props = { id: string; axes: string[]; base: unknown; best: number | null; busy: boolean };
type TrialNode = NonNullable<SweepTrialsQuery["sweep"]>["trials"]["nodes"][number];

export function Trials(props: Props) {
  const [by, setBy] = useState("sharpe");
  return (
    <Card title="Trials" hint="Each combination that was evaluated. All of them count in the ledger." flush>
      {/* A changed order starts again at its first page. */}
      <Rows key={by} by={by} onBy={setBy} {...props} />
    </Card>
  );
}

function Rows({ id, axes, base, best, busy, by, onBy }: Props & { by: string; onBy: (by: string) => void }) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch } = useQuery(SweepTrialsDocument, {
    variables: { id, orderBy: by, first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
    pollInterval: busy ? POLL : 0,
    skipPollAttempt: isHidden,
  });
  useLast(busy, refetch);
  const trials = (data ?? previousData)?.sweep?.trials;
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!trials)
    return (
      <div className={css.bones}>
        <SkeletonRows label="Loading trials" rows={5} height={32} />
      </div>
    );
  const head = (name: FigureName, label: string, unit: string) => {
    const up = by === `-${name}`;
    const sorted = up || by === name;
    return (
      <th key={name} scope="col" className={table.num} aria-sort={sorted ? (up ? "ascending" : "descending") : "none"}>
        <button
          type="button"
          className={`${list.sort} ${sorted ? list.sorted : ""}`}
          onClick={() => onBy(by === name ? `-${name}` : name)}
        >
          <Icon name={up ? "up" : "down"} size={14} />
          {label}
        </button>
        <div>{unit}</div>
      </th>
    );
  };
  return (
    <>
      <div className={table.scroll} role="region" aria-label="Trials" tabIndex={0}>
        <table className={table.table} aria-label="Trials">
          <thead>
            <tr>
              <th scope="col" className={table.num}>
                Number
              </th>
              {axes.map((name) => (
                <th key={name} scope="col" className={table.num}>
                  {axisWords(name)}
                </th>
              ))}
              {COLUMNS.map(({ name, label, unit }) => head(name, label, unit))}
              <th scope="col">Backtest</th>
            </tr>
          </thead>
          <tbody>
            {trials.nodes.map((trial) => (
              <Row key={trial.number} trial={trial} axes={axes} base={base} isBest={trial.number === best} />
            ))}
          </tbody>
        </table>
      </div>
      <Pager
        from={pages.from}
        shown={trials.nodes.length}
        total={trials.totalCount}
        hasNext={trials.pageInfo.hasNextPage}
        busy={loading && !data}
        onPrevious={pages.previous}
        onNext={() => pages.next(trials.pageInfo.endCursor)}
      />
    </>
  );
}

type RowProps = { trial: TrialNode; axes: string[]; base: unknown; isBest: boolean };

function Row({ trial, axes, base, isBest }: RowProps) {
  const parameters = trial.parameters as Record<string, unknown>;
  return (
    <tr>
      <th scope="row" className={table.num}>
        {trial.number}
        {isBest && <span className={css.best}> best</span>}
      </th>
      {axes.map((name) => (
        <td key={name} className={table.num}>
          {shown(parameters[name])}
        </td>
      ))}
      {COLUMNS.map(({ name }) => (
        <td key={name} className={table.num}>
          {writeFigure(name, trial.metrics[name as keyof typeof trial.metrics] as number | null)}
        </td>
      ))}
      <td>
        {trial.backtest ? (
          <Link to={`/backtests/${trial.backtest.id}`}>Open</Link>
        ) : (
          <RunTrial base={base} parameters={parameters} label="Run" hint={`Run trial ${trial.number} as a backtest`} />
        )}
      </td>
    </tr>
  );
}
