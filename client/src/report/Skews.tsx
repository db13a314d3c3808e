import type { DiagnosticsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { integer, NOTHING, percent, ratio, words } from "../ui/format";
import { Table, table } from "../ui/Table";
import css from "./Skews.module.css";

/** The topic of the diagnostics that is shown here and not among the others. */
export const SKEWS = "option_skews";

type Figures = {
  skew: number;
  total_return: number | null;
  cagr: number | null;
  volatility: number | null;
  sharpe: number | null;
  max_drawdown: number | null;
  positions_closed: number;
};
type Found = { runs: Figures[]; positions_not_opened: Record<string, number> };

const WHY: Record<string, string> = {
  too_small: "the account was too small for one contract",
  below_tick: "an option cost less than a cent",
  no_credit: "the spread was wider than the premium",
};

/** The same run on three smiles: how far its result hangs on prices nobody quoted. */
export function Skews({ run }: { run: DiagnosticsPartFragment }) {
  const found = (run.diagnostics as Record<string, unknown> | null)?.[SKEWS] as Found | undefined;
  if (!found?.runs.length) return null;
  const missed = Object.entries(found.positions_not_opened);
  const own = Math.floor(found.runs.length / 2);
  return (
    <Card
      title="Modelled option prices"
      flush
      hint="No option quotes exist here: prices follow a volatility index and an assumed smile. The run was made at three slopes of it; where they differ much, the result is the assumption's."
    >
      <p className={css.line}>
        <span className={css.badge}>modelled option prices</span>
        {missed.map(([reason, count]) => (
          <span key={reason}>
            Not opened, because {WHY[reason] ?? words(reason)}: {integer(count)}
          </span>
        ))}
      </p>
      <Table label="The run at three slopes of the smile">
        <thead>
          <tr>
            <th scope="col">Slope of the smile</th>
            {["Total return", "CAGR", "Volatility", "Sharpe", "Largest drawdown", "Positions closed"].map((name) => (
              <th key={name} scope="col" className={table.num}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.runs.map((one, place) => (
            <tr key={place} aria-current={place === own}>
              <th scope="row">
                {ratio(one.skew)}
                {place === own && " (this run)"}
              </th>
              <td className={table.num}>{shown(one.total_return, fine)}</td>
              <td className={table.num}>{shown(one.cagr, fine)}</td>
              <td className={table.num}>{shown(one.volatility, fine)}</td>
              <td className={table.num}>{shown(one.sharpe, ratio)}</td>
              <td className={table.num}>{shown(one.max_drawdown, fine)}</td>
              <td className={table.num}>{integer(one.positions_closed)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}

const fine = (value: number) => percent(value, 2);
const shown = (value: number | null, format: (value: number) => string) => (value === null ? NOTHING : format(value));
