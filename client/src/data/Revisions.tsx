import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";
import { type RevisionFragment, RevisionsDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { ago, day, instant, NOTHING, sentence } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Pager, Table, table } from "../ui/Table";
import { usePages } from "../ui/usePages";
import { type Change, changesOf } from "./correction";
import type { Actions } from "./DataPage";
import css from "./Rows.module.css";

const PAGE = 10;

export function Revisions({ universe, actions }: { universe: string | null; actions: Actions }) {
  const pages = usePages(PAGE);
  const { data, previousData, error, loading, refetch } = useQuery(RevisionsDocument, {
    variables: { universe, first: PAGE, after: pages.after },
    fetchPolicy: "cache-and-network",
  });
  const found = (data ?? previousData)?.dataHealth.revisions;
  return (
    <Card
      title="Revisions"
      hint="Bars whose values changed after they were known, and the runs that had read them as they were."
      tools={
        actions.correct && (
          <Button small onClick={() => actions.correct?.("")}>
            <Icon name="pen" />
            Correct a price
          </Button>
        )
      }
      flush
    >
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!found && !error && (
        <div className={css.bones}>
          <SkeletonRows label="Loading revisions" rows={3} height={32} />
        </div>
      )}
      {found?.nodes.length === 0 && pages.after === null && <p className={css.none}>No stored bar was ever changed.</p>}
      {found && found.nodes.length > 0 && (
        <>
          <RevisionTable revisions={found.nodes} actions={actions} />
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
      )}
    </Card>
  );
}

function RevisionTable({ revisions, actions }: { revisions: readonly RevisionFragment[]; actions: Actions }) {
  return (
    <Table label="Revisions">
      <thead className={css.heads}>
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col">Session</th>
          <th scope="col">What changed</th>
          <th scope="col">Reason</th>
          <th scope="col">Runs that had read it</th>
          <th scope="col" className={table.num}>
            Known
          </th>
          <th scope="col">
            <span className="visually-hidden">Correct</span>
          </th>
        </tr>
      </thead>
      <tbody className={css.rows}>
        {revisions.map((revision) => (
          <tr key={`${revision.symbol} ${revision.date} ${revision.knownAt}`}>
            <th scope="row">{revision.symbol}</th>
            <td>{day(revision.date)}</td>
            <td>
              <Changes changes={changesOf(revision.before, revision.after)} />
            </td>
            <td className={css.words}>{sentence(revision.reason)}</td>
            <td className={css.words}>
              <Affected runs={revision.affectedBacktests} />
            </td>
            <td className={table.num}>
              <time dateTime={revision.knownAt} title={instant(revision.knownAt)}>
                {ago(revision.knownAt)}
              </time>
            </td>
            <td className={table.num}>
              {actions.correct && (
                <Button
                  small
                  look="quiet"
                  aria-label={`Correct ${revision.symbol} of ${day(revision.date)}`}
                  onClick={() => actions.correct?.(revision.symbol, revision.date)}
                >
                  <Icon name="pen" />
                </Button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Changes({ changes }: { changes: readonly Change[] }) {
  if (changes.length === 0) return <span className={table.faint}>its source or quality</span>;
  return (
    <ul className={css.changes}>
      {changes.map(({ label, before, after, move }) => (
        <li key={label}>
          {label} <del>{figure(before)}</del> <span aria-label="became">→</span> <ins>{figure(after)}</ins>
          {move && <span className={table.faint}> {move}</span>}
        </li>
      ))}
    </ul>
  );
}

const figure = (value: number | null) =>
  value === null ? NOTHING : value.toLocaleString("en-AU", { maximumFractionDigits: 6 });

function Affected({ runs }: { runs: RevisionFragment["affectedBacktests"] }) {
  if (runs.length === 0) return <span className={table.faint}>none</span>;
  return (
    <ul className={css.changes}>
      {runs.map((run) => (
        <li key={run.id}>
          <Link to={`/backtests/${run.id}`}>{run.name ?? run.strategy.name}</Link>{" "}
          <span className={table.faint}>{ago(run.createdAt)}</span>
        </li>
      ))}
    </ul>
  );
}
