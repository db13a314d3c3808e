import type { RunBacktestMutation, StrategyChoiceFragment } from "../graphql/generated";
import type { Draft, Values } from "./draft";
import { COSTS, CONSTRAINTS, type NumberField, OVERLAY, SECOND_CAP } from "./numbers";
import { fieldsOf, numberFault, orderedPairs, parseNumber, parseValues } from "./schema";

/** Path of a field, as the server writes it below `input`, to what is wrong there. */
export type Faults = Record<string, string>;

export function findFaults(draft: Draft, strategy: StrategyChoiceFragment, start: string): Faults {
  const found: [string, string | undefined][] = [
    ...parameterFaults(draft.parameters, strategy.parameterSchema),
    ["universe", draft.source === "universe" && !draft.universe ? "Choose a universe" : undefined],
    ["symbols", draft.source === "symbols" && draft.symbols.length === 0 ? "Add at least one symbol" : undefined],
    ["start", start ? undefined : "A start is needed"],
    ["end", draft.end && start && draft.end <= start ? "The end must come after the start" : undefined],
    ["initialCapital", numberFault(draft.initialCapital, { minimum: 1, maximum: 1e12 })],
    ...numberFaults("costs", COSTS, draft.costs),
    ...numberFaults("constraints", CONSTRAINTS, draft.constraints),
    [`constraints.${SECOND_CAP.name}`, numberFault(draft.secondCap, SECOND_CAP, { optional: true })],
    [OVERLAY.name, numberFault(draft.overlayVolTarget, OVERLAY, { optional: true })],
  ];
  return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What is wrong with typed parameters by their schema. */
export function parameterFaults(values: Values, schema: unknown): [string, string | undefined][] {
  const fields = fieldsOf(schema);
  const titles = new Map(fields.map((field) => [field.name, field.title.toLowerCase()]));
  const single = fields
    .filter(({ kind }) => kind === "integer" || kind === "number")
    .map((field): [string, string | undefined] => [
      `parameters.${field.name}`,
      numberFault(String(values[field.name] ?? ""), field, {
        integer: field.kind === "integer",
        optional: field.optional,
      }),
    ]);
  const pairs = orderedPairs(schema).flatMap(([low, high]): [string, string][] => {
    const [small, large] = [low, high].map((name) => parseNumber(String(values[name] ?? "")));
    return small != null && large != null && small >= large
      ? [[`parameters.${low}`, `Must be below ${titles.get(high)}`]]
      : [];
  });
  const named = fields
    .filter(({ name, kind }) => kind === "values" && !parseValues(String(values[name] ?? "")))
    .map(({ name }): [string, string] => [`parameters.${name}`, "Write names and values, such as lookback 126"]);
  return [...pairs, ...single.filter(([, fault]) => fault), ...named];
}

const numberFaults = (group: string, fields: readonly NumberField[], typed: Record<string, string>) =>
  fields.map((field): [string, string | undefined] => [
    `${group}.${field.name}`,
    numberFault(typed[field.name] ?? "", field, { integer: field.integer ?? false, optional: field.optional ?? false }),
  ]);

/** The server's complaints at their fields; those about no field come under the empty path. */
export function serverFaults(
  errors: readonly Pick<RunBacktestMutation["runBacktest"]["userErrors"][number], "field" | "message">[],
): Faults {
  const faults: Faults = {};
  for (const { field, message } of errors) {
    const path = (field ?? []).filter((part) => part !== "input").join(".");
    const sentence = message.charAt(0).toUpperCase() + message.slice(1);
    faults[path] = faults[path] ? `${faults[path]}. ${sentence}` : sentence;
  }
  return faults;
}
