import { type ReactNode, useState } from "react";
import type {
  Allocator,
  BandFill,
  CashRateBasis,
  DecisionClock,
  FillPolicy,
  FxMode,
  GroupBy,
  OnInfeasible,
  StrategyChoiceFragment,
} from "../graphql/generated";
import { CheckField, SelectField, TextField } from "../ui/Field";
import { enumWords } from "../ui/format";
import { Icon } from "../ui/Icon";
import css from "./Compose.module.css";
import type { Group } from "./ComposeForm";
import { COSTS, CONSTRAINTS, type NumberField, OVERLAY, SECOND_CAP } from "./numbers";
import { boundsWords } from "./schema";

const choices = <T extends string>(values: readonly T[]) => values.map((value) => ({ value, label: enumWords(value) }));
const GROUPS = choices<GroupBy>(["SECTOR", "CURRENCY", "EXCHANGE", "ASSET_CLASS"]);
const BAND_FILLS: readonly { value: BandFill; label: string }[] = [
  { value: "CASH", label: "Cash" },
  { value: "SPREAD", label: "The trades that are made" },
];
const FALLBACKS: readonly { value: OnInfeasible; label: string }[] = [
  { value: "CASH", label: "What is allowed, the rest cash" },
  { value: "RELAX", label: "All, the limit loosened as little as it takes" },
  { value: "HRP", label: "The same assets by hierarchical risk parity" },
  { value: "KEEP", label: "What was held" },
  { value: "FAIL", label: "Nothing: end the run" },
];
const FILLS: readonly { value: FillPolicy; label: string }[] = [
  { value: "NEXT_OPEN", label: "Next open" },
  { value: "NEXT_CLOSE", label: "Next close" },
  { value: "DECISION_CLOSE", label: "Decision close (not tradable)" },
];
const FX_MODES: readonly { value: FxMode; label: string }[] = [
  { value: "CONVERT_EACH", label: "Converted" },
  { value: "HOLD_USD", label: "Kept abroad" },
];
const CASH_RATES: readonly { value: CashRateBasis; label: string }[] = [
  { value: "FIXED", label: "One rate on all days" },
  { value: "PUBLISHED", label: "What the central bank set" },
];
const CENTRAL_BANKS = {
  AUD: "The Reserve Bank of Australia's target for each day, instead of the rate above. A day without one refuses the run.",
  USD: "The rate you imported, else what one-month bills paid, instead of the rate above. A day without one refuses the run.",
};
const CLOCKS = choices<DecisionClock>(["US_CLOSE", "ASX_CLOSE"]);

export function CostFields({ draft, change, faults }: Group) {
  return (
    <Fold
      title="Costs and cash"
      gist={`${draft.costs.commissionFlat || 0} ${draft.currency} an order, ${draft.costs.slippageBps || 0} bps slippage, ${draft.costs.fxSpreadBps || 0} bps currency${draft.fxMode === "HOLD_USD" ? ", cash kept abroad" : ""}${draft.cashRateBasis === "PUBLISHED" ? ", cash at published rates" : ""}`}
      wrong={hasFault(faults, "costs")}
    >
      {COSTS.map((field) => (
        <NumberBox
          key={field.name}
          field={field}
          path={`costs.${field.name}`}
          fault={faults[`costs.${field.name}`]}
          currency={draft.currency}
          value={draft.costs[field.name]}
          onChange={(value) => change(`costs.${field.name}`, { costs: { ...draft.costs, [field.name]: value } })}
        />
      ))}
      <SelectField
        label="Cash abroad"
        path="costs.fxMode"
        value={draft.fxMode}
        options={FX_MODES}
        hint="Converted at each trade, or kept: then only what is short is converted, and it earns nothing."
        onChange={(value) => change("costs.fxMode", { fxMode: value as FxMode })}
      />
      <SelectField
        label="Interest follows"
        path="costs.cashRateBasis"
        value={draft.cashRateBasis}
        options={CASH_RATES}
        hint={
          draft.cashRateBasis === "PUBLISHED"
            ? CENTRAL_BANKS[draft.currency]
            : "The interest on cash above, on every day."
        }
        {...(faults["costs.cashRateBasis"] && { error: faults["costs.cashRateBasis"] })}
        onChange={(value) => change("costs.cashRateBasis", { cashRateBasis: value as CashRateBasis })}
      />
      <CheckField
        label="Spend what rounding leaves"
        path="costs.residualPass"
        checked={draft.residualPass}
        hint="On one more share of what lies furthest below its target; not beside a group's limit."
        {...(faults["costs.residualPass"] && { error: faults["costs.residualPass"] })}
        onChange={(residualPass) => change("costs.residualPass", { residualPass })}
      />
    </Fold>
  );
}

export function ConstraintFields({ strategy, draft, change, faults }: Group & { strategy: StrategyChoiceFragment }) {
  const allocators = [{ value: "", label: "The strategy's own" }, ...choices(strategy.allocators)];
  return (
    <Fold
      title="Weights and limits"
      gist={draft.allocator ? enumWords(draft.allocator) : "the strategy's own weights"}
      wrong={hasFault(faults, "constraints") || Boolean(faults.allocator ?? faults[OVERLAY.name])}
    >
      <SelectField
        label="Allocator"
        path="allocator"
        value={draft.allocator}
        options={allocators}
        {...(faults.allocator && { error: faults.allocator })}
        hint={
          strategy.allocators.length
            ? "Replaces how the chosen assets are weighted."
            : "This strategy weights by its own rule."
        }
        onChange={(value) => change("allocator", { allocator: value as Allocator | "" })}
      />
      {CONSTRAINTS.map((field) => (
        <NumberBox
          key={field.name}
          field={field}
          path={`constraints.${field.name}`}
          fault={faults[`constraints.${field.name}`]}
          currency={draft.currency}
          value={draft.constraints[field.name]}
          onChange={(value) =>
            change(`constraints.${field.name}`, { constraints: { ...draft.constraints, [field.name]: value } })
          }
        />
      ))}
      <SelectField
        label="Group by"
        path="constraints.groupBy"
        value={draft.groupBy}
        options={GROUPS}
        hint="What the group's limit counts."
        onChange={(value) => change("constraints.groupBy", { groupBy: value as GroupBy })}
      />
      <NumberBox
        field={SECOND_CAP}
        path={`constraints.${SECOND_CAP.name}`}
        fault={faults[`constraints.${SECOND_CAP.name}`]}
        currency={draft.currency}
        value={draft.secondCap}
        onChange={(secondCap) => change(`constraints.${SECOND_CAP.name}`, { secondCap })}
      />
      <SelectField
        label="Group the second by"
        path="constraints.groupCaps.by"
        value={draft.secondGroupBy}
        options={GROUPS}
        hint="What the second limit counts."
        onChange={(value) => change("constraints.groupCaps.by", { secondGroupBy: value as GroupBy })}
      />
      <SelectField
        label="Weight left alone goes to"
        path="constraints.bandFill"
        value={draft.bandFill}
        options={BAND_FILLS}
        hint="What takes the weight that trades within a band would have moved."
        onChange={(value) => change("constraints.bandFill", { bandFill: value as BandFill })}
      />
      <SelectField
        label="Where limits cannot hold"
        path="constraints.onInfeasible"
        value={draft.onInfeasible}
        options={FALLBACKS}
        hint="What is held then, or where an allocator has no answer. The report counts those decisions."
        onChange={(value) => change("constraints.onInfeasible", { onInfeasible: value as OnInfeasible })}
      />
      <NumberBox
        field={OVERLAY}
        path={OVERLAY.name}
        fault={faults[OVERLAY.name]}
        currency={draft.currency}
        value={draft.overlayVolTarget}
        onChange={(overlayVolTarget) => change(OVERLAY.name, { overlayVolTarget })}
      />
    </Fold>
  );
}

export function ExecutionFields({ draft, change, faults }: Group) {
  return (
    <Fold
      title="Execution"
      gist={`${FILLS.find((fill) => fill.value === draft.fill)?.label}, ${draft.wholeShares ? "whole shares" : "fractions of shares"}`}
      wrong={Boolean(faults.fill ?? faults.decisionClock)}
    >
      <SelectField
        label="Fill"
        path="fill"
        value={draft.fill}
        options={FILLS}
        hint="Where no open is known, the next close stands in."
        onChange={(value) => change("fill", { fill: value as FillPolicy })}
      />
      <SelectField
        label="Decision clock"
        path="decisionClock"
        value={draft.decisionClock}
        options={CLOCKS}
        hint="When the day's decision is made, and so what it may know."
        onChange={(value) => change("decisionClock", { decisionClock: value as DecisionClock })}
      />
      <CheckField
        label="Whole shares"
        path="wholeShares"
        checked={draft.wholeShares}
        hint="As a broker fills them."
        onChange={(wholeShares) => change("wholeShares", { wholeShares })}
      />
    </Fold>
  );
}

const hasFault = (faults: Record<string, string>, group: string) =>
  Object.keys(faults).some((path) => path.startsWith(`${group}.`));

/** Folded away with its gist in sight; opens by itself when something in it is wrong. */
function Fold({ title, gist, wrong, children }: { title: string; gist: string; wrong: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <details className={css.details} open={open || wrong} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="right" />
        <h2>{title}</h2>
        <span>{gist}</span>
      </summary>
      <div>
        <div className={css.grid}>{children}</div>
      </div>
    </details>
  );
}

type BoxProps = {
  field: NumberField;
  path: string;
  fault: string | undefined;
  currency: string;
  value: string;
  onChange: (value: string) => void;
};

function NumberBox({ field, path, fault, currency, value, onChange }: BoxProps) {
  const unit = field.unit === "$" ? currency : field.unit;
  return (
    <TextField
      label={field.label}
      path={path}
      inputMode="decimal"
      value={value}
      onChange={onChange}
      bounds={boundsWords(field)}
      {...(field.hint && { hint: field.hint })}
      {...(unit && { unit })}
      {...(fault && { error: fault })}
      {...(field.optional && { placeholder: "not set" })}
    />
  );
}
