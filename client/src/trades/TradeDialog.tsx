import { useQuery } from "@apollo/client/react";
import { TradeDetailDocument, type TradeVersionFragment, type TradeWholeFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Dialog } from "../ui/Dialog";
import { day, decimal, instant, NOTHING } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { StatusWord } from "./StatusWord";
import { price } from "./price";
import css from "./Trades.module.css";
import { changesOf } from "./versions";

export type Change = "close" | "correct" | "cancel";
type Props = {
  id: string;
  knownAt: string | null;
  onClose: () => void;
  onChange: (change: Change, trade: TradeWholeFragment) => void;
};

export function TradeDialog({ id, knownAt, onClose, onChange }: Props) {
  const { data, error, refetch } = useQuery(TradeDetailDocument, {
    variables: { id, knownAt },
    // A change begins from the version shown here: one from the cache may have been replaced.
    fetchPolicy: "network-only",
  });
  const trade = data?.trade;
  return (
    <Dialog
      title={trade ? `${trade.symbol} · ${trade.reference}` : "Trade"}
      hint={trade && (trade.instrument?.name ?? "No source knows this symbol yet: it has no price.")}
      onClose={onClose}
    >
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows label="Loading the trade" rows={5} height={32} />}
      {data && !trade && (
        <Empty title="There is no such trade">
          <p>Nothing was known of it then.</p>
        </Empty>
      )}
      {trade && (
        <div className={css.detail}>
          <Facts trade={trade} />
          {trade.notes && <p className={css.notes}>{trade.notes}</p>}
          {knownAt === null && trade.status !== "CANCELLED" && (
            <div className={css.actions}>
              {trade.status === "OPEN" && (
                <Button look="primary" onClick={() => onChange("close", trade)}>
                  <Icon name="check" />
                  Close
                </Button>
              )}
              <Button onClick={() => onChange("correct", trade)}>
                <Icon name="pen" />
                Correct
              </Button>
              <Button look="danger" onClick={() => onChange("cancel", trade)}>
                <Icon name="close" />
                Cancel
              </Button>
            </div>
          )}
          <History versions={trade.history} />
        </div>
      )}
    </Dialog>
  );
}

function Facts({ trade }: { trade: TradeWholeFragment }) {
  const unit = trade.currency;
  const closed = trade.status === "CLOSED";
  const [pnl, pnlAud] = closed ? [trade.pnl, trade.pnlAud] : [trade.unrealisedPnl, trade.unrealisedPnlAud];
  const facts: [string, React.ReactNode][] = [
    ["Status", <StatusWord key="status" status={trade.status} />],
    ["Side", trade.side === "BUY" ? "Long" : "Short"],
    ["Quantity", `${decimal(trade.quantity)} shares`],
    ["Entered", `${instant(trade.entryAt)} at ${price(trade.entryPrice)} ${unit}`],
    ["Commission", `${price(trade.commission)} ${unit}`],
    ...(trade.exitAt
      ? ([
          ["Left", `${instant(trade.exitAt)} at ${price(trade.exitPrice ?? "")} ${unit}`],
          ["Its commission", `${price(trade.exitCommission ?? "")} ${unit}`],
        ] as [string, string][])
      : []),
    ...(trade.splitRatio === "1"
      ? []
      : ([["Splits since entry", `${decimal(trade.splitRatio)} shares for one`]] as [string, string][])),
    ...(unit === "AUD" ? [] : ([["AUD for 1 " + unit, rates(trade)]] as [string, string][])),
    [closed ? "Profit" : "Unrealised", pnl === null ? NOTHING : `${decimal(pnl, 2)} ${unit}`],
    ...(unit === "AUD"
      ? []
      : ([["In Australian dollars", pnlAud === null ? NOTHING : `${decimal(pnlAud, 2)} AUD`]] as [string, string][])),
    ...(trade.status === "OPEN"
      ? ([
          [
            "Last price",
            trade.lastPrice && trade.lastPriceDate
              ? `${price(trade.lastPrice)} ${unit}, close of ${day(trade.lastPriceDate)}`
              : "no price known",
          ],
        ] as [string, string][])
      : []),
    ["Strategy", trade.strategy ?? NOTHING],
    ["Labels", trade.tags.join(", ") || NOTHING],
  ];
  return (
    <dl className={css.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const rates = ({ fxRateAtEntry, fxRateAtExit }: TradeWholeFragment) =>
  [fxRateAtEntry && `${decimal(fxRateAtEntry, 4)} at entry`, fxRateAtExit && `${decimal(fxRateAtExit, 4)} at exit`]
    .filter(Boolean)
    .join(", ");

function History({ versions }: { versions: readonly TradeVersionFragment[] }) {
  return (
    <section aria-label="Versions">
      <h3 className={css.heading}>Versions</h3>
      <ol className={css.versions}>
        {[...versions].reverse().map((version) => (
          <li key={version.version}>
            <p>
              <strong>{version.version}</strong> {version.reason}
            </p>
            <p className={css.sub}>
              Known from {instant(version.knownFrom)}
              {version.knownTo ? ` until ${instant(version.knownTo)}` : ", believed now"}
            </p>
            <Changes before={versions[versions.indexOf(version) - 1]} after={version} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Changes({ before, after }: { before: TradeVersionFragment | undefined; after: TradeVersionFragment }) {
  const changes = before ? changesOf(before, after) : [];
  if (changes.length === 0) return null;
  return (
    <ul className={css.changes}>
      {changes.map(({ label, was, now }) => (
        <li key={label}>
          {label} <del>{was}</del> <ins>{now}</ins>
        </li>
      ))}
    </ul>
  );
}
