import { useQuery } from "@apollo/client/react";
import { useMemo, useState } from "react";
import { Plot } from "../charts/Plot";
import { HoldingsAtDocument, WeightsDocument } from "../graphql/generated";
import { Card } from "../ui/Card";
import { decimal, percent } from "../ui/format";
import { LoadError } from "../ui/Notice";
import { Skeleton } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import css from "./Report.module.css";
import { anyLoan, weightSeries } from "./weights";

type Props = { id: string; currency: string; start: string; end: string };

export function Holdings({ id, currency, start, end }: Props) {
  const { data, error, refetch } = useQuery(WeightsDocument, { variables: { id } });
  const found = data?.backtest?.weights;
  const series = useMemo(() => (found ? weightSeries(found.symbols, found.weights) : []), [found]);
  if (data && !found) return null; // stored before runs kept these
  return (
    <Card title="Holdings" hint="Weights at the close, of what was held most; below, what was held on a day." flush>
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!found && !error && <Skeleton height={300} />}
      {found && (
        <Plot
          label="Weights over time"
          dates={found.dates}
          series={series}
          stacked={!anyLoan(series)}
          format={(value) => percent(value, 0)}
        />
      )}
      {found && <OnDay id={id} currency={currency} start={start} end={end} />}
    </Card>
  );
}

function OnDay({ id, currency, start, end }: Props) {
  const [at, setAt] = useState(end);
  const known = at >= start && at <= end;
  const { data, previousData, error, refetch } = useQuery(HoldingsAtDocument, {
    variables: { id, at: known ? at : end },
  });
  const held = (data ?? previousData)?.backtest?.holdings;
  return (
    <>
      <label className={css.day}>
        Held on
        <input type="date" value={at} min={start} max={end} onChange={(event) => setAt(event.target.value || end)} />
        {!known && <span role="alert">The run has no such day; its last is shown.</span>}
      </label>
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      <Table label="Holdings on a day">
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col" className={table.num}>
              Weight
            </th>
            <th scope="col" className={table.num}>
              Shares
            </th>
            <th scope="col" className={table.num}>
              Value, {currency}
            </th>
          </tr>
        </thead>
        <tbody>
          {held?.map((one) => (
            <tr key={one.symbol}>
              <th scope="row">{one.symbol}</th>
              <td className={table.num}>{percent(one.weight)}</td>
              <td className={table.num}>{decimal(one.shares)}</td>
              <td className={table.num}>{decimal(one.value, 2)}</td>
            </tr>
          ))}
          {held?.length === 0 && (
            <tr>
              <td colSpan={4}>All cash.</td>
            </tr>
          )}
        </tbody>
      </Table>
    </>
  );
}
