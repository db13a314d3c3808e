import type { StatsRowFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { integer, percent, ratio } from "../ui/format";
import { Table, table } from "../ui/Table";
import { useState } from "react";
import { gain, orNothing, tone } from "./amounts";

const SHOWN = 10;

type Props = { title: string; head: string; rows: readonly StatsRowFragment[]; currency: string; unnamed: string };

/** Closed trades by what they share, the largest profits and losses first. */
export function Stats({ title, head, rows, currency, unnamed }: Props) {
  const [all, setAll] = useState(false);
  const sorted = [...rows].sort((one, other) => Math.abs(Number(other.totalPnl)) - Math.abs(Number(one.totalPnl)));
  const shown = all ? sorted : sorted.slice(0, SHOWN);
  return (
    <Card title={title} hint={`Closed trades, ${currency} after costs`} flush>
      <Table label={title}>
        <thead>
          <tr>
            <th scope="col">{head}</th>
            <th scope="col" className={table.num}>
              Trades
            </th>
            <th scope="col" className={table.num}>
              Won
            </th>
            <th scope="col" className={table.num}>
              Profit
            </th>
            <th scope="col" className={table.num}>
              Average
            </th>
            <th scope="col" className={table.num}>
              Held <div>days</div>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.key}>
              <th scope="row">{row.key || <span className={table.faint}>{unnamed}</span>}</th>
              <td className={table.num}>{integer(row.trades)}</td>
              <td className={table.num}>{orNothing(row.winRate, (rate) => percent(rate, 0))}</td>
              <td className={`${table.num} ${tone(row.totalPnl)}`}>{gain(row.totalPnl, "").trim()}</td>
              <td className={`${table.num} ${tone(row.averagePnl)}`}>
                {orNothing(row.averagePnl, (profit) => gain(profit, "").trim())}
              </td>
              <td className={table.num}>{orNothing(row.averageHoldingDays, (days) => ratio(days, 1))}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {sorted.length > SHOWN && (
        <div className={table.foot}>
          <span>
            {shown.length} of {integer(sorted.length)}
          </span>
          <Button small aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Fewer" : "All"}
          </Button>
        </div>
      )}
    </Card>
  );
}
