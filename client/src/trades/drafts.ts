import type {
  CloseTradeInput,
  CorrectTradeInput,
  Currency,
  OpenTradeInput,
  RecordCashFlowInput,
  Side,
  TradeWholeFragment,
} from "../graphql/generated";
import { numberFault } from "../compose/schema";

/** Path of a field, as the server writes it below `input`, to what is wrong there. */
export type Faults = Record<string, string>;

export const CURRENCIES = [
  { value: "AUD", label: "AUD" },
  { value: "USD", label: "USD" },
] as const;

/** An amount as it was typed: the server reads it digit for digit, so it is never a float here. */
const amount = (typed: string) => typed.trim().replace("−", "-");
const given = (typed: string) => (typed.trim() ? amount(typed) : null);
const labels = (typed: string) => [...new Set(typed.split(",").map((label) => label.trim()))].filter(Boolean);

const two = (part: number) => String(part).padStart(2, "0");

/** An instant on the clock of whoever looks, as a date-and-time field wants it. */
export function toLocal(at: Date): string {
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

export const toInstant = (local: string) => new Date(local).toISOString();

/** What a symbol is quoted in: Sydney's end in .AX. */
export const quotedIn = (symbol: string): Currency => (/\.AX$|-AUD$/.test(symbol) ? "AUD" : "USD");

const kept = (found: Record<string, string | undefined>): Faults =>
  Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== undefined));

const past = (local: string, name: string, now: Date) => {
  if (!local) return `Say when it was ${name}`;
  return new Date(local) > now ? "That is still to come" : undefined;
};

export type OpenDraft = {
  symbol: string;
  side: Side;
  quantity: string;
  entryPrice: string;
  entryAt: string;
  commission: string;
  currency: Currency;
  fxRate: string;
  reference: string;
  strategy: string;
  tags: string;
  notes: string;
};

export const newTrade = (now: Date): OpenDraft => ({
  symbol: "",
  side: "BUY",
  quantity: "",
  entryPrice: "",
  entryAt: toLocal(now),
  commission: "3.00",
  currency: "AUD",
  fxRate: "",
  reference: "",
  strategy: "",
  tags: "",
  notes: "",
});

export const openFaults = (draft: OpenDraft, now: Date): Faults =>
  kept({
    symbol: draft.symbol.trim() ? undefined : "Name the symbol",
    quantity: numberFault(draft.quantity, { above: 0 }),
    entryPrice: numberFault(draft.entryPrice, { above: 0 }),
    entryAt: past(draft.entryAt, "entered", now),
    commission: numberFault(draft.commission, { minimum: 0 }),
    fxRate: numberFault(draft.fxRate, { above: 0 }, { optional: true }),
  });

export const toOpenInput = (draft: OpenDraft, idempotencyKey: string): OpenTradeInput => ({
  symbol: draft.symbol.trim(),
  side: draft.side,
  quantity: amount(draft.quantity),
  entryPrice: amount(draft.entryPrice),
  entryAt: toInstant(draft.entryAt),
  commission: amount(draft.commission),
  currency: draft.currency,
  fxRate: draft.currency === "AUD" ? null : given(draft.fxRate),
  reference: draft.reference.trim() || null,
  strategy: draft.strategy.trim() || null,
  tags: labels(draft.tags),
  notes: draft.notes.trim() || null,
  idempotencyKey,
});

export type CloseDraft = {
  quantity: string;
  exitPrice: string;
  exitAt: string;
  exitCommission: string;
  fxRate: string;
};

export const newExit = (now: Date): CloseDraft => ({
  quantity: "",
  exitPrice: "",
  exitAt: toLocal(now),
  exitCommission: "3.00",
  fxRate: "",
});

export const closeFaults = (draft: CloseDraft, now: Date): Faults =>
  kept({
    quantity: numberFault(draft.quantity, { above: 0 }, { optional: true }),
    exitPrice: numberFault(draft.exitPrice, { above: 0 }),
    exitAt: past(draft.exitAt, "left", now),
    exitCommission: numberFault(draft.exitCommission, { minimum: 0 }),
    fxRate: numberFault(draft.fxRate, { above: 0 }, { optional: true }),
  });

export const toCloseInput = (
  draft: CloseDraft,
  { id, version }: Pick<TradeWholeFragment, "id" | "version">,
): CloseTradeInput => ({
  id,
  expectedVersion: version,
  quantity: given(draft.quantity),
  exitPrice: amount(draft.exitPrice),
  exitAt: toInstant(draft.exitAt),
  exitCommission: amount(draft.exitCommission),
  fxRate: given(draft.fxRate),
});

export type CorrectDraft = {
  quantity: string;
  entryPrice: string;
  exitPrice: string;
  entryAt: string;
  exitAt: string;
  commission: string;
  exitCommission: string;
  strategy: string;
  tags: string;
  notes: string;
  reason: string;
};

export const asItStands = (trade: TradeWholeFragment): CorrectDraft => ({
  quantity: trade.quantity,
  entryPrice: trade.entryPrice,
  exitPrice: trade.exitPrice ?? "",
  entryAt: toLocal(new Date(trade.entryAt)),
  exitAt: trade.exitAt ? toLocal(new Date(trade.exitAt)) : "",
  commission: trade.commission,
  exitCommission: trade.exitCommission ?? "",
  strategy: trade.strategy ?? "",
  tags: trade.tags.join(", "),
  notes: trade.notes ?? "",
  reason: "",
});

export function correctFaults(draft: CorrectDraft, trade: TradeWholeFragment, now: Date): Faults {
  const left = trade.status === "CLOSED";
  return kept({
    quantity: numberFault(draft.quantity, { above: 0 }),
    entryPrice: numberFault(draft.entryPrice, { above: 0 }),
    entryAt: past(draft.entryAt, "entered", now),
    commission: numberFault(draft.commission, { minimum: 0 }),
    exitPrice: left ? numberFault(draft.exitPrice, { above: 0 }) : undefined,
    exitAt: left ? past(draft.exitAt, "left", now) : undefined,
    exitCommission: left ? numberFault(draft.exitCommission, { minimum: 0 }) : undefined,
    reason: draft.reason.trim() ? undefined : "Say why: it is kept with the version",
  });
}

/** Only what was changed is sent: a field that stays as it is moves no rate and no split. */
export function toCorrectInput(draft: CorrectDraft, trade: TradeWholeFragment): CorrectTradeInput {
  const before = asItStands(trade);
  const changed = (name: keyof CorrectDraft) => draft[name].trim() !== before[name].trim();
  const amounts = (["quantity", "entryPrice", "exitPrice", "commission", "exitCommission"] as const).filter(changed);
  const instants = (["entryAt", "exitAt"] as const).filter(changed);
  const texts = (["strategy", "notes"] as const).filter(changed);
  return {
    id: trade.id,
    expectedVersion: trade.version,
    reason: draft.reason.trim(),
    ...Object.fromEntries(amounts.map((name) => [name, amount(draft[name])])),
    ...Object.fromEntries(instants.map((name) => [name, toInstant(draft[name])])),
    ...Object.fromEntries(texts.map((name) => [name, draft[name].trim()])),
    ...(changed("tags") && { tags: labels(draft.tags) }),
  };
}

export type CashDraft = {
  way: "in" | "out";
  date: string;
  amount: string;
  currency: Currency;
  fxRate: string;
  reason: string;
};

export const newFlow = (now: Date): CashDraft => ({
  way: "in",
  date: toLocal(now).slice(0, 10),
  amount: "",
  currency: "AUD",
  fxRate: "",
  reason: "",
});

export const cashFaults = (draft: CashDraft, now: Date): Faults =>
  kept({
    date: draft.date
      ? draft.date > toLocal(now).slice(0, 10)
        ? "That is still to come"
        : undefined
      : "Say on which day it moved",
    amount: numberFault(draft.amount, { above: 0 }),
    fxRate: numberFault(draft.fxRate, { above: 0 }, { optional: true }),
    reason: draft.reason.trim() ? undefined : "Say what it was",
  });

export const toFlowInput = (draft: CashDraft, idempotencyKey: string): RecordCashFlowInput => ({
  date: draft.date,
  amount: `${draft.way === "out" ? "-" : ""}${amount(draft.amount)}`,
  currency: draft.currency,
  fxRate: draft.currency === "AUD" ? null : given(draft.fxRate),
  reason: draft.reason.trim(),
  idempotencyKey,
});
