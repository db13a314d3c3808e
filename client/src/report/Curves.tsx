import { useApolloClient, useQuery } from "@apollo/client/react";
import { lazy, Suspense, useRef, useState } from "react";
import type { ChartHandle } from "../charts/CurveChart";
import { type Curve, indexAt } from "../charts/column";
import { type CurveBasis, DrawdownDocument, EquityDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { FieldError } from "../ui/Field";
import { day as dayWords, money, NOTHING, percent } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import { csv, save } from "../ui/save";
import { Segmented } from "../ui/Segmented";
import { Skeleton } from "../ui/Skeleton";
import css from "./Curves.module.css";

const CurveChart = lazy(() => import("../charts/CurveChart"));

const OVERVIEW_POINTS = 1000;
const BASES: readonly { value: CurveBasis; label: string }[] = [
  { value: "NET", label: "Net" },
  { value: "GROSS", label: "Gross" },
  { value: "LOCAL", label: "Local" },
  { value: "HEDGED", label: "Hedged" },
  { value: "PRICE", label: "Price" },
];
const BASIS_WORDS: Record<CurveBasis, string> = {
  NET: "after all costs",
  GROSS: "the same run without costs; below peak is after costs",
  LOCAL: "spot-hedged, carry ignored: no exchange rate moved; benchmark and below peak are unhedged",
  HEDGED: "currencies hedged, with the carry; benchmark and below peak are unhedged",
  PRICE: "without dividends; below peak is with them",
};
const MADE_BEFORE = "or it was made before the curve was kept.";
/** Why a run may lack a curve. */
const LACKING: Partial<Record<CurveBasis, string>> = {
  HEDGED: `a cash rate of one of its currencies is not known on some day, ${MADE_BEFORE}`,
  PRICE: `its prices have dividends in them already, ${MADE_BEFORE}`,
};
const SCALES = [
  { value: "log", label: "Log" },
  { value: "linear", label: "Linear" },
] as const;
const RANGES = [1, 3, 5, 10] as const;

type Props = { id: string; name: string; currency: string };

export function Curves({ id, name, currency }: Props) {
  const [basis, setBasis] = useState<CurveBasis>("NET");
  const [scale, setScale] = useState<"log" | "linear">("log");
  const [zoomed, setZoomed] = useState(false);
  const [day, setDay] = useState<string | null>(null);
  const chart = useRef<ChartHandle>(null);
  const { equity, drawdown, absent, error, retry } = useCurves(id, basis, zoomed);
  return (
    <Card
      title="Equity and drawdown"
      hint={`${currency}, ${BASIS_WORDS[basis]}`}
      flush
      tools={
        <>
          <Segmented label="Basis" value={basis} options={BASES} onChange={setBasis} />
          <Segmented label="Scale" value={scale} options={SCALES} onChange={setScale} />
        </>
      }
    >
      {error ? (
        <div className={css.error}>
          <LoadError error={error} onRetry={retry} />
        </div>
      ) : (
        <>
          <Legend equity={equity} drawdown={drawdown} day={day} currency={currency} />
          <div className={css.chart}>
            <div className={css.frame}>
              <Suspense fallback={<Skeleton height="100%" />}>
                {absent ? (
                  <p className={css.absent}>
                    This run has no such curve: {LACKING[basis] ?? "it was made before the curve was kept."}
                  </p>
                ) : equity ? (
                  <CurveChart
                    ref={chart}
                    label="Equity of strategy and benchmark, and depth below the peak"
                    equity={equity}
                    drawdown={drawdown}
                    logarithmic={scale === "log"}
                    day={day}
                    onDay={setDay}
                    onZoomed={() => setZoomed(true)}
                  />
                ) : (
                  <Skeleton height="100%" />
                )}
              </Suspense>
            </div>
          </div>
          <Bar chart={chart} id={id} name={name} basis={basis} />
        </>
      )}
    </Card>
  );
}

/** An overview first; every session once somebody looks closer. */
function useCurves(id: string, basis: CurveBasis, zoomed: boolean) {
  const maxPoints = zoomed ? null : OVERVIEW_POINTS;
  const equity = useQuery(EquityDocument, { variables: { id, basis, maxPoints } });
  const drawdown = useQuery(DrawdownDocument, { variables: { id, maxPoints } });
  return {
    equity: (equity.data ?? equity.previousData)?.backtest?.equity ?? null,
    absent: equity.data?.backtest?.equity === null,
    drawdown: (drawdown.data ?? drawdown.previousData)?.backtest?.drawdown ?? null,
    error: equity.error ?? drawdown.error,
    retry: () => void Promise.all([equity.refetch(), drawdown.refetch()]),
  };
}

function Legend({
  equity,
  drawdown,
  day,
  currency,
}: {
  equity: Curve | null;
  drawdown: Curve | null;
  day: string | null;
  currency: string;
}) {
  const at = day ?? equity?.dates.at(-1) ?? null;
  const read = (curve: Curve | null, column: "strategy" | "benchmark", show: (value: number) => string) => {
    const value = curve && at ? curve[column]?.[indexAt(curve.dates, at)] : null;
    return value == null ? NOTHING : show(value);
  };
  const amount = (value: number) => money(value, currency);
  return (
    <p className={css.legend} aria-live="polite">
      <span className={css.day}>{at ? dayWords(at) : " "}</span>
      <span className={`${css.key} ${css.strategy}`}>
        Strategy <b>{read(equity, "strategy", amount)}</b>
      </span>
      <span className={`${css.key} ${css.benchmark}`}>
        Benchmark <b>{read(equity, "benchmark", amount)}</b>
      </span>
      <span className={`${css.key} ${css.depth}`}>
        Below peak <b>{read(drawdown, "strategy", percent)}</b>
      </span>
    </p>
  );
}

function Bar({
  chart,
  id,
  name,
  basis,
}: {
  chart: React.RefObject<ChartHandle | null>;
  id: string;
  name: string;
  basis: CurveBasis;
}) {
  const client = useApolloClient();
  const [failed, setFailed] = useState(false);
  const file = `${name.replace(/[^\w-]+/g, "-").toLowerCase()}-${basis.toLowerCase()}`;
  const savePicture = () => chart.current?.picture().toBlob((picture) => picture && save(picture, `${file}.png`));
  const saveTable = async () => {
    const { data } = await client.query({ query: EquityDocument, variables: { id, basis, maxPoints: null } });
    const curve = data?.backtest?.equity;
    if (!curve) return;
    const rows = curve.dates.map((date, row) => [date, curve.strategy[row], curve.benchmark?.[row]]);
    save(new Blob([csv(["date", "strategy", "benchmark"], rows)], { type: "text/csv" }), `${file}.csv`);
  };
  return (
    <div className={css.bar}>
      <div role="group" aria-label="Range">
        {RANGES.map((years) => (
          <Button key={years} small look="quiet" onClick={() => chart.current?.showYears(years)}>
            {years} {years === 1 ? "year" : "years"}
          </Button>
        ))}
        <Button small look="quiet" onClick={() => chart.current?.showYears(null)}>
          All
        </Button>
        <Button small look="quiet" aria-label="Zoom in" onClick={() => chart.current?.zoom(0.6)}>
          <Icon name="plus" />
        </Button>
        <Button small look="quiet" aria-label="Zoom out" onClick={() => chart.current?.zoom(1 / 0.6)}>
          <Icon name="minus" />
        </Button>
      </div>
      <div role="group" aria-label="Export">
        <Button small look="quiet" onClick={savePicture}>
          <Icon name="save" />
          PNG
        </Button>
        <Button
          small
          look="quiet"
          onClick={() =>
            void saveTable().then(
              () => setFailed(false),
              () => setFailed(true),
            )
          }
        >
          <Icon name="save" />
          CSV
        </Button>
        {failed && <FieldError>The table could not be fetched</FieldError>}
      </div>
    </div>
  );
}
