import { Card } from "../ui/Card";
import { integer, NOTHING, percent, probability, words } from "../ui/format";
import { Table, table } from "../ui/Table";
import type { Regime } from "./RegimesPage";
import css from "./RegimesPage.module.css";
import { flagWords } from "./words";

const figure = (value: number | null, show: (value: number) => string) =>
  value === null ? <span className={table.faint}>{NOTHING}</span> : show(value);

export function States({ regime }: { regime: Regime }) {
  const noted = regime.flags.filter((flag) => flag !== "fallback");
  return (
    <Card
      title="The states"
      hint="Returns and volatility a year under the model in force; how many of the sessions so far bore the name."
      flush
    >
      <Table label="The states">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col" className={table.num}>
              Probability
            </th>
            <th scope="col" className={table.num}>
              Mean return
            </th>
            <th scope="col" className={table.num}>
              Volatility
            </th>
            <th scope="col" className={table.num}>
              Of sessions
            </th>
          </tr>
        </thead>
        <tbody>
          {regime.byState.map((state) => (
            <tr key={state.name}>
              <th scope="row">
                <span className={css.state} data-state={state.name}>
                  {words(state.name)}
                </span>
              </th>
              <td className={table.num}>{figure(state.probability, probability)}</td>
              <td className={table.num}>{figure(state.meanReturn, percent)}</td>
              <td className={table.num}>{figure(state.volatility, percent)}</td>
              <td className={table.num}>{percent(state.share)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
      {noted.map((flag) => (
        <p key={flag} className={css.note}>
          {flagWords(flag)}
        </p>
      ))}
    </Card>
  );
}

export function Transitions({ regime }: { regime: Regime }) {
  const { states, transitions, byState } = regime;
  return (
    <Card title="From one session to the next" hint="Chance of each state tomorrow, given the state today." flush>
      <Table label="Transition matrix">
        <thead>
          <tr>
            <th scope="col">From</th>
            {states.map((name) => (
              <th key={name} scope="col" className={table.num}>
                To {name.toLowerCase()}
              </th>
            ))}
            <th scope="col" className={table.num}>
              Average stay
            </th>
          </tr>
        </thead>
        <tbody>
          {states.map((name, from) => (
            <tr key={name}>
              <th scope="row">
                <span className={css.state} data-state={name}>
                  {words(name)}
                </span>
              </th>
              {states.map((to, place) => (
                <td key={to} className={table.num}>
                  {figure(transitions[from]?.[place] ?? null, (value) => percent(value, 1))}
                </td>
              ))}
              <td className={table.num}>
                {figure(byState[from]?.expectedSessions ?? null, (value) => `${integer(value)} sessions`)}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}
