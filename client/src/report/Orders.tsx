import { useQuery } from "@apollo/client/react";
import { type OrdersQuery, OrdersDocument } from "../graphql/generated";
import { Card } from "../ui/Card";
import { day, decimal, words } from "../ui/format";
import { LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, Table, table } from "../ui/Table";
import { reasonWords } from "./flags";
import { usePages } from "../ui/usePages";

const PAGE = 25;
type Order = NonNullable<NonNullable<OrdersQuery["backtest"]>["orders"]>["nodes"][number];

export function Orders({ id, currency }: { id: string; currency: string }) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch } = useQuery(OrdersDocument, {
    variables: { id, first: PAGE, after: pages.after },
  });
  const orders = (data ?? previousData)?.backtest?.orders;
  return (
    <Card title="Orders" hint={`Quantities in shares; price in the share's own currency; costs in ${currency}.`} flush>
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!orders && !error && (
        <div style={{ padding: "1rem" }}>
          <SkeletonRows label="Loading orders" rows={8} height={32} />
        </div>
      )}
      {orders && (
        <>
          <OrderTable orders={orders.nodes} currency={currency} />
          <Pager
            from={pages.from}
            shown={orders.nodes.length}
            total={orders.totalCount}
            hasNext={orders.pageInfo.hasNextPage}
            busy={loading}
            onPrevious={pages.previous}
            onNext={() => pages.next(orders.pageInfo.endCursor)}
          />
        </>
      )}
    </Card>
  );
}

function OrderTable({ orders, currency }: { orders: readonly Order[]; currency: string }) {
  const heads = ["Ordered", "Filled", "Price", `Commission, ${currency}`, `Slippage, ${currency}`, `FX, ${currency}`];
  return (
    <Table label="Orders">
      <thead>
        <tr>
          <th scope="col">Date</th>
          <th scope="col">Symbol</th>
          <th scope="col">Side</th>
          {heads.map((head) => (
            <th key={head} scope="col" className={table.num}>
              {head}
            </th>
          ))}
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody>
        {orders.map((order, row) => (
          <tr key={`${order.date}-${order.symbol}-${row}`}>
            <td>{day(order.date)}</td>
            <th scope="row">{order.symbol}</th>
            <td className={order.side === "BUY" ? table.gain : table.loss}>{words(order.side)}</td>
            <td className={table.num}>{decimal(order.quantity)}</td>
            <td className={table.num}>{decimal(order.filled)}</td>
            <td className={table.num}>{decimal(order.price, 2)}</td>
            <td className={table.num}>{decimal(order.commission, 2)}</td>
            <td className={table.num}>{decimal(order.slippage, 2)}</td>
            <td className={table.num}>{decimal(order.fxCost, 2)}</td>
            <td>{reasonWords(order.reason)}</td>
          </tr>
        ))}
        {orders.length === 0 && (
          <tr>
            <td colSpan={10}>This run placed no order.</td>
          </tr>
        )}
      </tbody>
    </Table>
  );
}
