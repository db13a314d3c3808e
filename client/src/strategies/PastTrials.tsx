import { Link } from "react-router";
import { integer, NOTHING, ratio } from "../ui/format";
import { Table, table } from "../ui/Table";
import type { Strategy } from "./StrategyPage";
import css from "./StrategyPage.module.css";
import { assetsOf } from "./words";

export function PastTrials({ strategy: { key, name, ledgers } }: { strategy: Strategy }) {
  if (ledgers.length === 0)
    return (
      <p className={css.none}>
        You have not tried it yet. <Link to={`/backtests/new?strategy=${key}`}>Run it once</Link>, and what came of it
        is counted here.
      </p>
    );
  return (
    <div className={css.trials}>
      <Table label={`What you have tried of ${name}`}>
        <thead>
          <tr>
            <th scope="col">Tried on</th>
            <th scope="col" className={table.num}>
              Trials
            </th>
            <th scope="col" className={table.num}>
              Best Sharpe
            </th>
            <th scope="col" className={table.num}>
              By luck alone
            </th>
          </tr>
        </thead>
        <tbody>
          {ledgers.map((ledger) => (
            <tr key={ledger.family}>
              <th scope="row">
                <Assets strategy={key} family={ledger.family} />
              </th>
              <td className={table.num}>{integer(ledger.count)}</td>
              <td className={table.num}>{figure(ledger.bestSharpe)}</td>
              <td className={table.num}>{figure(ledger.expectedMaximumSharpe)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      <p className={css.none}>By luck alone: what the best of as many trials would show without any skill.</p>
    </div>
  );
}

function Assets({ strategy, family }: { strategy: string; family: string }) {
  const { universe, words } = assetsOf(family);
  const runs = new URLSearchParams({ strategy, ...(universe && { universe }) });
  return <Link to={`/backtests?${runs.toString()}`}>{words}</Link>;
}

const figure = (value: number | null) => (value === null ? NOTHING : ratio(value));
