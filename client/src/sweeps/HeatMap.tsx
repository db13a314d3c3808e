import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { SweepSurfaceDocument, type SweepSurfaceQuery } from "../graphql/generated";
import { Card } from "../ui/Card";
import { SelectField } from "../ui/Field";
import { isHidden } from "../ui/isHidden";
import { LoadError } from "../ui/Notice";
import { Segmented } from "../ui/Segmented";
import { Skeleton } from "../ui/Skeleton";
import { axisWords, FIGURES, type FigureName, shown, varied, writeFigure } from "./figures";
import { extentOf, shareOf } from "./heat";
import css from "./HeatMap.module.css";
import { RunTrial } from "./RunTrial";
import { useLast } from "./useLast";

type Surface = NonNullable<SweepSurfaceQuery["sweep"]>["surface"];
type Props = {
  id: string;
  axes: string[];
  base: unknown;
  others: Record<string, unknown>;
  /** Whether each cell is one value of each axis, so that it can be run. */
  exact: boolean;
  busy: boolean;
};

const LAYERS = [
  { value: "values", label: "Figure" },
  { value: "stability", label: "Neighbours" },
  { value: "worst", label: "Worst neighbour" },
] as const;
type Layer = (typeof LAYERS)[number]["value"];
const LAYER_WORDS: Record<Layer, string> = {
  values: "each combination",
  stability: "the mean of the combinations one step away: high ground here is stable",
  worst: "the lowest of the combinations one step away",
};
const POLL = 2000;

/** A figure over two of the axes. A cell leads to the backtest of its combination. */
export function HeatMap({ id, axes, base, others, exact, busy }: Props) {
  const [x, setX] = useState(axes[0]!);
  const [y, setY] = useState(axes[1] ?? axes[0]!);
  const [metric, setMetric] = useState<FigureName>("sharpe");
  const [layer, setLayer] = useState<Layer>("values");
  const { data, previousData, error, refetch } = useQuery(SweepSurfaceDocument, {
    variables: { id, x, y, metric },
    fetchPolicy: "cache-and-network",
    pollInterval: busy ? POLL : 0,
    skipPollAttempt: isHidden,
  });
  useLast(busy, refetch);
  const surface = (data ?? previousData)?.sweep?.surface;
  const names = axes.map((name) => ({ value: name, label: axisWords(name) }));
  return (
    <Card
      title="Surface"
      hint={`${FIGURES.find((each) => each.value === metric)!.label} of ${LAYER_WORDS[layer]}${
        axes.length > 2 ? "; a cell is the mean over the other parameters" : ""
      }`}
      tools={<Segmented label="Layer" value={layer} options={LAYERS} onChange={setLayer} />}
      flush
    >
      <div className={css.choices}>
        <SelectField
          label="Figure"
          path="metric"
          value={metric}
          options={FIGURES.map(({ value, label }) => ({ value, label }))}
          onChange={(name) => setMetric(name as FigureName)}
        />
        {axes.length > 1 && (
          <>
            <SelectField label="Across" path="x" value={x} options={names} onChange={setX} />
            <SelectField label="Up" path="y" value={y} options={names} onChange={setY} />
          </>
        )}
      </div>
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : !surface ? (
        <div className={css.wait}>
          <Skeleton height="12rem" />
        </div>
      ) : surface.x.length === 0 ? (
        <p className={css.wait}>No combination has been evaluated yet.</p>
      ) : (
        <Grid
          key={`${x} ${y}`}
          surface={surface}
          x={x}
          y={y}
          layer={layer}
          metric={metric}
          base={base}
          others={others}
          exact={exact}
        />
      )}
    </Card>
  );
}

type GridProps = Pick<Props, "base" | "others" | "exact"> & {
  surface: Surface;
  x: string;
  y: string;
  layer: Layer;
  metric: FigureName;
};
type Cell = { row: number; column: number };

function Grid({ surface, x, y, layer, metric, base, others, exact }: GridProps) {
  const [chosen, setChosen] = useState<Cell | null>(null);
  const one = x === y;
  const rows = (one ? [diagonal(surface[layer])] : surface[layer]) as readonly (readonly (number | null)[])[];
  const extent = extentOf(rows);
  // Rows run upwards, as on a chart.
  const order = rows.map((_, row) => row).reverse();
  const rest = varied(Object.fromEntries(Object.entries(others).filter(([name]) => name !== x && name !== y)));
  return (
    <>
      <div className={css.scroll} role="region" aria-label="Surface" tabIndex={0}>
        <table className={css.map}>
          <caption className="visually-hidden">
            {metric} by {axisWords(y)} and {axisWords(x)}
          </caption>
          <tbody>
            {order.map((row) => (
              <tr key={row}>
                <th scope="row">{one ? "" : shown(surface.y[row])}</th>
                {rows[row]!.map((value, column) => {
                  const at = chosen?.row === row && chosen.column === column;
                  return (
                    <td key={column}>
                      <button
                        type="button"
                        className={css.cell}
                        aria-pressed={at}
                        disabled={value === null}
                        style={
                          value === null || !extent ? undefined : { backgroundColor: shade(shareOf(value, extent)) }
                        }
                        onClick={() => setChosen(at ? null : { row, column })}
                      >
                        {writeFigure(metric, value)}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
            <tr>
              <th scope="row" className={css.corner}>
                {one ? "" : `${axisWords(y)} ↑`}
              </th>
              {surface.x.map((value, column) => (
                <th key={column} scope="col">
                  {shown(value)}
                </th>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <div className={css.foot}>
        <p className={css.across}>{axisWords(x)} →</p>
        {extent && <Scale low={writeFigure(metric, extent.low)} high={writeFigure(metric, extent.high)} />}
      </div>
      {chosen && (
        <Chosen {...{ surface, chosen, x, y, metric }}>
          {exact && (
            <RunTrial
              base={base}
              parameters={{ ...others, [y]: surface.y[chosen.row], [x]: surface.x[chosen.column] }}
              label={`Open as a backtest${rest ? ` with ${rest}` : ""}`}
            />
          )}
        </Chosen>
      )}
    </>
  );
}

const diagonal = (rows: readonly unknown[]) => rows.map((row, place) => (row as (number | null)[])[place] ?? null);

const shade = (share: number) => `color-mix(in oklab, var(--heat-gain) ${Math.round(8 + share * 58)}%, var(--surface))`;

function Scale({ low, high }: { low: string; high: string }) {
  return (
    <p className={css.scale}>
      <span>{low}</span>
      <span className={css.ramp} aria-hidden="true" />
      <span>{high}</span>
    </p>
  );
}

type ChosenProps = Pick<GridProps, "surface" | "x" | "y" | "metric"> & { chosen: Cell; children: React.ReactNode };

function Chosen({ surface, chosen: { row, column }, x, y, metric, children }: ChosenProps) {
  const at = (layer: Layer) => {
    const rows = surface[layer] as readonly (readonly (number | null)[])[];
    return writeFigure(metric, rows[x === y ? column : row]?.[column]);
  };
  return (
    <div className={css.chosen} aria-live="polite">
      <p>
        <strong>
          {axisWords(x)} {shown(surface.x[column])}
          {x !== y && `, ${axisWords(y)} ${shown(surface.y[row])}`}
        </strong>
        : {at("values")}, neighbours {at("stability")} on average and {at("worst")} at worst
      </p>
      {children}
    </div>
  );
}
