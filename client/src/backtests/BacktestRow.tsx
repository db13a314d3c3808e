import { Link } from "react-router";
import type { BacktestRowFragment } from "../graphql/generated";
import { MOST } from "../compare/compared";
import { typedValues } from "../compose/schema";
import { ago, instant, money, month, NOTHING, percent, probability, ratio } from "../ui/format";
import { table } from "../ui/Table";
import css from "./BacktestList.module.css";
import { StatusBadge } from "./StatusBadge";

type RowProps = { run: BacktestRowFragment; chosen: boolean; full: boolean; onChoose: (chosen: boolean) => void };

export function BacktestRow({ run, chosen, full, onChoose }: RowProps) {
  const { metrics, job } = run;
  const market =
    run.universe ??
    `${run.symbols.slice(0, 3).join(", ")}${run.symbols.length > 3 ? ` + ${run.symbols.length - 3}` : ""}`;
  return (
    <tr className={metrics ? undefined : css.bare}>
      <td className={css.pick}>
        {metrics && (
          <label title={full && !chosen ? `At most ${MOST} can be compared` : undefined}>
            <input
              type="checkbox"
              checked={chosen}
              disabled={full && !chosen}
              aria-label={`Compare ${run.name ?? run.strategy.name}`}
              onChange={(event) => onChoose(event.target.checked)}
            />
            <span className={css.label}>Compare</span>
          </label>
        )}
      </td>
      <th scope="row" className={css.run}>
        <Link to={`/backtests/${run.id}`} className={css.title}>
          {run.name ?? run.strategy.name}
        </Link>
        <span className={css.sub}>
          {run.name ? `${run.strategy.name} · ` : ""}
          {[market, money(run.initialCapital, run.currency), ...changes(run)].join(" · ")}
        </span>
      </th>
      <td className={css.period}>
        {month(run.start)} – {month(run.end)}
      </td>
      <td className={css.state}>
        <StatusBadge status={job.status} progress={job.progress} />
      </td>
      <Figure label="CAGR" value={metrics?.cagr} show={percent} signed />
      <Figure label="Sharpe" value={metrics?.sharpe} show={ratio} />
      <Figure label="Drawdown" value={metrics?.maxDrawdown} show={percent} signed />
      <Figure label="Deflated" value={run.overfitting?.deflatedSharpe} show={probability} />
      <td className={`${table.num} ${css.created}`}>
        <time dateTime={run.createdAt} title={instant(run.createdAt)}>
          {ago(run.createdAt)}
        </time>
      </td>
    </tr>
  );
}

/** What tells it from other runs of its strategy: the parameters that were chosen. */
function changes(run: BacktestRowFragment): string[] {
  const standard = run.strategy.defaultParameters as Record<string, unknown>;
  return Object.entries(run.parameters as Record<string, unknown>)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(standard[name]))
    .map(([name, value]) => `${name} ${valueWords(value)}`);
}

function valueWords(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ") || "none";
  if (value !== null && typeof value === "object") return typedValues(value as Record<string, unknown>) || "standard";
  return value === null ? "none" : String(value).replace(/^-/, "−");
}

type FigureProps = {
  label: string;
  value: number | null | undefined;
  show: (value: number) => string;
  signed?: boolean;
};

function Figure({ label, value, show, signed = false }: FigureProps) {
  const tone = signed && value != null && value < 0 ? table.loss : "";
  return (
    <td className={`${table.num} ${tone}`}>
      <span className={css.label}>{label}</span>
      {value == null ? <span className={table.faint}>{NOTHING}</span> : show(value)}
    </td>
  );
}
