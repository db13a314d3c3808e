import { useQuery } from "@apollo/client/react";
import { useEffect, useState } from "react";
import { type BacktestOrderField, FilterChoicesDocument } from "../graphql/generated";
import { SelectField, TextField } from "../ui/Field";
import { words } from "../ui/format";
import css from "./BacktestList.module.css";
import { type ListState, STATUSES } from "./listState";

const TYPING_PAUSE = 250;
const ORDERS: readonly { value: BacktestOrderField; label: string }[] = [
  { value: "CREATED_AT", label: "Newest first" },
  { value: "CAGR", label: "Highest CAGR" },
  { value: "SHARPE", label: "Highest Sharpe" },
  { value: "MAX_DRAWDOWN", label: "Smallest drawdown" },
  { value: "DEFLATED_SHARPE", label: "Highest deflated Sharpe" },
];

export function ListFilters({ state }: { state: ListState }) {
  const { data } = useQuery(FilterChoicesDocument);
  const named = (choices: readonly { key: string; name: string }[] = []) => [
    { value: "", label: "All" },
    ...choices.map(({ key, name }) => ({ value: key, label: name })),
  ];
  return (
    <div className={css.filters} role="search" aria-label="Filter backtests">
      <SearchBox state={state} />
      <SelectField
        label="Strategy"
        path="strategy"
        value={state.filter.strategy ?? ""}
        options={named(data?.strategies)}
        onChange={(value) => state.setFilter("strategy", value)}
      />
      <SelectField
        label="Universe"
        path="universe"
        value={state.filter.universe ?? ""}
        options={named(data?.universes)}
        onChange={(value) => state.setFilter("universe", value)}
      />
      <SelectField
        label="Status"
        path="status"
        value={state.filter.status ?? ""}
        options={[{ value: "", label: "All" }, ...STATUSES.map((value) => ({ value, label: words(value) }))]}
        onChange={(value) => state.setFilter("status", value)}
      />
      {/* A phone's list has no heads to sort by. */}
      <div className={css.order}>
        <SelectField
          label="Order"
          path="sort"
          value={state.orderBy.field ?? "CREATED_AT"}
          options={ORDERS}
          onChange={(value) => state.bestFirst(value as BacktestOrderField)}
        />
      </div>
    </div>
  );
}

function SearchBox({ state }: { state: ListState }) {
  const applied = state.filter.search ?? "";
  const [typed, setTyped] = useState(applied);

  useEffect(() => setTyped(applied), [applied]);
  useEffect(() => {
    if (typed === applied) return;
    const timer = setTimeout(() => state.setFilter("search", typed), TYPING_PAUSE);
    return () => clearTimeout(timer);
  }, [typed, applied, state]);

  return (
    <TextField
      label="Search"
      path="search"
      type="search"
      placeholder="Name or notes"
      value={typed}
      onChange={setTyped}
    />
  );
}
