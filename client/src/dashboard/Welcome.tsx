import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { Icon } from "../ui/Icon";
import css from "./Dashboard.module.css";

const STEPS = [
  {
    title: "Record the money",
    text: "Deposits and withdrawals: without them no return can be stated.",
    to: "/trades",
    action: "Record a deposit",
  },
  {
    title: "Record the trades",
    text: "One by one, or from a file that is shown before anything is written.",
    to: "/trades",
    action: "Record or import trades",
  },
  {
    title: "Or ask what to buy",
    text: "Today's target weights of a strategy, as whole-share orders with their costs.",
    to: "/rebalance",
    action: "Plan a portfolio",
  },
] as const;

/** A book without an entry: there is nothing to show, and this is the way to something. */
export function Welcome() {
  return (
    <Card title="Your books are empty" hint="Nothing is shown here that you did not record.">
      <ol className={css.steps}>
        {STEPS.map(({ title, text, to, action }) => (
          <li key={title}>
            <h3>{title}</h3>
            <p>{text}</p>
            <ButtonLink to={to} small>
              {action}
              <Icon name="right" />
            </ButtonLink>
          </li>
        ))}
      </ol>
    </Card>
  );
}
