import { useQuery } from "@apollo/client/react";
import { RiskDocument, type RiskQuery } from "../graphql/generated";
import { Card } from "../ui/Card";
import { day, integer, NOTHING, percent, ratio } from "../ui/format";
import { LoadError } from "../ui/Notice";
import { Skeleton } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import { Tooltip } from "../ui/Tooltip";
import css from "./Risk.module.css";
import { byIndex, coveredFirst, stateWords } from "./riskRows";

type Run = NonNullable<RiskQuery["backtest"]>;

export function Risk({ id, currency }: { id: string; currency: string }) {
  const { data, error, refetch } = useQuery(RiskDocument, { variables: { id } });
  const run = data?.backtest;
  if (error && !run)
    return (
      <Card title="Crises, shocks and regimes">
        <LoadError error={error} onRetry={() => void refetch()} />
      </Card>
    );
  if (!run) return <Skeleton height={240} />;
  return (
    <>
      <Crises run={run} currency={currency} />
      <div className={css.pair}>
        <Shocks run={run} />
        <Regimes run={run} />
      </div>
    </>
  );
}

/** What went up is green and what fell is red; what is unknown is a dash. */
function Change({ value, digits = 1 }: { value: number | null; digits?: number }) {
  if (value === null) return <span className={table.faint}>{NOTHING}</span>;
  return <span className={value < 0 ? table.loss : table.gain}>{percent(value, digits)}</span>;
}

const figure = (value: number | null, show: (value: number) => string) =>
  value === null ? <span className={table.faint}>{NOTHING}</span> : show(value);

function Crises({ run, currency }: { run: Run; currency: string }) {
  const [covered, other] = coveredFirst(run.crisisWindows);
  return (
    <Card
      title="Crises"
      hint={`Close to close, in ${currency}, after all costs. Currency is what exchange rates added.`}
      flush
    >
      {covered.length > 0 && (
        <Table label="Crises">
          <thead>
            <tr>
              <th scope="col">Window</th>
              <th scope="col" className={table.num}>
                Strategy
              </th>
              <th scope="col" className={table.num}>
                Benchmark
              </th>
              <th scope="col" className={table.num}>
                Max drawdown
              </th>
              <th scope="col" className={table.num}>
                Currency
              </th>
              <th scope="col" className={table.num}>
                Costs
              </th>
              <th scope="col" className={table.num}>
                Turnover
              </th>
              <th scope="col" className={table.num}>
                Recovered after
              </th>
              <th scope="col">From</th>
              <th scope="col">To</th>
            </tr>
          </thead>
          <tbody>
            {covered.map((row) => (
              <tr key={row.scenario.key} data-scenario={row.scenario.key}>
                <th scope="row">
                  <Tooltip tip={row.scenario.description}>{row.scenario.name}</Tooltip>
                </th>
                <td className={table.num}>
                  <Change value={row.return} />
                </td>
                <td className={table.num}>
                  <Change value={row.benchmarkReturn} />
                </td>
                <td className={table.num}>
                  <Change value={row.maxDrawdown} />
                </td>
                <td className={table.num}>
                  <Change value={row.currencyReturn} />
                </td>
                <td className={table.num}>{figure(row.costs, (value) => percent(value, 2))}</td>
                <td className={table.num}>{figure(row.turnover, (value) => percent(value, 0))}</td>
                <td className={table.num}>
                  {row.daysToRecover === null ? (
                    <span className={table.faint}>not yet</span>
                  ) : (
                    `${integer(row.daysToRecover)} days`
                  )}
                </td>
                <td>{row.scenario.startsOn && day(row.scenario.startsOn)}</td>
                <td>{row.scenario.endsOn && day(row.scenario.endsOn)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <p className={css.note}>
        {uncoveredWords(
          other.map(({ scenario }) => scenario.name),
          covered.length,
        )}
      </p>
    </Card>
  );
}

function uncoveredWords(names: readonly string[], covered: number): string {
  if (names.length + covered === 0) return "This run is from before crises were measured. Run it again to see them.";
  if (names.length === 0) return "The run covers every window on the list.";
  return `Not covered whole by the run, and so without figures: ${names.join(", ")}.`;
}

function Shocks({ run }: { run: Run }) {
  const [covered, other] = coveredFirst(run.stress);
  return (
    <Card
      title="Shocks"
      hint="What the holdings of the last session would do at one stroke, each by its beta, its currency and its kind."
      flush
    >
      {covered.length > 0 && (
        <Table label="Shocks">
          <thead>
            <tr>
              <th scope="col">Shock</th>
              <th scope="col" className={table.num}>
                Portfolio
              </th>
              <th scope="col" className={table.num}>
                Benchmark
              </th>
            </tr>
          </thead>
          <tbody>
            {covered.map((row) => (
              <tr key={row.scenario.key} data-scenario={row.scenario.key}>
                <th scope="row">
                  <Tooltip tip={row.scenario.description}>{row.scenario.name}</Tooltip>
                </th>
                <td className={table.num}>
                  <Change value={row.return} />
                </td>
                <td className={table.num}>
                  <Change value={row.benchmarkReturn} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <p className={css.note}>
        {covered.length + other.length === 0
          ? "This run is from before shocks were measured. Run it again to see them."
          : other.length > 0 &&
            `Nothing is held that these move directly: ${other.map(({ scenario }) => scenario.name).join(", ")}. `}
        {run.assumedBetas.length > 0 &&
          `Too young for a beta of their own, and taken for their class: ${run.assumedBetas.join(", ")}.`}
      </p>
    </Card>
  );
}

function Regimes({ run }: { run: Run }) {
  const groups = byIndex(run.regimes);
  return (
    <Card
      title="By regime"
      hint="Each session by the state known at the close before it. Groups of one index add up to the run."
      flush
    >
      {groups.map(([of, rows]) => (
        <Table key={of} label={`By regime of ${of}`}>
          <thead>
            <tr>
              <th scope="col">{of}</th>
              <th scope="col" className={table.num}>
                Sessions
              </th>
              <th scope="col" className={table.num}>
                Mean
              </th>
              <th scope="col" className={table.num}>
                Volatility
              </th>
              <th scope="col" className={table.num}>
                Sharpe
              </th>
              <th scope="col" className={table.num}>
                Beta
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.regime} data-regime={row.regime}>
                <th scope="row">{stateWords(row.regime)}</th>
                <td className={table.num}>
                  {integer(row.sessions)} <span className={table.faint}>{percent(row.share, 0)}</span>
                </td>
                <td className={table.num}>
                  <Change value={row.meanReturn} />
                </td>
                <td className={table.num}>{figure(row.volatility, percent)}</td>
                <td className={table.num}>{figure(row.sharpe, ratio)}</td>
                <td className={table.num}>{figure(row.beta, ratio)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      ))}
      <p className={css.note}>
        {groups.length === 0
          ? "No regimes were known when this run was computed. Run it again once there are some."
          : "Mean and volatility a year. There is no drawdown: sessions that do not follow one another have none."}
      </p>
    </Card>
  );
}
