import { useQuery } from "@apollo/client/react";
import { useMemo, useState } from "react";
import { Plot } from "../charts/Plot";
import { PortfolioCurveDocument, type PortfolioRange } from "../graphql/generated";
import { Card } from "../ui/Card";
import { integer } from "../ui/format";
import { Empty, LoadError } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { Skeleton } from "../ui/Skeleton";
import css from "./EquityCard.module.css";
import type { View } from "./view";

const POINTS = 500;
const HEIGHT = 280;
const RANGES: readonly { value: PortfolioRange; label: string }[] = [
  { value: "W1", label: "1W" },
  { value: "M1", label: "1M" },
  { value: "YTD", label: "YTD" },
  { value: "Y1", label: "1Y" },
  { value: "Y5", label: "5Y" },
  { value: "MAX", label: "All" },
];

export function EquityCard({ view }: { view: View }) {
  const [range, setRange] = useState<PortfolioRange>("MAX");
  const { data, previousData, error, refetch } = useQuery(PortfolioCurveDocument, {
    variables: { ...view, range, maxPoints: POINTS },
  });
  const curve = (data ?? previousData)?.portfolio.equity;
  const series = useMemo(() => {
    if (!curve) return [];
    const account = { name: "Account", values: curve.strategy };
    return curve.benchmark ? [account, { name: "Same money in ^GSPC", values: curve.benchmark }] : [account];
  }, [curve]);
  return (
    <Card
      title="Value over time"
      hint={`${view.currency}, at the end of each day, deposits and withdrawals included. Beside it the same money, put into the index on the same days, its dividends left out.`}
      tools={<Segmented label="Range" value={range} options={RANGES} onChange={setRange} />}
    >
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : curve === undefined ? (
        <Skeleton height={HEIGHT + 24} />
      ) : curve && curve.dates.length > 1 ? (
        <div className={data ? undefined : css.stale}>
          <Plot label="Value of the account" dates={curve.dates} series={series} format={integer} height={HEIGHT} />
        </div>
      ) : (
        <Empty title="No curve yet">
          <p>It takes two days with a price, a trade or a deposit to draw one.</p>
        </Empty>
      )}
    </Card>
  );
}
