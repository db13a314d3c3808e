import { useQuery } from "@apollo/client/react";
import { useMemo, useState } from "react";
import { Plot } from "../charts/Plot";
import { RollingDocument, type RollingMetric } from "../graphql/generated";
import { Card } from "../ui/Card";
import { percent, ratio } from "../ui/format";
import { LoadError } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { Skeleton } from "../ui/Skeleton";
import css from "./Report.module.css";

const METRICS: readonly { value: RollingMetric; label: string }[] = [
  { value: "SHARPE", label: "Sharpe" },
  { value: "SORTINO", label: "Sortino" },
  { value: "VOLATILITY", label: "Volatility" },
  { value: "BETA", label: "Beta" },
  { value: "RETURN", label: "Return" },
];
const WINDOWS = [
  { value: "63", label: "3 months" },
  { value: "126", label: "6 months" },
  { value: "252", label: "1 year" },
] as const;
const SHARES: readonly RollingMetric[] = ["VOLATILITY", "RETURN"];

export function Rolling({ id }: { id: string }) {
  const [metric, setMetric] = useState<RollingMetric>("SHARPE");
  const [window, setWindow] = useState<(typeof WINDOWS)[number]["value"]>("126");
  const { data, previousData, error, refetch } = useQuery(RollingDocument, {
    variables: { id, metric, window: Number(window) },
  });
  const run = (data ?? previousData)?.backtest;
  const found = run?.rolling;
  const series = useMemo(
    () =>
      found
        ? [
            { name: "Strategy", values: found.strategy },
            ...(found.benchmark?.some((value) => value !== null)
              ? [{ name: "Benchmark", values: found.benchmark }]
              : []),
          ]
        : [],
    [found],
  );
  if (run && !found) return null; // stored before runs kept these
  return (
    <Card
      title="Rolling figures"
      hint="Of the sessions up to each day, annualised except the return."
      flush
      tools={
        <>
          <Segmented label="Figure" value={metric} options={METRICS} onChange={setMetric} />
          <Segmented label="Window" value={window} options={WINDOWS} onChange={setWindow} />
        </>
      }
    >
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!found && !error && <Skeleton height={280} />}
      {found && found.dates.length > 0 && (
        <Plot
          label="Rolling figure of strategy and benchmark"
          dates={found.dates}
          series={series}
          format={SHARES.includes(metric) ? (value) => percent(value, 0) : (value) => ratio(value)}
        />
      )}
      {found?.dates.length === 0 && <p className={css.empty}>The run is shorter than the window.</p>}
    </Card>
  );
}
