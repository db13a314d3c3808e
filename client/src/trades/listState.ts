import { useSearchParams } from "react-router";
import type { Side, TradeFilter, TradeOrder, TradeOrderField, TradeStatus } from "../graphql/generated";

export const STATUSES: readonly TradeStatus[] = ["OPEN", "CLOSED", "CANCELLED"];
const FIELDS: readonly TradeOrderField[] = ["ENTRY_AT", "EXIT_AT", "SYMBOL", "PNL", "QUANTITY"];
const SIDES: readonly Side[] = ["BUY", "SELL"];
export type FilterName = "symbol" | "status" | "side" | "strategy" | "tag" | "from" | "to" | "at";

/** Filter, order and instant live in the address, so that a view can be shared and the back button works. */
export function useListState() {
  const [params, setParams] = useSearchParams();
  const read = (name: FilterName) => params.get(name) || null;
  const filter: TradeFilter = {
    symbol: read("symbol"),
    strategy: read("strategy"),
    tag: read("tag"),
    entryFrom: read("from"),
    entryTo: read("to"),
    status: STATUSES.find((each) => each === params.get("status")) ?? null,
    side: SIDES.find((each) => each === params.get("side")) ?? null,
  };
  const orderBy: TradeOrder = {
    field: FIELDS.find((each) => each === params.get("sort")) ?? "ENTRY_AT",
    direction: params.get("direction") === "ASC" ? "ASC" : "DESC",
  };
  const write = (changes: Record<string, string>) =>
    setParams(
      (before) => {
        for (const [name, value] of Object.entries(changes)) value ? before.set(name, value) : before.delete(name);
        return before;
      },
      { replace: true },
    );
  return {
    filter,
    orderBy,
    /** The evening of the day one stands at; null is now. */
    knownAt: standingAt(read("at")),
    read: (name: FilterName) => params.get(name) ?? "",
    filtered: Object.values(filter).some(Boolean),
    setFilter: (name: FilterName, value: string) => write({ [name]: value }),
    clear: () => setParams({}, { replace: true }),
    bestFirst: (field: TradeOrderField) => write({ sort: field, direction: "DESC" }),
    sortBy: (field: TradeOrderField) => {
      const flip = orderBy.field === field && orderBy.direction === "DESC";
      write({ sort: field, direction: flip ? "ASC" : "DESC" });
    },
  };
}

export type ListState = ReturnType<typeof useListState>;

/** The last instant of a day by the viewer's clock; null for today and for what is no day. */
export function standingAt(day: string | null, now = new Date()): string | null {
  if (!day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const end = new Date(`${day}T23:59:59.999`);
  return Number.isNaN(end.getTime()) || end >= now ? null : end.toISOString();
}
