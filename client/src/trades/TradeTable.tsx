import type { TradeOrderField, TradeRowFragment } from "../graphql/generated";
import { day, decimal, integer, NOTHING, percent } from "../ui/format";
import { Icon } from "../ui/Icon";
import { table } from "../ui/Table";
import css from "./Trades.module.css";
import type { ListState } from "./listState";
import { price } from "./price";
import { StatusWord } from "./StatusWord";

type Props = { trades: readonly TradeRowFragment[]; state: ListState; onOpen: (id: string) => void };

export function TradeTable({ trades, state, onOpen }: Props) {
  return (
    <div className={table.scroll} role="region" aria-label="Trades" tabIndex={0}>
      <table className={`${table.table} ${css.table}`} aria-label="Trades">
        <thead>
          <tr>
            <SortHead field="SYMBOL" label="Trade" state={state} left />
            <th scope="col">Status</th>
            <SortHead field="QUANTITY" label="Quantity" unit="shares" state={state} />
            <SortHead field="ENTRY_AT" label="Entry" state={state} />
            <SortHead field="EXIT_AT" label="Exit or last price" state={state} />
            <SortHead field="PNL" label="Profit" unit="its currency" state={state} />
            <th scope="col" className={table.num}>
              Profit
              <div>AUD</div>
            </th>
            <th scope="col" className={table.num}>
              Return
              <div>of entry</div>
            </th>
            <th scope="col" className={table.num}>
              Held
              <div>days</div>
            </th>
          </tr>
        </thead>
        <tbody>
          {trades.map((trade) => (
            <TradeLine key={trade.id} trade={trade} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TradeLine({ trade, onOpen }: { trade: TradeRowFragment; onOpen: (id: string) => void }) {
  const closed = trade.status === "CLOSED";
  const pnl = closed ? trade.pnl : trade.unrealisedPnl;
  const pnlAud = closed ? trade.pnlAud : trade.unrealisedPnlAud;
  return (
    <tr className={trade.status === "CANCELLED" ? css.gone : undefined}>
      <th scope="row" className={css.trade}>
        <button type="button" className={css.name} onClick={() => onOpen(trade.id)}>
          {trade.symbol}
        </button>
        <span className={css.sub}>
          {[trade.side === "BUY" ? "Long" : "Short", trade.reference, trade.strategy, ...trade.tags]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </th>
      <td className={css.state}>
        <StatusWord status={trade.status} />
      </td>
      <Cell label="Quantity">{decimal(trade.quantity)}</Cell>
      <Cell label="Entry" sub={day(trade.entryOn)}>
        <Price value={trade.entryPrice} unit={trade.currency} />
      </Cell>
      <Last trade={trade} />
      <Amount label={closed ? "Profit" : "Unrealised"} value={pnl} unit={trade.currency} open={!closed} />
      <Amount label="In AUD" value={pnlAud} unit="AUD" open={!closed} />
      <Return trade={trade} pnl={pnl} />
      <Cell label="Days">{trade.holdingDays === null ? NOTHING : integer(trade.holdingDays)}</Cell>
    </tr>
  );
}

/** How it was left; of an open one, the last price anybody knows, and of which day. */
function Last({ trade }: { trade: TradeRowFragment }) {
  if (trade.exitPrice && trade.exitOn)
    return (
      <Cell label="Exit" sub={day(trade.exitOn)}>
        <Price value={trade.exitPrice} unit={trade.currency} />
      </Cell>
    );
  if (trade.lastPrice && trade.lastPriceDate)
    return (
      <Cell label="Last price" sub={`close of ${day(trade.lastPriceDate)}`}>
        <Price value={trade.lastPrice} unit={trade.currency} />
      </Cell>
    );
  return (
    <Cell label="Last price">
      <span className={table.faint}>{trade.status === "OPEN" ? "no price known" : NOTHING}</span>
    </Cell>
  );
}

function Return({ trade, pnl }: { trade: TradeRowFragment; pnl: string | null }) {
  const paid = Number(trade.quantity) * Number(trade.entryPrice);
  const share = trade.pnlPct ?? (pnl === null ? null : Number(pnl) / paid);
  return (
    <td className={`${table.num} ${tone(share)}`}>
      <span className={css.label}>Return</span>
      {share === null ? <span className={table.faint}>{NOTHING}</span> : percent(share)}
    </td>
  );
}

function Amount({ label, value, unit, open }: { label: string; value: string | null; unit: string; open: boolean }) {
  return (
    <td className={`${table.num} ${tone(value === null ? null : Number(value))}`}>
      <span className={css.label}>{label}</span>
      {value === null ? (
        <span className={table.faint}>{NOTHING}</span>
      ) : (
        <>
          {decimal(value, 2)} <span className={css.unit}>{unit}</span>
          {open && <span className={css.sub}>unrealised</span>}
        </>
      )}
    </td>
  );
}

function Price({ value, unit }: { value: string; unit: string }) {
  return (
    <>
      {price(value)} <span className={css.unit}>{unit}</span>
    </>
  );
}

function Cell({ label, sub, children }: { label: string; sub?: string; children: React.ReactNode }) {
  return (
    <td className={table.num}>
      <span className={css.label}>{label}</span>
      {children}
      {sub && <span className={css.sub}>{sub}</span>}
    </td>
  );
}

const tone = (value: number | null) => (value === null || value === 0 ? "" : value < 0 ? table.loss : table.gain);

type HeadProps = { field: TradeOrderField; label: string; unit?: string; state: ListState; left?: boolean };

function SortHead({ field, label, unit, state, left = false }: HeadProps) {
  const sorted = state.orderBy.field === field;
  const direction = state.orderBy.direction === "ASC" ? "ascending" : "descending";
  return (
    <th scope="col" className={left ? undefined : table.num} aria-sort={sorted ? direction : "none"}>
      <button type="button" className={`${css.sort} ${sorted ? css.sorted : ""}`} onClick={() => state.sortBy(field)}>
        {left && label}
        <Icon name={sorted && direction === "ascending" ? "up" : "down"} size={14} />
        {!left && label}
      </button>
      {unit && <div>{unit}</div>}
    </th>
  );
}
