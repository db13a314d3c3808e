import { useQuery } from "@apollo/client/react";
import { type ReactNode, useId } from "react";
import { ActionsOfDocument, type CoverageFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { day, integer, NOTHING, percent } from "../ui/format";
import { Icon } from "../ui/Icon";
import { table } from "../ui/Table";
import css from "./Coverage.module.css";
import { isStale, runsOf, shareOf } from "./coverage";
import type { Actions } from "./DataPage";
import { happened } from "./happened";
import { plural, sourceWords } from "./words";

type Props = {
  row: CoverageFragment;
  open: boolean;
  onToggle: () => void;
  actions: Actions;
  onQuarantine: (symbol: string) => void;
  columns: number;
};

export function CoverageRow({ row, open, onToggle, columns, ...rest }: Props) {
  const id = useId();
  return (
    <>
      <tr className={open ? css.open : undefined}>
        <th scope="row">
          <button type="button" aria-expanded={open} aria-controls={id} className={css.toggle} onClick={onToggle}>
            <Icon name="right" size={14} />
            {row.symbol}
          </button>
        </th>
        <td className={css.source}>{sourceWords(row.source)}</td>
        <td className={`${table.num} ${css.share}`}>
          <Share share={shareOf(row)} />
        </td>
        <Cell label="First bar">{row.firstBar ? day(row.firstBar) : <None />}</Cell>
        <Cell label="Last bar">{row.lastBar ? day(row.lastBar) : <None />}</Cell>
        <Cell label="Bars">
          {integer(row.present)}
          <span className={table.faint}> / {integer(row.expected)}</span>
        </Cell>
        <Count label="Missing" count={row.gaps.length} wrong />
        <Count label="Behind" count={row.staleSessions} wrong={isStale(row)} />
        <Count label="Suspect" count={row.suspect} />
        <Count label="Quarantined" count={row.quarantined} />
      </tr>
      {open && (
        <tr className={css.detail} id={id}>
          <td colSpan={columns}>
            <Detail row={row} {...rest} />
          </td>
        </tr>
      )}
    </>
  );
}

const None = () => <span className={table.faint}>{NOTHING}</span>;

type CellProps = { label: string; className?: string | undefined; children: ReactNode };

function Cell({ label, className = "", children }: CellProps) {
  return (
    <td className={`${table.num} ${className}`}>
      <span className={css.label}>{label}</span>
      {children}
    </td>
  );
}

function Count({ label, count, wrong = false }: { label: string; count: number; wrong?: boolean }) {
  const tone = count === 0 ? table.faint : wrong ? css.wrong : "";
  return (
    <Cell label={label} className={count === 0 ? css.zero : ""}>
      <span className={tone}>{integer(count)}</span>
    </Cell>
  );
}

function Share({ share }: { share: number | null }) {
  if (share === null) return <None />;
  const rounded = percent(share);
  // What is not quite everything must not read as everything.
  const text = share < 1 && rounded === "100.0%" ? "under 100%" : rounded;
  return (
    <>
      <span className={css.bar} aria-hidden="true">
        <span className={share < 1 ? css.part : ""} style={{ width: `${Math.floor(share * 100)}%` }} />
      </span>
      <span className={css.figure}>{text}</span>
    </>
  );
}

/** Missing sessions by run; more than these would be a wall. */
const MOST_RUNS = 40;

function Detail({ row, actions, onQuarantine }: Pick<Props, "row" | "actions" | "onQuarantine">) {
  const runs = runsOf(row.gaps);
  const [first, last] = [row.gaps[0], row.gaps.at(-1)];
  return (
    <div className={css.inside}>
      {runs.length === 0 ? (
        <p>
          {row.present === 0
            ? "No bar is stored."
            : `No session is missing between ${day(row.firstBar!)} and ${day(row.lastBar!)}.`}
          {isStale(row) && ` ${plural(row.staleSessions, "session has", "sessions have")} closed since the last bar.`}
        </p>
      ) : (
        <>
          <p>{plural(row.gaps.length, "session is", "sessions are")} missing:</p>
          <ul className={css.runs} aria-label={`Missing sessions of ${row.symbol}`}>
            {runs.slice(-MOST_RUNS).map((run) => (
              <li key={run.first}>
                {run.sessions === 1 ? day(run.first) : `${day(run.first)} – ${day(run.last)}`}
                {run.sessions > 1 && <span className={table.faint}> {plural(run.sessions, "session")}</span>}
              </li>
            ))}
          </ul>
          {runs.length > MOST_RUNS && (
            <p className={table.faint}>and {plural(runs.length - MOST_RUNS, "earlier run")} of missing sessions</p>
          )}
        </>
      )}
      <Story symbol={row.symbol} />
      <div className={css.actions}>
        <Button
          small
          onClick={() =>
            actions.fetch({
              target: "symbols",
              symbols: [row.symbol],
              ...(first && last && { start: first, end: isStale(row) ? "" : last, force: true }),
            })
          }
        >
          <Icon name="again" />
          {first ? "Ask for these again" : "Fetch this symbol"}
        </Button>
        {actions.correct && (
          <Button small onClick={() => actions.correct?.(row.symbol, row.lastBar ?? "")}>
            <Icon name="pen" />
            Correct a price
          </Button>
        )}
        {row.quarantined > 0 && (
          <Button small onClick={() => onQuarantine(row.symbol)}>
            Show {plural(row.quarantined, "refused row")}
          </Button>
        )}
      </div>
    </div>
  );
}

/** What happened to the share; while that is asked, or cannot be, the row says all it did. */
function Story({ symbol }: { symbol: string }) {
  const { data } = useQuery(ActionsOfDocument, { variables: { symbol } });
  const told = data?.instrument ? happened(data.instrument) : [];
  return told.length > 0 && <p>{told.join(" ")}</p>;
}
