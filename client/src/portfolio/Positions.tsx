import type { PositionRowFragment } from "../graphql/generated";
import { day, decimal, money, NOTHING, percent } from "../ui/format";
import { Table, table } from "../ui/Table";
import { change, gain, orNothing, tone } from "./amounts";

type Props = { positions: readonly PositionRowFragment[]; currency: string; brief?: boolean };

/** Holdings, largest first; what has no price comes last and says so. */
export function Positions({ positions, currency, brief = false }: Props) {
  const size = ({ value }: PositionRowFragment) => (value === null ? -1 : Math.abs(Number(value)));
  const sorted = [...positions].sort((one, other) => size(other) - size(one));
  return (
    <Table label="Positions">
      <thead>
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col" className={table.num}>
            Shares
          </th>
          {!brief && (
            <th scope="col" className={table.num}>
              Paid <div>a share</div>
            </th>
          )}
          <th scope="col" className={table.num}>
            Last price
          </th>
          <th scope="col" className={table.num}>
            Value <div>{currency}</div>
          </th>
          {!brief && (
            <th scope="col" className={table.num}>
              Weight <div>of all</div>
            </th>
          )}
          <th scope="col" className={table.num}>
            Unrealised <div>{currency}</div>
          </th>
          {!brief && (
            <>
              <th scope="col" className={table.num}>
                Asset <div>return</div>
              </th>
              <th scope="col" className={table.num}>
                Currency <div>return</div>
              </th>
              <th scope="col">Held since</th>
            </>
          )}
        </tr>
      </thead>
      <tbody>
        {sorted.map((each) => (
          <Row key={`${each.symbol} ${each.quantity}`} position={each} brief={brief} />
        ))}
      </tbody>
    </Table>
  );
}

function Row({ position, brief }: { position: PositionRowFragment; brief: boolean }) {
  const bare = (amount: string) => money(amount, "", 2).trim();
  return (
    <tr>
      <th scope="row">
        {position.symbol}
        {Number(position.quantity) < 0 && <span className={table.faint}> short</span>}
      </th>
      <td className={table.num}>{decimal(position.quantity)}</td>
      {!brief && (
        <td className={table.num}>
          {decimal(position.averagePrice, 2)} {position.currency}
        </td>
      )}
      <td className={table.num}>
        {position.lastPrice === null ? (
          <span className={table.loss}>no price</span>
        ) : (
          <>
            {decimal(position.lastPrice, 2)} {position.currency}
            <div className={table.faint}>{orNothing(position.lastPriceDate, day)}</div>
          </>
        )}
      </td>
      <td className={table.num}>{orNothing(position.value, bare)}</td>
      {!brief && <td className={table.num}>{orNothing(position.weight, percent)}</td>}
      <td className={`${table.num} ${tone(position.unrealisedPnl)}`}>
        {position.unrealisedPnl === null ? NOTHING : gain(position.unrealisedPnl, "").trim()}
      </td>
      {!brief && (
        <>
          <td className={`${table.num} ${tone(position.assetReturn?.toFixed(4))}`}>
            {orNothing(position.assetReturn, change)}
          </td>
          <td className={`${table.num} ${tone(position.currencyReturn?.toFixed(4))}`}>
            {orNothing(position.currencyReturn, change)}
          </td>
          <td>{day(position.openedAt.slice(0, 10))}</td>
        </>
      )}
    </tr>
  );
}
