import { useQuery } from "@apollo/client/react";
import { QuarantineDocument, type QuarantineQuery } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { ago, day, instant, NOTHING } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, Table, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import css from "./Rows.module.css";
import { sourceWords } from "./words";

const PAGE = 10;

type Row = QuarantineQuery["dataHealth"]["quarantine"]["nodes"][number];
type Props = { universe: string | null; symbol: string | null; onSymbol: (symbol: string | null) => void };

export function Quarantine({ universe, symbol, onSymbol }: Props) {
  return (
    <Card
      title="Quarantine"
      hint="Rows that were refused, kept as they came. None was used when it came, none is mended in silence."
      tools={
        symbol && (
          <Button small onClick={() => onSymbol(null)}>
            Only {symbol}
            <Icon name="close" />
          </Button>
        )
      }
      flush
    >
      {/* Another symbol starts again at its first page. */}
      <Rows key={symbol} universe={universe} symbol={symbol} />
    </Card>
  );
}

function Rows({ universe, symbol }: Pick<Props, "universe" | "symbol">) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch } = useQuery(QuarantineDocument, {
    variables: { universe, symbol, first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
  });
  const found = (data ?? previousData)?.dataHealth.quarantine;
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!found)
    return (
      <div className={css.bones}>
        <SkeletonRows label="Loading quarantine" rows={3} height={32} />
      </div>
    );
  if (found.nodes.length === 0 && pages.after === null)
    return <p className={css.none}>{symbol ? `No row of ${symbol} was refused.` : "No row was refused."}</p>;
  return (
    <>
      <RowTable rows={found.nodes} />
      <Pager
        from={pages.from}
        shown={found.nodes.length}
        total={found.totalCount}
        hasNext={found.pageInfo.hasNextPage}
        busy={loading && !data}
        onPrevious={pages.previous}
        onNext={() => pages.next(found.pageInfo.endCursor)}
      />
    </>
  );
}

function RowTable({ rows }: { rows: readonly Row[] }) {
  return (
    <Table label="Quarantined rows">
      <thead className={css.heads}>
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col">Session</th>
          <th scope="col">Why it was refused</th>
          <th scope="col">The row as it came</th>
          <th scope="col" className={table.num}>
            Refused
          </th>
        </tr>
      </thead>
      <tbody className={css.rows}>
        {rows.map((row, number) => (
          <tr key={`${row.file} ${row.rowNumber} ${number}`}>
            <th scope="row">{row.symbol ?? NOTHING}</th>
            <td>{row.date ? day(row.date) : NOTHING}</td>
            <td className={css.words}>
              {row.explanation}
              <span className={css.sub}>{row.reason}</span>
            </td>
            <td className={css.words}>
              <code className={css.raw}>{row.raw}</code>
              <span className={css.sub}>
                {sourceWords(row.source)}, {row.file}
                {row.rowNumber !== null && `, row ${row.rowNumber.toLocaleString("en-AU")}`}
              </span>
            </td>
            <td className={table.num}>
              <time dateTime={row.recordedAt} title={instant(row.recordedAt)}>
                {ago(row.recordedAt)}
              </time>
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
