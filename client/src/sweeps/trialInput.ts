import type { RunBacktestInput } from "../graphql/generated";
import { camel } from "../ui/format";

type Kept = Record<string, unknown>;

const named = (values: unknown): Kept =>
  Object.fromEntries(Object.entries((values ?? {}) as Kept).map(([name, value]) => [camel(name), value]));

/** The backtest of one combination: the search's base with what was varied in its place. */
export function trialInput(base: unknown, varied: Kept): RunBacktestInput {
  const kept = named(base);
  const parameters = { ...(kept.parameters as Kept) };
  const groups: Record<string, Kept> = { costs: named(kept.costs), constraints: named(kept.constraints) };
  let allocator = kept.allocator;
  for (const [name, value] of Object.entries(varied)) {
    const [group, field] = name.split(".");
    if (field !== undefined) groups[group!] = { ...groups[group!], [field]: value };
    else if (name === "allocator") allocator = value;
    else parameters[name] = value;
  }
  const { idempotencyKey: _key, name: _name, overlayVolTarget: _overlay, rebalance: _rebalance, ...rest } = kept;
  return { ...rest, parameters, ...groups, allocator } as unknown as RunBacktestInput;
}
