import type { MonthlyPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { percent } from "../ui/format";
import css from "./Monthly.module.css";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FULL_MONTH = 0.1; // the return at which a cell has its deepest colour
const FULL_YEAR = 0.4;

/** Depth of colour only; the number in the cell is the API's. */
function heat(value: number, full: number): string {
  const depth = Math.round(Math.min(1, Math.abs(value) / full) * 62);
  return `color-mix(in oklab, var(--heat-${value < 0 ? "loss" : "gain"}) ${depth}%, transparent)`;
}

export function Monthly({ run }: { run: MonthlyPartFragment }) {
  const byMonth = new Map(run.monthlyReturns.map((each) => [`${each.year}-${each.month}`, each]));
  const withBenchmark = run.annualReturns.some((year) => year.benchmark !== null);
  const inPart = [...run.monthlyReturns, ...run.annualReturns].some((each) => each.partial);
  return (
    <Card
      title="Monthly and annual returns"
      hint={[
        "Percent, after costs.",
        ...(withBenchmark ? ["▴ ahead of the benchmark, whose return shows at each cell."] : []),
        ...(inPart ? ["* only part of the month or year."] : []),
      ].join(" ")}
      tools={<Scale />}
      flush
    >
      <div className={css.scroll} role="region" aria-label="Monthly returns" tabIndex={0}>
        <table className={css.heat} aria-label="Monthly returns">
          <thead>
            <tr>
              <th scope="col">
                <span className="visually-hidden">Year</span>
              </th>
              {MONTHS.map((month) => (
                <th key={month} scope="col">
                  {month}
                </th>
              ))}
              <th scope="col" className={css.sum}>
                Year
              </th>
              {withBenchmark && <th scope="col">Benchmark</th>}
            </tr>
          </thead>
          <tbody>
            {run.annualReturns.toReversed().map(({ year, strategy, benchmark, beatBenchmark, partial }) => (
              <tr key={year}>
                <th scope="row">{year}</th>
                {MONTHS.map((month, index) => (
                  <Cell key={month} {...byMonth.get(`${year}-${index + 1}`)} full={FULL_MONTH} />
                ))}
                <Cell
                  value={strategy}
                  benchmark={benchmark}
                  beatBenchmark={beatBenchmark}
                  partial={partial}
                  full={FULL_YEAR}
                  className={`${css.total} ${css.sum}`}
                />
                {withBenchmark && <Cell value={benchmark} full={FULL_YEAR} />}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

/** What the colours mean: the same ramp as in the cells, with its ends. */
function Scale() {
  return (
    <p className={css.scale}>
      <span>
        −{percent(FULL_MONTH, 0)}
        <span className="visually-hidden"> (red) to</span>
      </span>
      <span className={css.ramp} aria-hidden="true" />
      <span>
        +{percent(FULL_MONTH, 0)}
        <span className="visually-hidden"> (green)</span> a month, ±{percent(FULL_YEAR, 0)} a year
      </span>
    </p>
  );
}

type CellProps = {
  value?: number | null;
  benchmark?: number | null;
  beatBenchmark?: boolean | null;
  partial?: boolean | null;
  full: number;
  className?: string;
};

function Cell({ value, benchmark, beatBenchmark, partial, full, className }: CellProps) {
  if (value == null) return <td className={className} />;
  const beside = benchmark == null ? "" : `, benchmark ${percent(benchmark, 2)}`;
  const part = partial ? ", in part" : "";
  return (
    <td
      className={className}
      style={{ backgroundColor: heat(value, full) }}
      title={`${percent(value, 2)}${beside}${part}`}
    >
      {beatBenchmark && (
        <span className={css.ahead} aria-hidden="true">
          ▴
        </span>
      )}
      {percent(value).replace("%", "")}
      {partial && <span aria-hidden="true">*</span>}
      {(beatBenchmark || partial) && (
        <span className="visually-hidden">
          {beatBenchmark ? ", ahead of the benchmark" : ""}
          {part}
        </span>
      )}
    </td>
  );
}
