import { Link } from "react-router";
import { gain, orNothing, tone } from "../portfolio/amounts";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { day, decimal, words } from "../ui/format";
import { Empty } from "../ui/Notice";
import { Table, table } from "../ui/Table";
import type { Dashboard } from "./DashboardPage";

export function RecentTrades({ trades }: { trades: Dashboard["recentTrades"] }) {
  return (
    <Card
      title="Recent trades"
      flush
      tools={
        <ButtonLink to="/trades" small look="quiet">
          Trades
        </ButtonLink>
      }
    >
      {trades.length === 0 ? (
        <Empty title="No trades yet">
          <p>
            <Link to="/trades">Record one, or import a file</Link>, and it is part of the value from its day on.
          </p>
        </Empty>
      ) : (
        <Table label="Recent trades">
          <thead>
            <tr>
              <th scope="col">Trade</th>
              <th scope="col" className={table.num}>
                Shares
              </th>
              <th scope="col" className={table.num}>
                Entry
              </th>
              <th scope="col" className={table.num}>
                Profit <div>AUD</div>
              </th>
            </tr>
          </thead>
          <tbody>
            {trades.map((trade) => (
              <Row key={trade.id} trade={trade} />
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

function Row({ trade }: { trade: Dashboard["recentTrades"][number] }) {
  const profit = trade.pnlAud ?? trade.unrealisedPnlAud;
  return (
    <tr>
      <th scope="row">
        {trade.symbol}
        <div className={table.faint}>{trade.side === "SELL" ? `${trade.reference}, short` : trade.reference}</div>
      </th>
      <td className={table.num}>{decimal(trade.quantity)}</td>
      <td className={table.num}>
        {decimal(trade.entryPrice, 2)} {trade.currency}
        <div className={table.faint}>{day(trade.entryAt.slice(0, 10))}</div>
      </td>
      <td className={`${table.num} ${tone(profit)}`}>
        {orNothing(profit, (amount) => gain(amount, "").trim())}
        <div className={table.faint}>
          {trade.status === "OPEN" && profit !== null ? "so far" : words(trade.status).toLowerCase()}
        </div>
      </td>
    </tr>
  );
}
