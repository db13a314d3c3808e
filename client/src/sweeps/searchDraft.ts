import type { ParameterAxisInput, SearchMethod, ValidationMethod } from "../graphql/generated";
import type { Faults } from "../compose/faults";
import { parseNumber, type ParameterField } from "../compose/schema";

export type SearchKind = "backtest" | "sweep" | "walk";

/** One varied parameter as typed: "21, 63, 126", or "21 to 252 by 21". */
export type AxisDraft = { name: string; values: string };

/** A search as typed, beside the run it begins from. */
export type SearchDraft = {
  kind: SearchKind;
  axes: AxisDraft[];
  objective: string;
  method: SearchMethod;
  maxTrials: string;
  validation: ValidationMethod;
  trainSessions: string;
  testSessions: string;
  purge: string;
  anchored: boolean;
};

export const OBJECTIVES = [
  { value: "sharpe", label: "Sharpe ratio" },
  { value: "sortino", label: "Sortino ratio" },
  { value: "calmar", label: "Calmar ratio" },
  { value: "cagr", label: "CAGR" },
  { value: "totalReturn", label: "Total return" },
  { value: "maxDrawdown", label: "Shallowest drawdown" },
  { value: "returnOverCvar", label: "Return over expected shortfall" },
  { value: "deflatedSharpe", label: "Deflated Sharpe ratio" },
] as const;

export const objectiveWords = (name: string) => OBJECTIVES.find(({ value }) => value === name)?.label ?? name;

const RANGE = /^\s*(\S+)\s+to\s+(\S+)(?:\s+by\s+(\S+))?\s*$/i;

export function newSearch(kind: SearchKind): SearchDraft {
  return {
    kind,
    axes: [],
    objective: "sharpe",
    method: "GRID",
    maxTrials: "100",
    validation: "WALK_FORWARD",
    trainSessions: "756",
    testSessions: "126",
    purge: "5",
    anchored: false,
  };
}

/** Parameters worth varying: numbers and choices. */
export const variable = (fields: readonly ParameterField[]) =>
  fields.filter(({ kind }) => kind === "integer" || kind === "number" || kind === "choice");

/** A first guess for a parameter: around its default, within its bounds. */
export function suggested(field: ParameterField): string {
  if (field.kind === "choice") return field.choices.join(", ");
  const fallback = typeof field.fallback === "number" ? field.fallback : (field.minimum ?? 0);
  const whole = field.kind === "integer";
  const around = [0.5, 1, 1.5].map((share) => (whole ? Math.round(fallback * share) : fallback * share));
  const inside = around.map((value) => Math.min(Math.max(value, field.minimum ?? value), field.maximum ?? value));
  return [...new Set(inside)].join(", ");
}

/** An axis as it is sent; null where what was typed is neither a list nor a range. */
export function axisOf({ name, values }: AxisDraft, numeric: boolean): ParameterAxisInput | null {
  const range = numeric ? RANGE.exec(values) : null;
  if (range) {
    const [low, high, step] = range.slice(1).map((text) => (text === undefined ? null : parseNumber(text)));
    const unread = range[3] !== undefined && step == null;
    return low == null || high == null || unread ? null : { name, low, high, step: step ?? null };
  }
  const listed = values.split(",").map((each) => each.trim());
  if (listed.some((each) => each === "")) return null;
  if (!numeric) return { name, values: listed };
  const numbers = listed.map(parseNumber);
  return numbers.includes(null) ? null : { name, values: numbers };
}

/** How many values an axis has; null for a range without a step, whose number the schema decides. */
function countOf(axis: ParameterAxisInput, whole: boolean): number | null {
  if (axis.values) return axis.values.length;
  const { low, high, step } = axis;
  if (low == null || high == null) return null;
  if (step == null) return whole ? Math.floor(high) - Math.ceil(low) + 1 : null;
  return step > 0 ? Math.floor((high - low) / step + 1e-9) + 1 : null;
}

/** The size of the grid as typed; null while it cannot be said. */
export function sizeOf(draft: SearchDraft, fields: readonly ParameterField[]): number | null {
  let size = 1;
  for (const typed of draft.axes) {
    const field = fields.find(({ name }) => name === typed.name);
    const axis = axisOf(typed, field?.kind !== "choice");
    const count = axis && countOf(axis, field?.kind === "integer");
    if (!count) return null;
    size *= count;
  }
  return draft.axes.length > 0 ? size : null;
}

export function searchFaults(draft: SearchDraft, fields: readonly ParameterField[]): Faults {
  if (draft.kind === "backtest") return {};
  const faults: Faults = {};
  if (draft.axes.length === 0) faults["axes"] = "Vary at least one parameter";
  draft.axes.forEach((axis, place) => {
    const numeric = fields.find(({ name }) => name === axis.name)?.kind !== "choice";
    if (!axisOf(axis, numeric)) {
      faults[`axes.${place}`] = numeric
        ? "Write values such as 21, 63, 126, or a range such as 21 to 252 by 21"
        : "Write names, with commas between them";
    }
  });
  const whole =
    draft.kind === "walk" ? (["trainSessions", "testSessions", "purge"] as const) : (["maxTrials"] as const);
  for (const name of whole) {
    if (draft.kind === "sweep" && draft.method === "GRID") continue;
    if (!/^\d+$/.test(draft[name].trim())) faults[name] = "Write a whole number";
  }
  return faults;
}

export const axesOf = (draft: SearchDraft, fields: readonly ParameterField[]): ParameterAxisInput[] =>
  draft.axes.flatMap((axis) => axisOf(axis, fields.find(({ name }) => name === axis.name)?.kind !== "choice") ?? []);
