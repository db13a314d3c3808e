import type {
  Allocator,
  CashRateBasis,
  ComposeFromQuery,
  ConstraintsInput,
  CostModelInput,
  Currency,
  DecisionClock,
  FillPolicy,
  FxMode,
  BandFill,
  GroupBy,
  OnInfeasible,
  RunBacktestInput,
  StrategyChoiceFragment,
} from "../graphql/generated";
import { camel } from "../ui/format";
import { COSTS, type ConstraintName, CONSTRAINTS, type CostName } from "./numbers";
import { fieldsOf, parseNumber, parseValues, typedValues } from "./schema";

/** Parameters as typed, by name. */
export type Values = Record<string, string | boolean | string[]>;

/** What has parameters: a strategy, a scanner. */
export type Parameterised = Pick<StrategyChoiceFragment, "parameterSchema" | "defaultParameters">;

/** The form as typed. Numbers stay text until they are sent; an empty date takes the shown default. */
export type Draft = {
  strategy: string;
  parameters: Values;
  source: "universe" | "symbols";
  universe: string;
  symbols: string[];
  currency: Currency;
  start: string;
  end: string;
  initialCapital: string;
  benchmark: string;
  allocator: Allocator | "";
  fill: FillPolicy;
  decisionClock: DecisionClock;
  wholeShares: boolean;
  costs: Record<CostName, string>;
  fxMode: FxMode;
  cashRateBasis: CashRateBasis;
  residualPass: boolean;
  constraints: Record<ConstraintName, string>;
  groupBy: GroupBy;
  secondCap: string;
  secondGroupBy: GroupBy;
  bandFill: BandFill;
  onInfeasible: OnInfeasible;
  overlayVolTarget: string;
  name: string;
};

const fallbacks = <Name extends string>(fields: readonly { name: Name; fallback: string }[]) =>
  Object.fromEntries(fields.map(({ name, fallback }) => [name, fallback])) as Record<Name, string>;

const asTyped = (value: unknown): string | boolean | string[] => {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === "boolean") return value;
  if (value instanceof Object) return typedValues(value as Record<string, unknown>);
  return value === null || value === undefined ? "" : String(value);
};

export function parametersOf(of: Parameterised, given: Record<string, unknown> = {}): Values {
  const defaults = (of.defaultParameters ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    fieldsOf(of.parameterSchema).map(({ name, fallback }) => [
      name,
      asTyped(given[name] ?? defaults[name] ?? fallback),
    ]),
  );
}

/** A primary decides as often as it does on its own, until something else is chosen for it. */
export function afterChange(
  path: string,
  parameters: Values,
  strategies: readonly (Parameterised & { key: string })[],
): Values {
  const primary = path === "parameters.primary" && strategies.find(({ key }) => key === parameters.primary);
  if (!primary) return parameters;
  const { rebalance } = parametersOf(primary);
  return rebalance === undefined ? parameters : { ...parameters, rebalance };
}

export function newDraft(strategy: StrategyChoiceFragment, universe: string): Draft {
  return {
    strategy: strategy.key,
    parameters: parametersOf(strategy),
    source: "universe",
    universe,
    symbols: [],
    currency: "AUD",
    start: "",
    end: "",
    initialCapital: "100000",
    benchmark: "",
    allocator: "",
    fill: "NEXT_OPEN",
    decisionClock: "US_CLOSE",
    wholeShares: true,
    costs: fallbacks(COSTS),
    fxMode: "CONVERT_EACH",
    cashRateBasis: "FIXED",
    residualPass: false,
    constraints: fallbacks(CONSTRAINTS),
    groupBy: "SECTOR",
    secondCap: "",
    secondGroupBy: "CURRENCY",
    bandFill: "CASH",
    onInfeasible: "CASH",
    overlayVolTarget: "",
    name: "",
  };
}

export type PastRun = NonNullable<ComposeFromQuery["backtest"]>;

/** A finished run as a draft, ready for another try; the universe's own benchmark goes without saying. */
export function draftFrom(run: PastRun, strategy: StrategyChoiceFragment, ownBenchmark?: string | null): Draft {
  const costs = camelKeys(run.costs);
  const constraints = camelKeys(run.constraints);
  return {
    ...newDraft(strategy, run.universe ?? ""),
    parameters: parametersOf(strategy, run.parameters as Record<string, unknown>),
    source: run.universe ? "universe" : "symbols",
    symbols: run.universe ? [] : run.symbols,
    currency: run.currency,
    start: run.start,
    end: run.end,
    initialCapital: run.initialCapital,
    benchmark: run.benchmark === ownBenchmark ? "" : run.benchmark,
    allocator: run.allocator ?? "",
    fill: run.fill,
    decisionClock: run.decisionClock,
    wholeShares: run.wholeShares,
    costs: typedFrom(COSTS, costs),
    fxMode: (costs.fxMode as FxMode | undefined) ?? "CONVERT_EACH",
    cashRateBasis: (costs.cashRateBasis as CashRateBasis | undefined) ?? "FIXED",
    residualPass: costs.residualPass === true,
    constraints: typedFrom(CONSTRAINTS, constraints),
    groupBy: (constraints.groupBy as GroupBy | undefined) ?? "SECTOR",
    ...secondCapOf(constraints.groupCaps),
    bandFill: (constraints.bandFill as BandFill | undefined) ?? "CASH",
    onInfeasible: (constraints.onInfeasible as OnInfeasible | undefined) ?? "CASH",
    overlayVolTarget: run.overlayVolTarget === null ? "" : String(run.overlayVolTarget),
    name: run.name ?? "",
  };
}

const secondCapOf = (caps: unknown): Partial<Draft> => {
  const [first] = (caps ?? []) as { by: GroupBy; cap: number }[];
  return first ? { secondGroupBy: first.by, secondCap: String(first.cap) } : {};
};

const camelKeys = (value: unknown) =>
  Object.fromEntries(
    Object.entries((value ?? {}) as Record<string, unknown>).map(([name, each]) => [camel(name), each]),
  );

const typedFrom = <Name extends string>(
  fields: readonly { name: Name; fallback: string }[],
  given: Record<string, unknown>,
) =>
  Object.fromEntries(
    fields.map(({ name, fallback }) => [name, name in given ? String(given[name] ?? "") : fallback]),
  ) as Record<Name, string>;

export function toInput(draft: Draft, strategy: StrategyChoiceFragment, defaults: { start: string }): RunBacktestInput {
  return {
    strategy: draft.strategy,
    parameters: parameterValues(draft.parameters, strategy.parameterSchema),
    ...(draft.source === "universe" ? { universe: draft.universe } : { symbols: draft.symbols }),
    start: draft.start || defaults.start,
    end: draft.end || null,
    initialCapital: draft.initialCapital.trim(),
    currency: draft.currency,
    benchmark: draft.benchmark.trim() || null,
    allocator: draft.allocator || null,
    fill: draft.fill,
    wholeShares: draft.wholeShares,
    decisionClock: draft.decisionClock,
    costs: {
      ...numbersOf(draft.costs),
      commissionFlat: draft.costs.commissionFlat.trim(),
      minimumCommission: draft.costs.minimumCommission.trim() || null,
      fxMode: draft.fxMode,
      cashRateBasis: draft.cashRateBasis,
      residualPass: draft.residualPass,
    } satisfies CostModelInput,
    constraints: {
      ...numbersOf(draft.constraints),
      groupBy: draft.groupBy,
      ...(draft.secondCap.trim() && {
        groupCaps: [{ by: draft.secondGroupBy, cap: parseNumber(draft.secondCap) ?? Number.NaN }],
      }),
      bandFill: draft.bandFill,
      onInfeasible: draft.onInfeasible,
    } satisfies ConstraintsInput,
    overlayVolTarget: parseNumber(draft.overlayVolTarget),
    name: draft.name.trim() || null,
  };
}

const numbersOf = (typed: Record<string, string>): Record<string, number | null> =>
  Object.fromEntries(Object.entries(typed).map(([name, text]) => [name, parseNumber(text)]));

/** Parameters as they are sent: numbers, and null for what was left empty. */
export function parameterValues(values: Values, schema: unknown): Record<string, unknown> {
  return Object.fromEntries(
    fieldsOf(schema).map(({ name, kind }) => {
      const typed = values[name];
      if (kind === "values") return [name, parseValues(String(typed ?? ""))];
      const isNumber = kind === "integer" || kind === "number";
      return [name, typed === "" ? null : isNumber ? parseNumber(String(typed)) : typed];
    }),
  );
}
