import { useApolloClient, useQuery } from "@apollo/client/react";
import { useCallback, useState } from "react";
import { TradeListDocument, type TradeWholeFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { day } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Empty, LoadError, Notice } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager } from "../ui/Table";
import { usePages } from "../ui/usePages";
import { useTitle } from "../ui/useTitle";
import { CashDialog, CashFlows } from "./CashFlows";
import { CancelDialog, CloseDialog, CorrectDialog } from "./ChangeDialogs";
import { ImportDialog } from "./ImportDialog";
import { type ListState, useListState } from "./listState";
import { OpenDialog } from "./OpenDialog";
import { type Change, TradeDialog } from "./TradeDialog";
import { TradeFilters } from "./TradeFilters";
import css from "./Trades.module.css";
import { TradeTable } from "./TradeTable";

const PAGE = 25;
const VIEWS = [
  { value: "trades", label: "Trades" },
  { value: "cash", label: "Cash" },
] as const;
const CHANGES = { close: CloseDialog, correct: CorrectDialog, cancel: CancelDialog };

type Shown =
  { kind: "open" | "import" | "cash" } | { kind: "trade"; id: string } | { kind: Change; trade: TradeWholeFragment };

export default function TradesPage() {
  useTitle("Trades");
  const [view, setView] = useState<(typeof VIEWS)[number]["value"]>("trades");
  const [shown, setShown] = useState<Shown | null>(null);
  const state = useListState();
  const client = useApolloClient();
  const refresh = useCallback(() => client.refetchQueries({ include: "active" }), [client]);
  const close = () => setShown(null);
  return (
    <>
      <div className={css.top}>
        <div>
          <h1>Trades</h1>
          <p>What was bought and sold, in versions: a correction erases nothing.</p>
        </div>
        <Tools onShow={setShown} />
      </div>
      <div className={css.views}>
        <Segmented label="View" value={view} options={VIEWS} onChange={setView} />
      </div>
      {view === "cash" ? (
        <CashFlows onRecord={() => setShown({ kind: "cash" })} />
      ) : (
        <>
          <TradeFilters state={state} />
          {/* A changed view starts again at its first page. */}
          <Trades
            key={JSON.stringify([state.filter, state.orderBy, state.read("at")])}
            state={state}
            onShow={setShown}
          />
        </>
      )}
      {shown && <Shown shown={shown} knownAt={state.knownAt} onShow={setShown} onClose={close} onKept={refresh} />}
    </>
  );
}

function Tools({ onShow }: { onShow: (shown: Shown) => void }) {
  return (
    <div className={css.tools}>
      <Button onClick={() => onShow({ kind: "cash" })}>
        <Icon name="plus" />
        Record money
      </Button>
      <Button onClick={() => onShow({ kind: "import" })}>
        <Icon name="list" />
        Import
      </Button>
      <Button look="primary" onClick={() => onShow({ kind: "open" })}>
        <Icon name="plus" />
        New trade
      </Button>
    </div>
  );
}

type ShownProps = {
  shown: Shown;
  knownAt: string | null;
  onShow: (shown: Shown) => void;
  onClose: () => void;
  onKept: () => Promise<unknown>;
};

function Shown({ shown, knownAt, onShow, onClose, onKept }: ShownProps) {
  const ends = { onClose, onKept };
  switch (shown.kind) {
    case "open":
      return <OpenDialog {...ends} />;
    case "import":
      return <ImportDialog {...ends} />;
    case "cash":
      return <CashDialog {...ends} />;
    case "trade":
      return (
        <TradeDialog
          id={shown.id}
          knownAt={knownAt}
          onClose={onClose}
          onChange={(kind, trade) => onShow({ kind, trade })}
        />
      );
    default: {
      const Dialog = CHANGES[shown.kind];
      return <Dialog trade={shown.trade} {...ends} />;
    }
  }
}

function Trades({ state, onShow }: { state: ListState; onShow: (shown: Shown) => void }) {
  const pages = usePages(PAGE);
  const [knownAt] = useState(state.knownAt);
  const { data, previousData, error, loading, refetch } = useQuery(TradeListDocument, {
    variables: { filter: state.filter, orderBy: state.orderBy, knownAt, first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
  });
  const trades = (data ?? previousData)?.trades;
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!trades)
    return (
      <div className={`${css.frame} ${css.bones}`}>
        <SkeletonRows label="Loading trades" rows={8} height={40} />
      </div>
    );
  return (
    <>
      {knownAt && (
        <Notice title={`As it was known on ${day(state.read("at"))}`}>
          <p>What was written or learned later does not show. Clear the day to change anything.</p>
        </Notice>
      )}
      {trades.nodes.length === 0 ? (
        <NoTrades state={state} onShow={onShow} />
      ) : (
        <div className={`${css.frame} ${data ? "" : css.stale}`}>
          <TradeTable trades={trades.nodes} state={state} onOpen={(id) => onShow({ kind: "trade", id })} />
          <Pager
            from={pages.from}
            shown={trades.nodes.length}
            total={trades.totalCount}
            hasNext={trades.pageInfo.hasNextPage}
            busy={loading && !data}
            onPrevious={pages.previous}
            onNext={() => pages.next(trades.pageInfo.endCursor)}
          />
        </div>
      )}
    </>
  );
}

function NoTrades({ state, onShow }: { state: ListState; onShow: (shown: Shown) => void }) {
  if (state.filtered || state.knownAt)
    return (
      <div className={css.frame}>
        <Empty title="Nothing matches" action={<Button onClick={state.clear}>Clear filters</Button>}>
          <p>No trade fits these filters.</p>
        </Empty>
      </div>
    );
  return (
    <div className={css.frame}>
      <Empty
        title="No trades yet"
        action={
          <div className={css.actions}>
            <Button look="primary" onClick={() => onShow({ kind: "open" })}>
              <Icon name="plus" />
              Write down your first trade
            </Button>
            <Button onClick={() => onShow({ kind: "import" })}>Import a file</Button>
          </div>
        }
      >
        <p>
          Each trade keeps the exchange rate of its day and every version of itself, so that profit in Australian
          dollars and yesterday’s books can both be stated.
        </p>
      </Empty>
    </div>
  );
}
