import type { DiagnosticsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { NOTHING, percent, ratio } from "../ui/format";
import { Table, table } from "../ui/Table";
import { Tooltip } from "../ui/Tooltip";
import css from "./Costs.module.css";

/** The topic of what trading cost; it has this card and is not listed among the others. */
export const COSTS = "costs";

const FIGURES = [
  ["total_return", "Total return", percent],
  ["growth", "CAGR", percent],
  ["sharpe", "Sharpe ratio", ratio],
  ["max_drawdown", "Max drawdown", percent],
] as const;

type Found = Record<string, number | null>;

/** The run beside the same run free of costs, and how much a trade could cost before nothing is left. */
export function Costs({ run }: { run: DiagnosticsPartFragment }) {
  const found = (run.diagnostics as Record<string, Found> | null)?.[COSTS];
  if (!found || !("break_even_bps" in found)) return null;
  const rows = FIGURES.filter(([name]) => `${name}_before_costs` in found);
  return (
    <Card title="Before and after costs" hint="The same decisions traded for free, and as they were." flush>
      <Table label="Before and after costs">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" className={table.num}>
              Before
            </th>
            <th scope="col" className={table.num}>
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, label, write]) => (
            <tr key={name}>
              <th scope="row">{label}</th>
              <td className={table.num}>{shown(found[`${name}_before_costs`], write)}</td>
              <td className={table.num}>{shown(found[`${name}_after_costs`], write)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      <dl className={css.list}>
        <div>
          <dt>
            <Tooltip tip="Everything bought and sold, over the initial capital.">Traded</Tooltip>
          </dt>
          <dd>{shown(found.traded_times_capital, (value) => `${ratio(value, 1)} × capital`)}</dd>
        </div>
        <div>
          <dt>
            <Tooltip tip="All costs over everything bought and sold.">A trade cost</Tooltip>
          </dt>
          <dd>{shown(found.paid_bps, bps)}</dd>
        </div>
        <div>
          <dt>
            <Tooltip tip="What the run made before costs over everything bought and sold: at this cost of a trade nothing would have been left.">
              Break-even
            </Tooltip>
          </dt>
          <dd>{shown(found.break_even_bps, bps)}</dd>
        </div>
      </dl>
    </Card>
  );
}

const bps = (value: number) => `${ratio(value, 1)} bps`;
const shown = (value: number | null | undefined, write: (value: number) => string) =>
  value == null ? NOTHING : write(value);
