import type { SettingsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { camel, day, duration, enumWords, instant, money, NOTHING, words } from "../ui/format";
import { COSTS, CONSTRAINTS, type NumberField } from "../compose/numbers";
import { fieldsOf } from "../compose/schema";
import css from "./Settings.module.css";

const CHOICES: [string, string][] = [
  ["groupBy", "Group by"],
  ["groupCaps", "Largest weight of a second group"],
  ["bandFill", "Weight left alone goes to"],
  ["onInfeasible", "Where limits cannot hold"],
];

const CASH_CHOICES: [string, string][] = [
  ["fxMode", "Cash abroad"],
  ["cashRateBasis", "Interest follows"],
  ["residualPass", "Spend what rounding leaves"],
];

export function Settings({ run }: { run: SettingsPartFragment }) {
  return (
    <Card title="Parameters and settings" hint="Everything this result depends on; the same again gives the same run.">
      <div className={css.columns}>
        <List
          title={`${run.strategy.name}, version ${run.strategy.version}`}
          entries={inOrder(parameterLabels(run.strategy.parameterSchema), run.parameters)}
        />
        <List title="Run" entries={runEntries(run)} />
        <List
          title="Costs and cash"
          entries={inOrder([...numberLabels(COSTS, run.currency), ...CASH_CHOICES], run.costs)}
        />
        <List
          title="Constraints"
          entries={inOrder([...numberLabels(CONSTRAINTS, run.currency), ...CHOICES], run.constraints)}
        />
        <List
          title="Record"
          entries={[
            ["Prices known at", instant(run.knownAt)],
            ["Engine version", run.engineVersion],
            ["Computed in", run.job.computeSeconds === null ? NOTHING : duration(run.job.computeSeconds)],
            ["Content key", run.contentKey],
          ]}
        />
      </div>
    </Card>
  );
}

const runEntries = (run: SettingsPartFragment): [string, string][] => [
  ["Market", run.universe ?? run.symbols.join(", ")],
  ["From", day(run.start)],
  ["To", day(run.end)],
  ["Initial capital", money(run.initialCapital, run.currency)],
  ["Benchmark", run.benchmark],
  ["Rebalance", enumWords(run.rebalance)],
  ["Allocator", run.allocator ? enumWords(run.allocator) : "The strategy's own"],
  ["Fill", enumWords(run.fill)],
  ["Whole shares", run.wholeShares ? "Yes" : "No"],
  ["Decision clock", enumWords(run.decisionClock)],
];

type Label = readonly [name: string, words: string];

const parameterLabels = (schema: unknown): Label[] => fieldsOf(schema).map(({ name, title }) => [name, title]);

const numberLabels = (fields: readonly NumberField[], currency: string): Label[] =>
  fields.map(({ name, label, unit }) => [name, unit ? `${label}, ${unit === "$" ? currency : unit}` : label]);

/** What is stored, in the order of the form; what the form does not know comes last under its own name. */
function inOrder(labels: readonly Label[], stored: unknown): [string, string][] {
  const known = new Set(labels.map(([name]) => name));
  const values = new Map(
    Object.entries((stored ?? {}) as Record<string, unknown>).map(([name, value]) => [
      known.has(name) ? name : camel(name),
      value,
    ]),
  );
  const strangers = [...values.keys()].filter((name) => !known.has(name)).map((name): Label => [name, words(name)]);
  return [...labels, ...strangers].flatMap(([name, label]) =>
    values.has(name) ? [[label, shown(values.get(name))]] : [],
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value))
    return value.length ? value.map((each) => (typeof each === "object" ? shown(each) : each)).join(", ") : "None";
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([name, each]) => `${words(name).toLowerCase()} ${shown(each)}`);
    return pairs.join(", ") || "None";
  }
  return typeof value === "string" && Number.isNaN(Number(value)) ? enumWords(value) : String(value).replace(/^-/, "−");
}

function List({ title, entries }: { title: string; entries: readonly (readonly [string, string])[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <dl className={css.list}>
        {entries.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd className={value.length > 40 && !value.includes(" ") ? css.key : undefined}>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
