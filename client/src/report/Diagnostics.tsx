import type { DiagnosticsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { day, enumWords, NOTHING, percent, ratio } from "../ui/format";
import { Table, table } from "../ui/Table";
import css from "./Diagnostics.module.css";
import { COSTS } from "./Costs";
import { PATHS } from "./ShockPaths";
import { SKEWS } from "./Skews";

/** Topics that have a card of their own. */
const ELSEWHERE = new Set([SKEWS, PATHS, COSTS]);

type Entry = Record<string, unknown>;

/** Longer tables stay folded until somebody wants them. */
const SHORT = 8;
/** Figures that are told as a share. */
const SHARE = /cagr|growth|drawdown|volatility|^rate_|alpha$/;

/** What the strategy measured of itself, whatever it is: figures as a list, rows of figures as a table. */
export function Diagnostics({ run }: { run: DiagnosticsPartFragment }) {
  const topics = Object.entries(entryOf(run.diagnostics)).filter(
    ([topic, found]) => !ELSEWHERE.has(topic) && Object.keys(entryOf(found)).length,
  );
  if (!topics.length) return null;
  return (
    <Card title="Diagnostics" hint="What was measured on the way, and what a job after the run found out about it.">
      <div className={css.topics}>
        {topics.map(([topic, found]) => (
          <Topic key={topic} topic={enumWords(topic)} found={entryOf(found)} />
        ))}
      </div>
    </Card>
  );
}

function Topic({ topic, found }: { topic: string; found: Entry }) {
  const entries = Object.entries(found);
  return (
    <section className={css.topic}>
      <h3>{topic}</h3>
      <dl className={css.list}>
        {entries
          .filter(([, value]) => rowsOf(value) === null)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{enumWords(name)}</dt>
              <dd>{isInterval(value, name, found) ? intervalWords(value, name) : shown(value, name)}</dd>
            </div>
          ))}
      </dl>
      {entries.map(([name, value]) => {
        const rows = rowsOf(value);
        if (!rows) return null;
        const all = <Rows key={name} label={enumWords(name)} rows={rows} />;
        if (rows.length <= SHORT) return all;
        return (
          <details key={name}>
            <summary className={css.more}>
              {enumWords(name)}: {rows.length} rows
            </summary>
            {all}
          </details>
        );
      })}
    </section>
  );
}

function Rows({ label, rows }: { label: string; rows: Entry[] }) {
  const columns = Object.keys(rows[0] ?? {}).map((name) => ({
    name,
    align: rows.every((row) => typeof row[name] === "string") ? css.text : table.num,
  }));
  return (
    <Table label={label}>
      <caption className={css.caption}>{label}</caption>
      <thead>
        <tr>
          {columns.map(({ name, align }) => (
            <th key={name} scope="col" className={align}>
              {enumWords(name)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row, at) => (
          <tr key={at}>
            {columns.map(({ name, align }) => (
              <td key={name} className={align}>
                {shown(row[name], name)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

const entryOf = (value: unknown): Entry =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Entry) : {};

/** The rows of a table, or null where the value is none: a list of figures, or figures by a name each. */
function rowsOf(value: unknown): Entry[] | null {
  if (!Array.isArray(value)) {
    const named = Object.entries(entryOf(value));
    const whole = named.length > 0 && named.every(([, row]) => Object.keys(entryOf(row)).length);
    return whole ? named.map(([name, row]) => ({ name, ...flat(entryOf(row)) })) : null;
  }
  if (!value.length) return null;
  const rows = value.map(entryOf);
  return rows.every((row) => Object.keys(row).length) ? rows : null;
}

/** Figures one level down stand beside the others. */
const flat = (row: Entry): Entry =>
  Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      Object.keys(entryOf(value)).length ? Object.entries(entryOf(value)) : [[name, value]],
    ),
  );

/** What has a level of confidence holds a pair of bounds for each figure. */
const isInterval = (value: unknown, name: string, found: Entry): value is [unknown, unknown] =>
  Array.isArray(value) && value.length === 2 && ("level" in found || name === "interval");
const intervalWords = (bounds: [unknown, unknown], name: string) =>
  bounds.map((each) => shown(each, name)).join(" to ");

/** Four digits say enough: the larger the figure, the fewer behind its point. */
function figure(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4;
  return value.toLocaleString("en-AU", { maximumFractionDigits: digits }).replace(/^-/, "−");
}
const DAY = /^\d{4}-\d{2}-\d{2}$/;

function shown(value: unknown, name = ""): string {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === "number" && /^sharpe/.test(name)) return ratio(value);
  if (typeof value === "number") return SHARE.test(name) ? percent(value) : figure(value);
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value))
    return value.length ? value.map((each) => shown(each, name)).join(Array.isArray(value[0]) ? "; " : ", ") : "None";
  if (typeof value === "object")
    return Object.entries(value)
      .map(([key, each]) => `${enumWords(key)} ${shown(each, key)}`)
      .join(", ");
  const text = String(value);
  if (DAY.test(text)) return day(text);
  return /^[a-z][a-z_]*$/.test(text) ? enumWords(text) : text;
}
