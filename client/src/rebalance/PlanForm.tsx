import { useMutation } from "@apollo/client/react";
import { type FocusEvent, type FormEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { parametersOf } from "../compose/draft";
import { type Faults, serverFaults } from "../compose/faults";
import { SchemaFields } from "../compose/ParameterFields";
import { SymbolPicker } from "../compose/SymbolPicker";
import { PlanRebalanceDocument, type RebalanceChoicesQuery } from "../graphql/generated";
import { useKept } from "../session/kept";
import { Button } from "../ui/Button";
import { FieldError, SelectField, TextField } from "../ui/Field";
import { day } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { type PlanDraft, planFaults, type RunOption, TERMS, termPath, toPlanInput } from "./planDraft";
import css from "./Rebalance.module.css";

const FROM = [
  { value: "backtest", label: "A finished run" },
  { value: "strategy", label: "A strategy, now" },
] as const;
const SOURCES = [
  { value: "universe", label: "Universe" },
  { value: "symbols", label: "Own symbols" },
] as const;

type Props = { choices: RebalanceChoicesQuery; initial: PlanDraft };
type PartProps = {
  draft: PlanDraft;
  choices: RebalanceChoicesQuery;
  faults: Faults;
  change: (path: string, patch: Partial<PlanDraft>) => void;
};

export function PlanForm({ choices, initial }: Props) {
  const [draft, setDraft] = useKept("plan", initial);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = useState<Faults>({});
  const form = useRef<HTMLFormElement>(null);
  const navigate = useNavigate();
  const [plan, { loading, error }] = useMutation(PlanRebalanceDocument);

  const strategy = choices.strategies.find(({ key }) => key === draft.strategy);
  const own = planFaults(draft, strategy);
  const faults: Faults = {
    ...Object.fromEntries(Object.entries(own).filter(([path]) => touched.has(path))),
    ...refused,
  };
  const change = (path: string, patch: Partial<PlanDraft>) => {
    setDraft((before) => ({ ...before, ...patch }));
    setRefused(({ [path]: _mended, "": _general, ...rest }) => rest);
  };
  const touch = (event: FocusEvent<HTMLElement>) => {
    const { path } = event.target.dataset;
    if (path) setTouched((before) => new Set(before).add(path));
  };
  const focusFirst = (wrong: Faults) => {
    const controls = [...(form.current?.querySelectorAll<HTMLElement>("[data-path]") ?? [])];
    const first = controls.find((control) => wrong[control.dataset.path!]);
    first?.closest("details")?.setAttribute("open", "");
    first?.focus();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTouched(new Set(Object.keys(own)));
    if (Object.keys(own).length > 0) return focusFirst(own);
    const answer = await plan({ variables: { input: toPlanInput(draft, strategy) } }).catch(() => null);
    const payload = answer?.data?.planRebalance;
    if (!payload) return;
    if (payload.plan) return void navigate(`/rebalance?plan=${payload.plan.id}`);
    if (payload.job) return void navigate(`/rebalance?job=${payload.job.id}`);
    const wrong = serverFaults(payload.userErrors);
    setRefused(wrong);
    focusFirst(wrong);
  };

  const part: PartProps = { draft, choices, faults, change };
  return (
    <form
      ref={form}
      className={css.form}
      onSubmit={(event) => void submit(event)}
      onBlur={touch}
      noValidate
      aria-label="Plan"
    >
      <Segmented
        label="Whose weights"
        value={draft.from}
        options={FROM}
        onChange={(from) => change("backtest", { from })}
      />
      {draft.from === "backtest" ? <RunField {...part} /> : <StrategyFields {...part} />}
      <Terms {...part} />
      <div className={css.run}>
        {faults[""] && <FieldError>{faults[""]}</FieldError>}
        {error && <LoadError error={error} onRetry={() => form.current?.requestSubmit()} />}
        {/* Left by the press, a field would show its fault, move the button, and the click would miss. */}
        <Button
          type="submit"
          look="primary"
          disabled={loading}
          onMouseDown={(event) => event.preventDefault()}
          onClick={(event) => event.currentTarget.focus()}
        >
          <Icon name="scales" />
          {loading ? "Planning" : "Plan orders"}
        </Button>
      </div>
    </form>
  );
}

const fault = (faults: Faults, path: string) => (faults[path] ? { error: faults[path] } : {});

function RunField({ draft, choices, faults, change }: PartProps) {
  const runs = choices.backtests.nodes;
  const known = runs.some(({ id }) => id === draft.backtest) || !draft.backtest;
  return (
    <SelectField
      label="Finished run"
      path="backtest"
      value={draft.backtest}
      {...fault(faults, "backtest")}
      hint="The weights of its last decision are held against your books."
      options={[
        ...(runs.length === 0 ? [{ value: "", label: "No run has succeeded yet" }] : []),
        ...(known ? [] : [{ value: draft.backtest, label: "The run you came from" }]),
        ...runs.map((run) => ({ value: run.id, label: runLabel(run) })),
      ]}
      onChange={(backtest) => change("backtest", { backtest })}
    />
  );
}

function runLabel({ name, strategy, universe, symbols, end }: RunOption): string {
  const market = universe ?? symbols.slice(0, 3).join(", ") + (symbols.length > 3 ? ` + ${symbols.length - 3}` : "");
  return `${name ?? strategy.name}, ${market}, to ${day(end)}`;
}

function StrategyFields({ draft, choices, faults, change }: PartProps) {
  const strategy = choices.strategies.find(({ key }) => key === draft.strategy);
  return (
    <>
      <SelectField
        label="Strategy"
        path="strategy"
        value={draft.strategy}
        options={choices.strategies.map(({ key, name }) => ({ value: key, label: name }))}
        {...fault(faults, "strategy")}
        {...(strategy && { hint: strategy.summary })}
        onChange={(key) =>
          change("strategy", {
            strategy: key,
            parameters: parametersOf(choices.strategies.find((each) => each.key === key)!),
          })
        }
      />
      <Segmented
        label="What to choose from"
        value={draft.source}
        options={SOURCES}
        onChange={(source) => change("source", { source })}
      />
      {draft.source === "universe" ? (
        <SelectField
          label="Universe"
          path="universe"
          value={draft.universe}
          {...fault(faults, "universe")}
          options={choices.universes.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))}
          onChange={(universe) => change("universe", { universe })}
        />
      ) : (
        <SymbolPicker
          label="Symbols"
          path="symbols"
          hint="Such as BHP.AX or AAPL; Enter adds one."
          symbols={draft.symbols}
          {...fault(faults, "symbols")}
          onChange={(symbols) => change("symbols", { symbols })}
        />
      )}
      {strategy && (
        <details className={css.details}>
          <summary>Parameters</summary>
          <SchemaFields
            schema={strategy.parameterSchema}
            values={draft.parameters}
            faults={faults}
            onChange={(path, parameters) => change(path, { parameters })}
          />
        </details>
      )}
    </>
  );
}

function Terms({ draft, faults, change }: PartProps) {
  return (
    <>
      <div className={css.pair}>
        <TextField
          label="As of"
          path="asOf"
          type="date"
          value={draft.asOf}
          {...fault(faults, "asOf")}
          hint="Empty: today."
          onChange={(asOf) => change("asOf", { asOf })}
        />
        <TextField
          label="Capital"
          path="capital"
          unit="A$"
          inputMode="decimal"
          value={draft.capital}
          {...fault(faults, "capital")}
          hint="Holdings and cash together. Empty: as the books stand."
          onChange={(capital) => change("capital", { capital })}
        />
      </div>
      <details className={css.details}>
        <summary>Limits and costs</summary>
        <p className={css.about}>
          Empty: as in the run; for a strategy no limits, A$3.00 an order, 5 bps slippage, 70 bps for a conversion.
        </p>
        <div className={css.terms}>
          {TERMS.map((term) => {
            const path = termPath(term.name);
            return (
              <TextField
                key={term.name}
                label={term.label}
                {...("unit" in term && { unit: term.unit })}
                {...("hint" in term && { hint: term.hint })}
                path={path}
                inputMode="decimal"
                placeholder="not set"
                value={draft.terms[term.name]}
                {...fault(faults, path)}
                onChange={(typed) => change(path, { terms: { ...draft.terms, [term.name]: typed } })}
              />
            );
          })}
        </div>
      </details>
    </>
  );
}
