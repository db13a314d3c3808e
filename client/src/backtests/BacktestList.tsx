import { useQuery } from "@apollo/client/react";
import { useEffect, useState } from "react";
import { BacktestListDocument, type BacktestListQuery, type BacktestOrderField } from "../graphql/generated";
import { compareAddress, FEWEST, MOST } from "../compare/compared";
import { Button, ButtonLink } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { isHidden } from "../ui/isHidden";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import { useTitle } from "../ui/useTitle";
import css from "./BacktestList.module.css";
import { BacktestRow } from "./BacktestRow";
import { ListFilters } from "./ListFilters";
import { type ListState, useListState } from "./listState";
import { isOpen } from "./StatusBadge";

const PAGE = 20;
const POLL = 1500;

export default function BacktestList() {
  useTitle("Backtests");
  const state = useListState();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  return (
    <>
      <div className={css.top}>
        <div>
          <h1>Backtests</h1>
          <p>Every run on record: what was asked, and what came of it.</p>
        </div>
        <div className={css.tools}>
          {chosen.length > 0 && <Chosen ids={chosen} onClear={() => setChosen([])} />}
          <ButtonLink to="/backtests/new" look="primary">
            <Icon name="plus" />
            New backtest
          </ButtonLink>
        </div>
      </div>
      <ListFilters state={state} />
      {/* A changed view starts again at its first page. */}
      <Runs key={JSON.stringify([state.filter, state.orderBy])} state={state} chosen={chosen} onChosen={setChosen} />
    </>
  );
}

function Chosen({ ids, onClear }: { ids: readonly string[]; onClear: () => void }) {
  return (
    <>
      <Button look="quiet" onClick={onClear}>
        Clear choice
      </Button>
      {ids.length < FEWEST ? (
        <span className={css.hint}>Tick one more to compare</span>
      ) : (
        <ButtonLink to={compareAddress(ids)}>Compare {ids.length}</ButtonLink>
      )}
    </>
  );
}

type Choice = { chosen: readonly string[]; onChosen: (ids: readonly string[]) => void };

function Runs({ state, ...choice }: { state: ListState } & Choice) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch, startPolling, stopPolling } = useQuery(BacktestListDocument, {
    variables: { filter: state.filter, orderBy: state.orderBy, first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
    skipPollAttempt: isHidden,
  });
  const shown = data ?? previousData;
  const busy = shown?.backtests.nodes.some((run) => isOpen(run.job.status)) ?? false;

  useEffect(() => {
    if (!busy) return;
    startPolling(POLL);
    return stopPolling;
  }, [busy, startPolling, stopPolling]);

  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!shown)
    return (
      <div className={`${css.frame} ${css.bones}`}>
        <SkeletonRows label="Loading backtests" rows={8} height={40} />
      </div>
    );
  if (shown.backtests.nodes.length === 0) return <NoRuns state={state} />;
  const { nodes, pageInfo, totalCount } = shown.backtests;
  return (
    <div className={`${css.frame} ${data ? "" : css.stale}`}>
      <RunTable runs={nodes} state={state} {...choice} />
      <Pager
        from={pages.from}
        shown={nodes.length}
        total={totalCount}
        hasNext={pageInfo.hasNextPage}
        busy={loading && !data}
        onPrevious={pages.previous}
        onNext={() => pages.next(pageInfo.endCursor)}
      />
    </div>
  );
}

type TableProps = { runs: BacktestListQuery["backtests"]["nodes"]; state: ListState } & Choice;

function RunTable({ runs, state, chosen, onChosen }: TableProps) {
  const choose = (id: string, wanted: boolean) =>
    onChosen(wanted ? [...chosen, id] : chosen.filter((each) => each !== id));
  return (
    <div className={table.scroll} role="region" aria-label="Backtests" tabIndex={0}>
      <table className={`${table.table} ${css.table}`} aria-label="Backtests">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Compare</span>
            </th>
            <th scope="col">Run</th>
            <th scope="col">Period</th>
            <th scope="col">Status</th>
            <SortHead field="CAGR" label="CAGR" unit="per annum" state={state} />
            <SortHead field="SHARPE" label="Sharpe" unit="ratio" state={state} />
            <SortHead field="MAX_DRAWDOWN" label="Max drawdown" unit="of peak" state={state} />
            <SortHead field="DEFLATED_SHARPE" label="Deflated Sharpe" unit="probability" state={state} />
            <SortHead field="CREATED_AT" label="Created" state={state} />
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <BacktestRow
              key={run.id}
              run={run}
              chosen={chosen.includes(run.id)}
              full={chosen.length >= MOST}
              onChoose={(wanted) => choose(run.id, wanted)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SortHead({
  field,
  label,
  unit,
  state,
}: {
  field: BacktestOrderField;
  label: string;
  unit?: string;
  state: ListState;
}) {
  const sorted = state.orderBy.field === field;
  const direction = state.orderBy.direction === "ASC" ? "ascending" : "descending";
  return (
    <th scope="col" className={table.num} aria-sort={sorted ? direction : "none"}>
      <button type="button" className={`${css.sort} ${sorted ? css.sorted : ""}`} onClick={() => state.sortBy(field)}>
        <Icon name={sorted && direction === "ascending" ? "up" : "down"} size={14} />
        {label}
      </button>
      {unit && <div>{unit}</div>}
    </th>
  );
}

function NoRuns({ state }: { state: ListState }) {
  if (state.filtered)
    return (
      <div className={css.frame}>
        <Empty title="Nothing matches" action={<Button onClick={state.clear}>Clear filters</Button>}>
          <p>No backtest fits this search and these filters.</p>
        </Empty>
      </div>
    );
  return (
    <div className={css.frame}>
      <Empty
        title="No backtests yet"
        action={
          <ButtonLink to="/backtests/new" look="primary">
            <Icon name="plus" />
            Run your first backtest
          </ButtonLink>
        }
      >
        <p>
          Pick a strategy, a universe and a period. The run cannot look ahead, pays fees, spread and slippage, and is
          judged against a benchmark in Australian dollars.
        </p>
      </Empty>
    </div>
  );
}
