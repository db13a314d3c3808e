import type { BarOfDayQuery, BarValuesFragment, CorrectPriceInput } from "../graphql/generated";
import { numberFault, parseNumber } from "../compose/schema";
import { percent } from "../ui/format";

export const FIELDS = [
  { name: "open", label: "Open" },
  { name: "high", label: "High" },
  { name: "low", label: "Low" },
  { name: "close", label: "Close" },
  { name: "adjustedClose", label: "Adjusted close" },
  { name: "volume", label: "Volume" },
] as const satisfies readonly { name: keyof BarValuesFragment; label: string }[];

export type FieldName = (typeof FIELDS)[number]["name"];
export type Values = Record<FieldName, number | null>;
export type Draft = { symbol: string; date: string; reason: string; values: Record<FieldName, string> };
export type Faults = Record<string, string>;

const NONE: Record<FieldName, string> = { open: "", high: "", low: "", close: "", adjustedClose: "", volume: "" };

export const newCorrection = (symbol = "", date = ""): Draft => ({ symbol, date, reason: "", values: NONE });

/** The stored bar of the day; null when there is none. */
export function storedBar(bars: BarOfDayQuery["bars"] | undefined): Values | null {
  if (!bars || bars.dates.length === 0) return null;
  return Object.fromEntries(FIELDS.map(({ name }) => [name, bars[name][0] ?? null])) as Values;
}

export type Change = { label: string; before: number | null; after: number | null; move: string | null };

/** What differs between two bars; a price says by how much. */
export function changesOf(before: BarValuesFragment | null, after: BarValuesFragment): Change[] {
  return FIELDS.flatMap(({ name, label }) => {
    const [old, now] = [before?.[name] ?? null, after[name]];
    if (old === now) return [];
    return [{ label, before: old, after: now, move: old && now ? signed(now / old - 1) : null }];
  });
}

function signed(share: number): string {
  const digits = Math.abs(share) < 0.001 ? 3 : 1;
  return share > 0 ? `+${percent(share, digits)}` : percent(share, digits);
}

export function findFaults(draft: Draft, stored: Values | null): Faults {
  const faults: Faults = {};
  if (!draft.symbol.trim()) faults.symbol = "Name the symbol";
  if (!draft.date) faults.date = "Choose the session";
  if (!draft.reason.trim()) faults.reason = "Say why: it is kept with the correction";
  for (const { name } of FIELDS) {
    const fault = numberFault(draft.values[name], name === "volume" ? { minimum: 0 } : { above: 0 }, {
      optional: true,
    });
    if (fault) faults[name] = fault;
  }
  const given = FIELDS.filter(({ name }) => draft.values[name].trim());
  if (given.length === 0) faults.close ??= "Enter at least one value";
  return { ...(Object.keys(faults).length === 0 ? orderFaults({ ...stored, ...numbers(draft) }) : {}), ...faults };
}

/** A bar's own order: the high is highest, the low lowest. */
function orderFaults(bar: Partial<Values>): Faults {
  const { open, high, low, close } = bar;
  const between = [open, close].filter((value) => value != null);
  if (high != null && between.some((value) => value > high)) return { high: "The high is below the open or the close" };
  if (low != null && between.some((value) => value < low)) return { low: "The low is above the open or the close" };
  return high != null && low != null && low > high ? { low: "The low is above the high" } : {};
}

/** What was typed, as numbers; an empty field stays as it is stored. */
function numbers(draft: Draft): Partial<Values> {
  const typed = FIELDS.filter(({ name }) => draft.values[name].trim());
  return Object.fromEntries(typed.map(({ name }) => [name, parseNumber(draft.values[name]) ?? null]));
}

export const toInput = (draft: Draft): CorrectPriceInput => ({
  symbol: draft.symbol.trim(),
  date: draft.date,
  reason: draft.reason.trim(),
  ...numbers(draft),
});
