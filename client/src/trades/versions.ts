import type { TradeVersionFragment } from "../graphql/generated";
import { decimal, instant, NOTHING, words } from "../ui/format";

const SHOWN: readonly [keyof TradeVersionFragment, string, (value: string) => string][] = [
  ["status", "Status", words],
  ["quantity", "Quantity", decimal],
  ["entryPrice", "Entry price", decimal],
  ["entryAt", "Entered", instant],
  ["commission", "Commission", decimal],
  ["fxRateAtEntry", "Rate at entry", decimal],
  ["exitPrice", "Exit price", decimal],
  ["exitAt", "Left", instant],
  ["exitCommission", "Exit commission", decimal],
  ["fxRateAtExit", "Rate at exit", decimal],
  ["strategy", "Strategy", String],
  ["notes", "Notes", String],
  ["tags", "Labels", String],
];

export type VersionChange = { label: string; was: string; now: string };

/** What one version says otherwise than the one before it. */
export function changesOf(before: TradeVersionFragment, after: TradeVersionFragment): VersionChange[] {
  return SHOWN.flatMap(([name, label, show]) => {
    const [was, now] = [text(before[name]), text(after[name])];
    const told = (value: string) => (value === "" ? NOTHING : show(value));
    return was === now ? [] : [{ label, was: told(was), now: told(now) }];
  });
}

const text = (value: unknown) => (Array.isArray(value) ? value.join(", ") : value == null ? "" : String(value));
