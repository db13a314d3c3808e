import type { PortfolioQuery } from "../graphql/generated";
import { Card } from "../ui/Card";
import { gain, tone } from "./amounts";
import css from "./Gains.module.css";
import { Tooltip } from "../ui/Tooltip";
import { partsOf } from "./parts";

/** Where the gain came from, as amounts that add up to it. */
export function Gains({ portfolio }: { portfolio: PortfolioQuery["portfolio"] }) {
  const { currency } = portfolio;
  const { parts, total } = partsOf(portfolio);
  const largest = Math.max(...parts.map(({ amount }) => Math.abs(amount)), 0.005);
  return (
    <Card title="Where the gain came from" hint={`${currency}, of everything held and sold so far`}>
      <table className={css.parts} aria-label="Where the gain came from">
        <tbody>
          {parts.map(({ label, tip, amount }) => (
            <tr key={label}>
              <th scope="row">
                <Tooltip tip={tip}>{label}</Tooltip>
              </th>
              <td className={css.track} aria-hidden="true">
                <span
                  className={css.bar}
                  data-tone={amount < 0 ? "loss" : "gain"}
                  style={{
                    width: `${(50 * Math.abs(amount)) / largest}%`,
                    left: amount < 0 ? `${50 - (50 * Math.abs(amount)) / largest}%` : "50%",
                  }}
                />
              </td>
              <td className={`${css.amount} ${tone(amount.toFixed(2))}`}>{gain(amount, currency)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">Together</th>
            <td />
            <td className={`${css.amount} ${tone(total.toFixed(2))}`}>{gain(total, currency)}</td>
          </tr>
        </tfoot>
      </table>
    </Card>
  );
}
