import { useQuery } from "@apollo/client/react";
import { useEffect, useRef } from "react";
import { type PlanViewFragment, RebalancePlanDocument } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { day, decimal, instant, money, NOTHING, percent, sentence } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError, Notice } from "../ui/Notice";
import { save } from "../ui/save";
import { SkeletonRows } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import css from "./Rebalance.module.css";

type Line = PlanViewFragment["lines"][number];

export function PlanView({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(RebalancePlanDocument, { variables: { id } });
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading plan" rows={3} height={120} />;
  if (!data.rebalancePlan) return <NotFound what="plan" />;
  return <Loaded plan={data.rebalancePlan} />;
}

function Loaded({ plan }: { plan: PlanViewFragment }) {
  const orders = plan.lines.filter((line) => line.side !== null);
  const kept = plan.lines.filter((line) => line.side === null);
  const head = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the plan stands below the form that asked for it.
    const shown = head.current;
    if (shown && shown.getBoundingClientRect().top > window.innerHeight) shown.scrollIntoView();
  }, []);
  return (
    <article className={css.view} aria-label="Plan">
      <header ref={head} className={css.head}>
        <h2>Orders as of {day(plan.asOf)}</h2>
        <p className={css.facts}>
          decided on the close of <time dateTime={plan.decisionBar}>{instant(plan.decisionBar)}</time>; nothing known
          after <time dateTime={plan.knownAt}>{instant(plan.knownAt)}</time> was used
        </p>
      </header>
      <Figures plan={plan} count={orders.length} />
      {plan.warnings.length > 0 && (
        <Notice tone="warn" title="Before you send them">
          <ul className={css.warnings}>
            {plan.warnings.map((warning) => (
              <li key={warning}>{sentence(warning)}</li>
            ))}
          </ul>
        </Notice>
      )}
      <Card
        title="Orders"
        hint="Whole shares, sales first. Prices are the last closes known; yours will differ."
        tools={orders.length > 0 && <Download plan={plan} />}
        flush
      >
        {orders.length > 0 ? <OrderTable orders={orders} /> : <p className={css.none}>{nothingToDo(plan)}</p>}
      </Card>
      {kept.length > 0 && (
        <Card title="Left alone" hint="Held or wanted, and no order." flush>
          <KeptTable kept={kept} />
        </Card>
      )}
    </article>
  );
}

const nothingToDo = ({ lines }: PlanViewFragment) =>
  lines.length > 0
    ? "Nothing is far enough from its target to be worth an order."
    : "Nothing that is wanted or held has both a price and a rate to Australian dollars.";

function Download({ plan }: { plan: PlanViewFragment }) {
  const file = () => save(new Blob([plan.csv], { type: "text/csv;charset=utf-8" }), `orders-${plan.asOf}.csv`);
  return (
    <Button small onClick={file}>
      <Icon name="save" />
      CSV for the broker
    </Button>
  );
}

function Figures({ plan, count }: { plan: PlanViewFragment; count: number }) {
  const figures = [
    { label: "Worth", value: money(plan.equity, "AUD", 2) },
    { label: "Orders", value: String(count) },
    { label: "Turnover", value: percent(plan.turnover) },
    { label: "Costs", value: money(plan.totalCosts, "AUD", 2) },
    { label: "Cash before", value: money(plan.cashBefore, "AUD", 2) },
    { label: "Cash after", value: money(plan.cashAfter, "AUD", 2) },
  ];
  return (
    <dl className={css.figures}>
      {figures.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function OrderTable({ orders }: { orders: readonly Line[] }) {
  return (
    <Table label="Orders">
      <thead>
        <tr>
          <th scope="col">Symbol</th>
          <th scope="col">Side</th>
          <Number>Shares</Number>
          <Number>Last price</Number>
          <Number>Value, A$</Number>
          <Number>Costs, A$</Number>
          <Number>Now</Number>
          <Number>Target</Number>
        </tr>
      </thead>
      <tbody>
        {orders.map((line) => (
          <tr key={line.symbol}>
            <th scope="row">{line.symbol}</th>
            <td>
              <span className={line.side === "BUY" ? css.buy : css.sell}>{line.side === "BUY" ? "Buy" : "Sell"}</span>
            </td>
            <td className={table.num}>{decimal(line.quantity)}</td>
            <td className={table.num}>
              <Price line={line} />
            </td>
            <td className={table.num}>{decimal(line.estimatedValue, 2)}</td>
            <td className={table.num}>{decimal(line.estimatedCost, 2)}</td>
            <td className={table.num}>{percent(line.currentWeight)}</td>
            <td className={table.num}>{percent(line.targetWeight)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function KeptTable({ kept }: { kept: readonly Line[] }) {
  return (
    <Table label="Left alone">
      <thead>
        <tr>
          <th scope="col">Symbol</th>
          <Number>Held</Number>
          <Number>Last price</Number>
          <Number>Now</Number>
          <Number>Target</Number>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        {kept.map((line) => (
          <tr key={line.symbol}>
            <th scope="row">{line.symbol}</th>
            <td className={table.num}>{decimal(line.held)}</td>
            <td className={table.num}>
              <Price line={line} />
            </td>
            <td className={table.num}>{percent(line.currentWeight)}</td>
            <td className={table.num}>{percent(line.targetWeight)}</td>
            <td className={css.why}>{line.skipped ? sentence(line.skipped) : NOTHING}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

const Number = ({ children }: { children: string }) => (
  <th scope="col" className={table.num}>
    {children}
  </th>
);

function Price({ line }: { line: Line }) {
  return (
    <>
      {decimal(line.estimatedPrice, 2)} <span className={table.faint}>{line.currency}</span>
      {line.priceOn && <span className={css.of}>{day(line.priceOn)}</span>}
    </>
  );
}
