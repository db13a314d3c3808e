import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { CheckField, FieldError, SelectField, TextField } from "../ui/Field";
import { integer } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Segmented } from "../ui/Segmented";
import type { Faults } from "../compose/faults";
import type { ParameterField } from "../compose/schema";
import { type AxisDraft, OBJECTIVES, type SearchDraft, sizeOf, suggested, variable } from "./searchDraft";
import css from "./SearchFields.module.css";

const KINDS = [
  { value: "backtest", label: "One backtest" },
  { value: "sweep", label: "Sweep" },
  { value: "walk", label: "Walk-forward" },
] as const;
const HINTS = {
  backtest: "Run these parameters once.",
  sweep: "Run many combinations, see where the ground is high and stable, and how likely the best is luck.",
  walk: "Choose on the past again and again, each choice judged by the sessions after it.",
} as const;
const METHODS = [
  { value: "GRID", label: "Every combination" },
  { value: "RANDOM", label: "Evenly scattered" },
  { value: "BAYESIAN", label: "Learning where to look" },
];
const VALIDATIONS = [
  { value: "WALK_FORWARD", label: "Walk forward" },
  { value: "CPCV", label: "Combinatorial cross-validation" },
];
const MOST_AXES = 6;

type Props = {
  search: SearchDraft;
  fields: readonly ParameterField[];
  faults: Faults;
  change: (path: string, patch: Partial<SearchDraft>) => void;
};

/** Whether to run once or to search, and what the search varies. */
export function SearchFields({ search, fields, faults, change }: Props) {
  return (
    <Card
      title="What to run"
      hint={HINTS[search.kind]}
      tools={
        <Segmented
          label="What to run"
          value={search.kind}
          options={KINDS}
          onChange={(kind) => change("kind", { kind })}
        />
      }
    >
      {search.kind === "backtest" ? (
        <p className={css.none}>One run with the parameters above.</p>
      ) : (
        <>
          <Axes search={search} fields={fields} faults={faults} change={change} />
          <div className={css.grid}>
            <SelectField
              label="Better is"
              path="objective"
              value={search.objective}
              options={[...OBJECTIVES]}
              onChange={(objective) => change("objective", { objective })}
            />
            {search.kind === "sweep" ? (
              <SweepTerms search={search} fields={fields} faults={faults} change={change} />
            ) : (
              <WalkTerms search={search} fields={fields} faults={faults} change={change} />
            )}
          </div>
        </>
      )}
    </Card>
  );
}

function Axes({ search, fields, faults, change }: Props) {
  const offered = variable(fields);
  const free = offered.filter(({ name }) => !search.axes.some((axis) => axis.name === name));
  const size = sizeOf(search, fields);
  const put = (axes: AxisDraft[], path: string) => change(path, { axes });
  const replace = (place: number, axis: AxisDraft) =>
    put(
      search.axes.map((each, at) => (at === place ? axis : each)),
      `axes.${place}`,
    );
  const add = () => free[0] && put([...search.axes, { name: free[0].name, values: suggested(free[0]) }], "axes");
  return (
    <div className={css.axes}>
      {search.axes.map((axis, place) => {
        const own = offered.find(({ name }) => name === axis.name);
        const fault = faults[`axes.${place}`] ?? faults[`axes.${place}.values`] ?? faults[`axes.${place}.step`];
        return (
          <div key={axis.name} className={css.axis}>
            <SelectField
              label="Vary"
              path={`axes.${place}.name`}
              value={axis.name}
              options={[...(own ? [own] : []), ...free].map(({ name, title }) => ({ value: name, label: title }))}
              onChange={(name) => {
                const field = offered.find((each) => each.name === name)!;
                replace(place, { name, values: suggested(field) });
              }}
            />
            <TextField
              label="Values"
              path={`axes.${place}`}
              value={axis.values}
              hint={own?.kind === "choice" ? `Of ${own.choices.join(", ")}` : "A list, or a range: 21 to 252 by 21"}
              onChange={(values) => replace(place, { ...axis, values })}
              {...(fault && { error: fault })}
            />
            <Button
              small
              look="quiet"
              aria-label={`Vary ${own?.title ?? axis.name} no more`}
              onClick={() =>
                put(
                  search.axes.filter((_, at) => at !== place),
                  `axes.${place}`,
                )
              }
            >
              <Icon name="close" />
            </Button>
          </div>
        );
      })}
      <div className={css.foot}>
        <Button small data-path="axes" disabled={free.length === 0 || search.axes.length >= MOST_AXES} onClick={add}>
          <Icon name="plus" />
          Vary {search.axes.length === 0 ? "a parameter" : "another parameter"}
        </Button>
        {size !== null && (
          <span className={css.size}>
            {search.kind === "sweep" && search.method !== "GRID" ? "out of " : ""}
            {integer(size)} {size === 1 ? "combination" : "combinations"}
          </span>
        )}
      </div>
      {faults["axes"] && <FieldError>{faults["axes"]}</FieldError>}
    </div>
  );
}

function SweepTerms({ search, faults, change }: Props) {
  return (
    <>
      <SelectField
        label="Search by"
        path="method"
        value={search.method}
        options={METHODS}
        onChange={(method) => change("method", { method: method as SearchDraft["method"] })}
      />
      {search.method !== "GRID" && (
        <TextField
          label="Trials"
          path="maxTrials"
          inputMode="numeric"
          value={search.maxTrials}
          onChange={(maxTrials) => change("maxTrials", { maxTrials })}
          {...(faults.maxTrials && { error: faults.maxTrials })}
        />
      )}
    </>
  );
}

function WalkTerms({ search, faults, change }: Props) {
  const number = (name: "trainSessions" | "testSessions" | "purge", label: string, hint: string) => (
    <TextField
      label={label}
      path={name}
      inputMode="numeric"
      unit="sessions"
      hint={hint}
      value={search[name]}
      onChange={(value) => change(name, { [name]: value })}
      {...(faults[name] && { error: faults[name] })}
    />
  );
  const walks = search.validation === "WALK_FORWARD";
  return (
    <>
      <SelectField
        label="Part the sessions by"
        path="validation"
        value={search.validation}
        options={VALIDATIONS}
        onChange={(validation) => change("validation", { validation: validation as SearchDraft["validation"] })}
      />
      {walks && number("trainSessions", "Choose on", "252 are about a year.")}
      {walks && number("testSessions", "Judge by", "The sessions after each choice.")}
      {number("purge", "Leave out between", "What is held when a choice is made lasts a while.")}
      {walks && (
        <CheckField
          label="From the first session on"
          path="anchored"
          hint="Each choice is made on all sessions before it."
          checked={search.anchored}
          onChange={(anchored) => change("anchored", { anchored })}
        />
      )}
    </>
  );
}
