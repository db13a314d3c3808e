import type { SettingsPartFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { camel, day, duration, enumWords, instant, money, NOTHING, words } from "../ui/format";
import css from "./Settings.module.css";

export function Settings({ run }: { run: SettingsPartFragment }) {
  const titles = fieldTitles(run.strategy.parameterSchema);
  return (
    <Card title="Parameters and settings" hint="Everything this result depends on; the same again gives the same run.">
      <div className={css.columns}>
        <List title={`${run.strategy.name}, version ${run.strategy.version}`}
          entries={plain(run.parameters).map(([name, value]) => [titles[name] ?? words(name), shown(value)])} />
        <List title="Run" entries={runEntries(run)} />
        <List title="Costs" entries={plain(run.costs).map(([name, value]) => [words(camel(name)), shown(value)])} />
        <List title="Constraints" entries={plain(run.constraints).map(([name, value]) => [words(camel(name)), shown(value)])} />
        <List title="Record" entries={[
          ["Prices known at", instant(run.knownAt)],
          ["Engine version", run.engineVersion],
          ["Computed in", run.job.computeSeconds === null ? NOTHING : duration(run.job.computeSeconds)],
          ["Content key", run.contentKey],
        ]} />
      </div>
    </Card>
  );
}

const runEntries = (run: SettingsPartFragment): [string, string][] => [
  ["Market", run.universe ?? run.symbols.join(", ")],
  ["From", day(run.start)],
  ["To", day(run.end)],
  ["Initial capital", money(run.initialCapital, run.currency)],
  ["Rebalance", enumWords(run.rebalance)],
  ["Allocator", run.allocator ? enumWords(run.allocator) : "The strategy's own"],
  ["Fill", enumWords(run.fill)],
  ["Whole shares", run.wholeShares ? "Yes" : "No"],
  ["Decision clock", enumWords(run.decisionClock)],
];

const plain = (value: unknown) => Object.entries((value ?? {}) as Record<string, unknown>);

function shown(value: unknown): string {
  if (value === null || value === undefined) return NOTHING;
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.length ? value.join(", ") : "None";
  return typeof value === "object" ? JSON.stringify(value) : String(value).replace(/^-/, "−");
}

function fieldTitles(schema: unknown): Record<string, string> {
  const { properties = {} } = (schema ?? {}) as { properties?: Record<string, { title?: string }> };
  return Object.fromEntries(Object.entries(properties).flatMap(([name, { title }]) => (title ? [[name, title]] : [])));
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
