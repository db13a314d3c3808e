import { useEffect, useState } from "react";
import type { TradeOrderField } from "../graphql/generated";
import { SelectField, TextField } from "../ui/Field";
import { words } from "../ui/format";
import css from "./Trades.module.css";
import { type FilterName, type ListState, STATUSES } from "./listState";

const TYPING_PAUSE = 300;
const ORDERS: readonly { value: TradeOrderField; label: string }[] = [
  { value: "ENTRY_AT", label: "Last entered" },
  { value: "EXIT_AT", label: "Last left" },
  { value: "PNL", label: "Highest profit" },
  { value: "QUANTITY", label: "Largest quantity" },
  { value: "SYMBOL", label: "Symbol, Z to A" },
];
const STATUS_OPTIONS = [{ value: "", label: "All" }, ...STATUSES.map((value) => ({ value, label: words(value) }))];
const SIDE_OPTIONS = [
  { value: "", label: "Both" },
  { value: "BUY", label: "Long" },
  { value: "SELL", label: "Short" },
];

const MORE: readonly FilterName[] = ["tag", "from", "to", "at"];

export function TradeFilters({ state }: { state: ListState }) {
  return (
    <div role="search" aria-label="Filter trades" className={css.search}>
      <div className={css.filters}>
        <Typed state={state} name="symbol" label="Symbol" placeholder="BHP.AX" upper />
        <SelectField
          label="Status"
          path="status"
          value={state.filter.status ?? ""}
          options={STATUS_OPTIONS}
          onChange={(value) => state.setFilter("status", value)}
        />
        <SelectField
          label="Side"
          path="side"
          value={state.filter.side ?? ""}
          options={SIDE_OPTIONS}
          onChange={(value) => state.setFilter("side", value)}
        />
        <Typed state={state} name="strategy" label="Strategy" placeholder="momentum" />
        {/* A phone's list has no heads to sort by. */}
        <div className={css.order}>
          <SelectField
            label="Order"
            path="sort"
            value={state.orderBy.field ?? "ENTRY_AT"}
            options={ORDERS}
            onChange={(value) => state.bestFirst(value as TradeOrderField)}
          />
        </div>
      </div>
      <details className={css.more} open={MORE.some((name) => state.read(name))}>
        <summary>Label, days, and as it was known</summary>
        <div className={css.filters}>
          <Typed state={state} name="tag" label="Label" placeholder="core" />
          <Typed state={state} name="from" label="Entered from" type="date" />
          <Typed state={state} name="to" label="Entered to" type="date" />
          <Typed state={state} name="at" label="As known on" type="date" />
        </div>
      </details>
    </div>
  );
}

type TypedProps = {
  state: ListState;
  name: FilterName;
  label: string;
  placeholder?: string;
  type?: "date" | "search";
  upper?: boolean;
};

/** What is typed counts when the typing pauses. */
function Typed({ state, name, label, placeholder = "", type = "search", upper = false }: TypedProps) {
  const applied = state.read(name);
  const [typed, setTyped] = useState(applied);
  useEffect(() => setTyped(applied), [applied]);
  useEffect(() => {
    const wanted = upper ? typed.trim().toUpperCase() : typed.trim();
    if (wanted === applied) return;
    const timer = setTimeout(() => state.setFilter(name, wanted), TYPING_PAUSE);
    return () => clearTimeout(timer);
  }, [typed, applied, name, upper, state]);
  return (
    <TextField label={label} path={name} type={type} placeholder={placeholder} value={typed} onChange={setTyped} />
  );
}
