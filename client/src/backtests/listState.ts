import { useSearchParams } from "react-router";
import type { BacktestFilter, BacktestOrder, BacktestOrderField, JobStatus } from "../graphql/generated";

const FIELDS: readonly BacktestOrderField[] = ["CREATED_AT", "SHARPE", "CAGR", "MAX_DRAWDOWN", "DEFLATED_SHARPE"];
export const STATUSES: readonly JobStatus[] = ["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"];
type Name = "search" | "strategy" | "universe" | "status";

/** Filter and order live in the address, so that a view can be shared and the back button works. */
export function useListState() {
  const [params, setParams] = useSearchParams();
  const read = (name: Name) => params.get(name) || null;
  const status = STATUSES.find((each) => each === params.get("status")) ?? null;
  const filter: BacktestFilter = {
    search: read("search"),
    strategy: read("strategy"),
    universe: read("universe"),
    status,
  };
  const orderBy: BacktestOrder = {
    field: FIELDS.find((each) => each === params.get("sort")) ?? "CREATED_AT",
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
    filtered: Object.values(filter).some(Boolean),
    setFilter: (name: Name, value: string) => write({ [name]: value }),
    clear: () => setParams({}, { replace: true }),
    bestFirst: (field: BacktestOrderField) => write({ sort: field, direction: "DESC" }),
    sortBy: (field: BacktestOrderField) => {
      const flip = orderBy.field === field && orderBy.direction === "DESC";
      write({ sort: field, direction: flip ? "ASC" : "DESC" });
    },
  };
}

export type ListState = ReturnType<typeof useListState>;
