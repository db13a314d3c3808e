import type { ShockPathsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { NOTHING, percent, sentence } from "../ui/format";
import { Table, table } from "../ui/Table";
import { Tooltip } from "../ui/Tooltip";
import css from "./Risk.module.css";
import { coveredFirst } from "./riskRows";

/** Where the guide to diagnostics keeps them; shown here and not among the others. */
export const PATHS = "shock_paths";

const COLUMNS = [
  ["Benchmark", "Of the benchmark at the trough, in the run's currency."],
  ["At the trough", "Of the run when the benchmark is at its lowest: the median draw, and the lowest and highest."],
  ["At the end", "Of the run at the end of the way back: the median draw, and the lowest and highest."],
  ["Max drawdown", "The median draw's deepest fall from a peak."],
  ["Turnover", "One way, all decisions on the way added up, as a share of the equity."],
  ["Costs", "What trading took on the way, as a share of the equity before."],
] as const;

/** What the run would do on its way through shocks; nothing until the job after it has found out. */
export function ShockPaths({ run: { shockPaths } }: { run: ShockPathsPartFragment }) {
  const [covered, other] = coveredFirst(shockPaths);
  if (!shockPaths.length) return null;
  const draws = covered[0]?.draws;
  return (
    <Card
      title="On the way through shocks"
      hint={`The run goes on past its end: it decides, rebalances and stops on the way, at higher costs.${
        draws ? ` Days of its past are drawn ${draws} times around each fall.` : ""
      }`}
      flush
    >
      {covered.length > 0 && (
        <Table label="On the way through shocks">
          <thead>
            <tr>
              <th scope="col">Shock</th>
              {COLUMNS.map(([name, tip]) => (
                <th key={name} scope="col" className={table.num}>
                  <Tooltip tip={tip}>{name}</Tooltip>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {covered.map((row) => (
              <tr key={row.scenario.key} data-scenario={row.scenario.key}>
                <th scope="row">
                  <Tooltip tip={row.scenario.description}>{row.scenario.name}</Tooltip>
                </th>
                <td className={table.num}>{shown(row.benchmarkReturn)}</td>
                <Drawn value={row.atTrough} span={row.atTroughSpan} />
                <Drawn value={row.atEnd} span={row.atEndSpan} />
                <td className={table.num}>{shown(row.maxDrawdown)}</td>
                <td className={table.num}>{shown(row.turnover)}</td>
                <td className={table.num}>{shown(row.costs, 2)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {other.length > 0 && <p className={css.note}>{uncovered(other)}</p>}
    </Card>
  );
}

function Drawn({ value, span }: { value: number | null; span: readonly number[] | null }) {
  return (
    <td className={table.num}>
      {value === null ? NOTHING : <span className={value < 0 ? table.loss : table.gain}>{percent(value)}</span>}
      {span && (
        <div className={table.faint}>
          {percent(span[0]!)} to {percent(span[1]!)}
        </div>
      )}
    </td>
  );
}

const shown = (value: number | null, digits = 1) => (value === null ? NOTHING : percent(value, digits));

function uncovered(rows: ShockPathsPartFragment["shockPaths"]): string {
  const reasons = new Set(rows.map((row) => row.reason ?? "it is not known why"));
  return [...reasons]
    .map((reason) => {
      const names = rows.filter((row) => (row.reason ?? "it is not known why") === reason);
      return `${names.map(({ scenario }) => scenario.name).join(", ")}: ${sentence(reason)}`;
    })
    .join(" ");
}
