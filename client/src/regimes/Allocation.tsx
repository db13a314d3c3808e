import { Link } from "react-router";
import { Card } from "../ui/Card";
import { percent, words } from "../ui/format";
import { Table, table } from "../ui/Table";
import type { Regime } from "./RegimesPage";
import css from "./RegimesPage.module.css";
import { sleeveWords } from "./words";

type Shares = Record<string, number>;
type Basis = { probabilities: Shares; sessions: number; shares: Record<string, Shares> };

const CASH = "cash";

export function Allocation({ regime }: { regime: Regime }) {
  const suggested = regime.suggestedAllocation as Shares;
  const basis = regime.allocationBasis as Basis;
  const modelled = regime.fittedOn !== null;
  return (
    <Card
      title="Suggested allocation"
      hint="The shares of each state, weighed by how likely it is. A fixed rule to compare with, not advice."
      flush
    >
      <Table label="Suggested allocation and what it is based on">
        <thead>
          <tr>
            <th scope="col">Sleeve</th>
            {regime.states.map((name) => (
              <th key={name} scope="col" className={table.num}>
                In {name.toLowerCase()}
              </th>
            ))}
            <th scope="col" className={table.num}>
              Suggested
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Weight</th>
            {regime.states.map((name) => (
              <td key={name} className={table.num}>
                {percent(basis.probabilities[name] ?? 0)}
              </td>
            ))}
            <td className={table.num}>{percent(1)}</td>
          </tr>
          {Object.entries(suggested).map(([sleeve, share]) => (
            <tr key={sleeve}>
              <th scope="row">
                {sleeve === CASH ? (
                  sleeveWords(sleeve)
                ) : (
                  <Link to={`/backtests/new?strategy=${sleeve}`}>{sleeveWords(sleeve)}</Link>
                )}
              </th>
              {regime.states.map((name) => (
                <td key={name} className={table.num}>
                  {percent(basis.shares[name]?.[sleeve] ?? 0, 0)}
                </td>
              ))}
              <td className={table.num}>
                <strong>{percent(share)}</strong>
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      <p className={css.note}>
        {modelled
          ? `Weights are the probabilities of the last sessions, averaged over a span of ${basis.sessions} so that one day does not turn the portfolio.`
          : `There is no model yet, so the whole weight is on ${words(regime.current).toLowerCase()}, the state of the last session.`}
      </p>
    </Card>
  );
}
