import { useQuery } from "@apollo/client/react";
import { type CSSProperties, type ReactNode, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { Plot } from "../charts/Plot";
import { CompareBacktestsDocument, type CompareBacktestsQuery } from "../graphql/generated";
import { Button, ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { day, month, NOTHING, probability, ratio } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Empty, LoadError, Notice } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { SkeletonRows } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import { useTitle } from "../ui/useTitle";
import css from "./Compare.module.css";
import { bestOf, compareAddress, type Compared, FEWEST, FIGURES, idsIn, labelsOf } from "./compared";

const POINTS = 1000;
const SCALES = [
  { value: "log", label: "Log" },
  { value: "linear", label: "Linear" },
] as const;

export default function ComparePage() {
  useTitle("Compare backtests");
  const [params] = useSearchParams();
  const ids = idsIn(params.get("ids"));
  const { data, error, refetch } = useQuery(CompareBacktestsDocument, {
    variables: { ids, maxPoints: POINTS },
    skip: ids.length < FEWEST,
  });
  return (
    <>
      <div className={css.top}>
        <p className={css.crumb}>
          <Link to="/backtests">Backtests</Link>
        </p>
        <h1>Compare</h1>
      </div>
      {ids.length < FEWEST ? (
        <Empty
          title="Choose two runs or more"
          action={
            <ButtonLink to="/backtests" look="primary">
              Choose from the list
            </ButtonLink>
          }
        >
          <p>Tick finished runs in the list, then press Compare.</p>
        </Empty>
      ) : error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows label="Loading comparison" rows={3} height={180} />
      ) : (
        <Comparison comparison={data.compareBacktests} ids={ids} />
      )}
    </>
  );
}

/** A difference less likely than this without any is bold. */
const UNLIKELY = 0.05;
const signed = (value: number) => (value > 0 ? `+${ratio(value)}` : ratio(value));

type Comparison = CompareBacktestsQuery["compareBacktests"];
type Props = { comparison: Comparison; ids: readonly string[] };

function Comparison({ comparison: { backtests, dates, equity, correlation, differIn, sharpe }, ids }: Props) {
  const [scale, setScale] = useState<"log" | "linear">("log");
  const labels = labelsOf(backtests);
  const currencies = new Set(backtests.map((run) => run.currency));
  const first = dates[0];
  return (
    <div className={css.page}>
      {currencies.size > 1 && (
        <Notice tone="warn" title="Different currencies">
          <p>Each curve is in its run's own currency, so their difference holds the exchange rate's moves too.</p>
        </Notice>
      )}
      <Card
        title="Equity from 100"
        hint={first && `Net of costs, on the sessions all of them share: ${day(first)} to ${day(dates.at(-1)!)}.`}
        tools={<Segmented label="Scale" value={scale} options={SCALES} onChange={setScale} />}
      >
        <Plot
          label="Equity of the runs, 100 on the first shared session"
          dates={dates}
          series={labels.map((name, place) => ({ name, values: equity[place] ?? [] }))}
          format={(value) => ratio(value, 1)}
          log={scale === "log"}
          height={320}
        />
      </Card>
      <Card
        title="Figures"
        hint={`Of each whole run, not only of the shared sessions. The best of a row is bold. The runs differ in ${
          differIn.length ? differIn.join(", ") : "nothing they were made from"
        }.`}
        flush
      >
        <FigureTable runs={backtests} labels={labels} ids={ids} />
      </Card>
      <Card
        title="Sharpe ratios, one less another"
        hint="The row's run less the column's, a year's, over the shared sessions; under it the chance of as much if there were no difference (Ledoit and Wolf). Among many pairs some are small by luck."
        flush
      >
        <DifferenceTable labels={labels} sharpe={sharpe} />
      </Card>
      <Card title="Correlation" hint="Of session returns over the shared sessions, from −1 to 1." flush>
        <CorrelationTable labels={labels} correlation={correlation} />
      </Card>
    </div>
  );
}

function FigureTable({
  runs,
  labels,
  ids,
}: {
  runs: readonly Compared[];
  labels: readonly string[];
  ids: readonly string[];
}) {
  return (
    <Table label="Figures">
      <thead>
        <tr>
          <th scope="col">Figure</th>
          {runs.map((run, place) => (
            <th key={run.id} scope="col" className={`${table.num} ${css.run}`}>
              <Link to={`/backtests/${run.id}`}>{labels[place]}</Link>
              <div>
                {month(run.start)} – {month(run.end)}, {run.currency}
              </div>
              {ids.length > FEWEST && <Remove id={run.id} label={labels[place]!} ids={ids} />}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {FIGURES.map((figure) => {
          const best = bestOf(figure, runs);
          return (
            <tr key={figure.name}>
              <th scope="row">
                {figure.label} <span className={table.faint}>{figure.unit}</span>
              </th>
              {runs.map((run) => {
                const value = figure.read(run);
                return (
                  <td key={run.id} className={`${table.num} ${best.has(run.id) ? css.best : ""}`}>
                    {value == null ? <span className={table.faint}>{NOTHING}</span> : figure.write(value)}
                  </td>
                );
              })}
            </tr>
          );
        })}
      </tbody>
    </Table>
  );
}

function Remove({ id, label, ids }: { id: string; label: string; ids: readonly string[] }) {
  const [, setParams] = useSearchParams();
  const left = ids.filter((each) => each !== id);
  return (
    <Button
      small
      look="quiet"
      aria-label={`Leave out ${label}`}
      onClick={() => setParams(new URL(compareAddress(left), location.origin).searchParams)}
    >
      <Icon name="close" size={13} />
    </Button>
  );
}

type Cell = { content: ReactNode; style?: CSSProperties | undefined };

/** A table of each run with each. */
function PairTable({
  name,
  labels,
  cell,
}: {
  name: string;
  labels: readonly string[];
  cell: (row: number, column: number) => Cell | null;
}) {
  return (
    <Table label={name}>
      <thead>
        <tr>
          <th scope="col">Run</th>
          {labels.map((label) => (
            <th key={label} scope="col" className={`${table.num} ${css.run}`}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {labels.map((label, row) => (
          <tr key={label}>
            <th scope="row">{label}</th>
            {labels.map((other, column) => {
              const shown = cell(row, column);
              return (
                <td key={other} className={table.num} style={shown?.style}>
                  {shown?.content ?? <span className={table.faint}>{NOTHING}</span>}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

type Matrix = readonly (readonly (number | null)[])[];

function CorrelationTable({ labels, correlation }: { labels: readonly string[]; correlation: Matrix }) {
  return (
    <PairTable
      name="Correlation"
      labels={labels}
      cell={(row, column) => {
        const value = correlation[row]?.[column] ?? null;
        return value === null ? null : { content: ratio(value), style: shade(value) };
      }}
    />
  );
}

function DifferenceTable({ labels, sharpe }: { labels: readonly string[]; sharpe: Comparison["sharpe"] }) {
  return (
    <PairTable
      name="Sharpe ratios, one less another"
      labels={labels}
      cell={(row, column) => {
        const value = sharpe.difference[row]?.[column] ?? null;
        const chance = sharpe.pValue[row]?.[column] ?? null;
        if (value === null || chance === null) return null;
        const sure = chance <= UNLIKELY;
        return {
          content: (
            <>
              <span className={sure ? css.best : undefined}>{signed(value)}</span>
              <div className={table.faint}>{probability(chance)}</div>
            </>
          ),
        };
      }}
    />
  );
}

/** The stronger they move together, or against each other, the stronger the colour. */
function shade(value: number) {
  const colour = value < 0 ? "var(--loss)" : "var(--accent)";
  return { background: `color-mix(in oklab, ${colour} ${Math.round(Math.abs(value) * 30)}%, transparent)` };
}
