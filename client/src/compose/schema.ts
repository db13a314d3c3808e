/** The part of JSON Schema that strategies' parameters use, read into what a form needs. */

export type ParameterField = {
  name: string;
  title: string;
  description: string;
  kind: "integer" | "number" | "text" | "choice" | "flag" | "symbols" | "values";
  optional: boolean;
  choices: string[];
  minimum?: number;
  maximum?: number;
  above?: number;
  below?: number;
  fallback: unknown;
};

type Property = {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
};

type ParameterSchema = { properties?: Record<string, Property>; "x-lessThan"?: [string, string][] };

export function fieldsOf(schema: unknown): ParameterField[] {
  return Object.entries((schema as ParameterSchema).properties ?? {}).map(([name, property]) => field(name, property));
}

/** Pairs that must stay in order, such as the skipped sessions below the lookback. */
export const orderedPairs = (schema: unknown) => (schema as ParameterSchema)["x-lessThan"] ?? [];

function field(name: string, property: Property): ParameterField {
  const types = [property.type ?? "string"].flat();
  return {
    name,
    title: property.title ?? name,
    description: property.description ?? "",
    kind: kindOf(types, property.enum),
    optional: types.includes("null"),
    choices: (property.enum ?? []).filter((choice) => choice !== null).map(String),
    fallback: property.default,
    ...(property.minimum !== undefined && { minimum: property.minimum }),
    ...(property.maximum !== undefined && { maximum: property.maximum }),
    ...(property.exclusiveMinimum !== undefined && { above: property.exclusiveMinimum }),
    ...(property.exclusiveMaximum !== undefined && { below: property.exclusiveMaximum }),
  };
}

function kindOf(types: string[], choices: unknown[] | undefined): ParameterField["kind"] {
  if (choices) return "choice";
  if (types.includes("boolean")) return "flag";
  if (types.includes("integer")) return "integer";
  if (types.includes("number")) return "number";
  if (types.includes("object")) return "values";
  return types.includes("array") ? "symbols" : "text";
}

/** Values by name as typed, such as `lookback 126, risky [SPY EFA]`; null where that cannot be read. */
export function parseValues(text: string): Record<string, unknown> | null {
  const entries = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => /^([a-z]\w*)\s*[\s:=]\s*(\[[^\]]*\]|\S+)$/i.exec(part));
  if (!entries.every((entry) => entry !== null)) return null;
  return Object.fromEntries(entries.map(([, name = "", value = ""]) => [name, valueOf(value)]));
}

const WORDS = new Map<string, boolean | null>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

const valueOf = (text: string): unknown => {
  if (text.startsWith("[")) return text.slice(1, -1).split(/\s+/).filter(Boolean);
  const word = WORDS.get(text);
  return word !== undefined ? word : (parseNumber(text) ?? text);
};

/** Values by name as they are typed. */
export const typedValues = (values: Record<string, unknown>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? `[${value.join(" ")}]` : String(value)}`)
    .join(", ");

type Bounds = Pick<ParameterField, "minimum" | "maximum" | "above" | "below">;

const plain = new Intl.NumberFormat("en-AU", { maximumFractionDigits: 9 });
const bound = (value: number) => plain.format(value).replace("-", "−");

export function boundsWords({ minimum, maximum, above, below }: Bounds): string {
  const low = minimum !== undefined ? bound(minimum) : above !== undefined ? `above ${bound(above)}` : "";
  const high = maximum !== undefined ? bound(maximum) : below !== undefined ? `below ${bound(below)}` : "";
  if (low && high) return above !== undefined ? `${low}, up to ${high}` : `${low} to ${high}`;
  if (low) return above !== undefined ? low : `from ${low}`;
  return high && (below !== undefined ? high : `up to ${high}`);
}

const NUMBER = /^[-−+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

export const parseNumber = (text: string): number | null =>
  NUMBER.test(text.trim()) ? Number(text.trim().replace("−", "-")) : null;

/** What is wrong with a typed number, or nothing. */
export function numberFault(
  text: string,
  { minimum, maximum, above, below }: Bounds,
  { integer = false, optional = false } = {},
): string | undefined {
  if (text.trim() === "") return optional ? undefined : "A number is needed";
  const value = parseNumber(text);
  if (value === null) return `“${text}” is not a number`;
  if (integer && !Number.isInteger(value)) return "Must be a whole number";
  if (minimum !== undefined && value < minimum) return `Must be at least ${bound(minimum)}`;
  if (maximum !== undefined && value > maximum) return `Must be at most ${bound(maximum)}`;
  if (above !== undefined && value <= above) return `Must be above ${bound(above)}`;
  if (below !== undefined && value >= below) return `Must be below ${bound(below)}`;
  return undefined;
}
