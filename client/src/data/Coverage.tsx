import { useDeferredValue, useMemo, useState } from "react";
import type { CoverageFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { SelectField, TextField } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Empty } from "../ui/Notice";
import { Pager, table } from "../ui/Table";
import css from "./Coverage.module.css";
import { CoverageRow } from "./CoverageRow";
import { chosen, type Column, needsAttention, type Order, type Shown, sorted } from "./coverage";
import type { Actions } from "./DataPage";
import { plural } from "./words";

const PAGE = 25;
const SHOWN: readonly { value: Shown; label: string }[] = [
  { value: "all", label: "All symbols" },
  { value: "attention", label: "What needs attention" },
  { value: "gaps", label: "With missing sessions" },
  { value: "stale", label: "Behind" },
  { value: "suspect", label: "With suspect bars" },
  { value: "quarantined", label: "With quarantined rows" },
];
const COLUMNS: readonly { column: Column; label: string; unit?: string; worstFirst?: true }[] = [
  { column: "share", label: "Coverage", unit: "of sessions" },
  { column: "firstBar", label: "First bar" },
  { column: "lastBar", label: "Last bar", worstFirst: true },
  { column: "present", label: "Bars", unit: "of sessions" },
  { column: "gaps", label: "Missing", unit: "sessions", worstFirst: true },
  { column: "stale", label: "Behind", unit: "sessions", worstFirst: true },
  { column: "suspect", label: "Suspect", unit: "bars", worstFirst: true },
  { column: "quarantined", label: "Quarantined", unit: "rows", worstFirst: true },
];

type Props = { rows: readonly CoverageFragment[]; actions: Actions; onQuarantine: (symbol: string) => void };

export function Coverage({ rows, actions, onQuarantine }: Props) {
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [order, setOrder] = useState<Order>({ column: "symbol", descending: false });
  const typed = useDeferredValue(search);
  const fitting = useMemo(() => sorted(chosen(rows, shown, typed), order), [rows, shown, typed, order]);
  const wanting = useMemo(() => rows.filter(needsAttention).length, [rows]);
  return (
    <Card
      title="Coverage"
      hint={
        wanting === 0
          ? `${plural(rows.length, "symbol")}, each with every session between its first and last bar.`
          : `${plural(wanting, "symbol")} of ${rows.length.toLocaleString("en-AU")} need a look. A row opens to its missing sessions.`
      }
      flush
    >
      <div className={css.filters} role="search" aria-label="Filter symbols">
        <TextField
          label="Symbol"
          path="symbol"
          type="search"
          placeholder="Letters of it"
          value={search}
          onChange={setSearch}
        />
        <SelectField
          label="Show"
          path="shown"
          value={shown}
          options={SHOWN}
          onChange={(value) => setShown(value as Shown)}
        />
        <div className={css.order}>
          <SelectField
            label="Order"
            path="order"
            value={order.column}
            options={[
              { value: "symbol", label: "Symbol" },
              ...COLUMNS.map(({ column, label }) => ({ value: column, label })),
            ]}
            onChange={(value) => setOrder(firstOrder(value as Column))}
          />
        </div>
      </div>
      {fitting.length === 0 ? (
        <Empty
          title="Nothing matches"
          action={<Button onClick={() => (setSearch(""), setShown("all"))}>Clear filters</Button>}
        >
          <p>No symbol fits this search and this filter.</p>
        </Empty>
      ) : (
        // A changed view starts again at its first page.
        <Grid
          key={JSON.stringify([shown, typed, order])}
          rows={fitting}
          order={order}
          onOrder={(column) =>
            setOrder(order.column === column ? { column, descending: !order.descending } : firstOrder(column))
          }
          actions={actions}
          onQuarantine={onQuarantine}
        />
      )}
    </Card>
  );
}

const firstOrder = (column: Column): Order => ({
  column,
  descending: COLUMNS.find((each) => each.column === column)?.worstFirst === true && column !== "lastBar",
});

type GridProps = Props & { order: Order; onOrder: (column: Column) => void };

function Grid({ rows, order, onOrder, actions, onQuarantine }: GridProps) {
  const [page, setPage] = useState(0);
  const [open, setOpen] = useState<string | null>(null);
  // Rows may have gone since the page was turned.
  const at = Math.min(page, Math.floor((rows.length - 1) / PAGE));
  const visible = rows.slice(at * PAGE, (at + 1) * PAGE);
  return (
    <>
      <div className={table.scroll} role="region" aria-label="Coverage by symbol" tabIndex={0}>
        <table className={`${table.table} ${css.table}`} aria-label="Coverage by symbol">
          <thead>
            <tr>
              <SortHead column="symbol" label="Symbol" order={order} onOrder={onOrder} />
              <SortHead column="source" label="Source" order={order} onOrder={onOrder} />
              {COLUMNS.map((head) => (
                <SortHead key={head.column} {...head} order={order} onOrder={onOrder} numeric />
              ))}
            </tr>
          </thead>
          <tbody>
            {visible.map((row) => (
              <CoverageRow
                key={row.symbol}
                row={row}
                open={open === row.symbol}
                onToggle={() => setOpen(open === row.symbol ? null : row.symbol)}
                actions={actions}
                onQuarantine={onQuarantine}
                columns={COLUMNS.length + 2}
              />
            ))}
          </tbody>
        </table>
      </div>
      <Pager
        from={at * PAGE + 1}
        shown={visible.length}
        total={rows.length}
        hasNext={(at + 1) * PAGE < rows.length}
        busy={false}
        onPrevious={() => setPage(at - 1)}
        onNext={() => setPage(at + 1)}
      />
    </>
  );
}

type HeadProps = {
  column: Column;
  label: string;
  unit?: string;
  numeric?: boolean;
  order: Order;
  onOrder: (column: Column) => void;
};

function SortHead({ column, label, unit, numeric = false, order, onOrder }: HeadProps) {
  const isSorted = order.column === column;
  const direction = order.descending ? "descending" : "ascending";
  return (
    <th scope="col" className={numeric ? table.num : undefined} aria-sort={isSorted ? direction : "none"}>
      <button type="button" className={`${css.sort} ${isSorted ? css.sorted : ""}`} onClick={() => onOrder(column)}>
        {numeric && <Icon name={isSorted && !order.descending ? "up" : "down"} size={14} />}
        {label}
        {!numeric && <Icon name={isSorted && order.descending ? "down" : "up"} size={14} />}
      </button>
      {unit && <div>{unit}</div>}
    </th>
  );
}
