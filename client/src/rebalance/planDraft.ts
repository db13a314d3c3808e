import { parametersOf, parameterValues, type Values } from "../compose/draft";
import { type Faults, parameterFaults } from "../compose/faults";
import type { NumberField } from "../compose/numbers";
import { numberFault, parseNumber } from "../compose/schema";
import type { PlanRebalanceInput, RebalanceChoicesQuery } from "../graphql/generated";

export type StrategyOption = RebalanceChoicesQuery["strategies"][number];
export type RunOption = RebalanceChoicesQuery["backtests"]["nodes"][number];

/** The form as typed. What is empty takes the run's own, the books' own or the contract's value. */
export type PlanDraft = {
  from: "backtest" | "strategy";
  backtest: string;
  strategy: string;
  parameters: Values;
  source: "universe" | "symbols";
  universe: string;
  symbols: string[];
  asOf: string;
  capital: string;
  terms: Record<TermName, string>;
};

/** What holds a plan back and what its orders cost; empty fields are not sent. */
export const TERMS = [
  {
    name: "noTradeBand",
    label: "No-trade band",
    optional: true,
    minimum: 0,
    maximum: 1,
    hint: "0.01 leaves 1% alone.",
  },
  { name: "maxTurnover", label: "Largest turnover", optional: true, above: 0, maximum: 1, hint: "0.2 is 20%." },
  { name: "commissionFlat", label: "Commission per order", unit: "A$", optional: true, minimum: 0, maximum: 1000 },
  { name: "slippageBps", label: "Slippage", unit: "bps", optional: true, minimum: 0, maximum: 1000 },
  { name: "fxSpreadBps", label: "Currency spread", unit: "bps", optional: true, minimum: 0, maximum: 1000 },
] as const satisfies readonly Omit<NumberField, "fallback">[];
type TermName = (typeof TERMS)[number]["name"];
const LIMITS: readonly TermName[] = ["noTradeBand", "maxTurnover"];
const GROUP = (name: TermName) => (LIMITS.includes(name) ? "constraints" : "costs");

/** Where a complaint about a term will point. */
export const termPath = (name: TermName) => `${GROUP(name)}.${name}`;

const EMPTY_TERMS = Object.fromEntries(TERMS.map(({ name }) => [name, ""])) as Record<TermName, string>;
const CAPITAL = { minimum: 1, maximum: 1e12 };

export function newPlanDraft(choices: RebalanceChoicesQuery, wished: string | null): PlanDraft {
  const runs = choices.backtests.nodes;
  const strategy = choices.strategies.find(({ key }) => key === "momentum") ?? choices.strategies[0];
  return {
    from: wished || runs.length > 0 ? "backtest" : "strategy",
    backtest: wished ?? runs[0]?.id ?? "",
    strategy: strategy?.key ?? "",
    parameters: strategy ? parametersOf(strategy) : {},
    source: "universe",
    universe: (choices.universes.find(({ key }) => key === "SAMPLE_US") ?? choices.universes[0])?.key ?? "",
    symbols: [],
    asOf: "",
    capital: "",
    terms: EMPTY_TERMS,
  };
}

export function planFaults(draft: PlanDraft, strategy: StrategyOption | undefined): Faults {
  const decides = draft.from === "strategy";
  const found: [string, string | undefined][] = [
    ["backtest", !decides && !draft.backtest ? "Choose a finished run" : undefined],
    ["capital", numberFault(draft.capital, CAPITAL, { optional: true })],
    ...TERMS.map((term): [string, string | undefined] => [
      termPath(term.name),
      numberFault(draft.terms[term.name], term, { optional: true }),
    ]),
  ];
  if (decides && strategy) {
    found.push(...parameterFaults(draft.parameters, strategy.parameterSchema));
    if (draft.source === "universe" && !draft.universe) found.push(["universe", "Choose a universe"]);
    if (draft.source === "symbols" && draft.symbols.length === 0) found.push(["symbols", "Add at least one symbol"]);
  }
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

export function toPlanInput(draft: PlanDraft, strategy: StrategyOption | undefined): PlanRebalanceInput {
  return {
    ...(draft.from === "backtest" || !strategy
      ? { backtest: draft.backtest }
      : {
          strategy: strategy.key,
          parameters: parameterValues(draft.parameters, strategy.parameterSchema),
          ...(draft.source === "universe" ? { universe: draft.universe } : { symbols: draft.symbols }),
        }),
    asOf: draft.asOf || null,
    capital: draft.capital.trim() || null,
    constraints: given(draft, "constraints"),
    costs: given(draft, "costs"),
  };
}

function given(draft: PlanDraft, group: "constraints" | "costs") {
  const typed = TERMS.filter(({ name }) => GROUP(name) === group && draft.terms[name].trim());
  if (typed.length === 0) return null;
  return Object.fromEntries(
    // An amount stays the text it was; the rest are numbers.
    typed.map(({ name }) => [
      name,
      name === "commissionFlat" ? draft.terms[name].trim() : parseNumber(draft.terms[name]),
    ]),
  );
}
