import { type KeyboardEvent, type PointerEvent, useMemo, useState } from "react";
import { day as dayWords, NOTHING } from "../ui/format";
import css from "./Plot.module.css";
import { dateTicks, type Extent, extent, stack, ticks } from "./scale";
import { useWidth } from "./useWidth";

export type Series = { name: string; values: readonly (number | null)[] };

type Props = {
  label: string;
  dates: readonly string[];
  series: readonly Series[];
  format: (value: number) => string;
  /** Areas on top of each other instead of lines. */
  stacked?: boolean;
  log?: boolean;
  height?: number;
};

const HALF_DATE = 20; // a date is written around its place, and would be cut at the edge
const MARGIN = { top: 8, right: 60, bottom: 22, left: 8 };

/** Lines or stacked areas over time; the legend reads the values at the crosshair. */
export function Plot({ label, dates, series, format, stacked = false, log = false, height = 260 }: Props) {
  const [host, width] = useWidth();
  const [row, setRow] = useState<number | null>(null);
  const columns = useMemo(() => {
    const values = series.map((one) => one.values);
    return stacked ? stack(values) : values;
  }, [series, stacked]);
  const place = usePlaces(columns, dates.length, { width, height, log, stacked });
  const shapes = useMemo(
    () =>
      columns.map((values, column) => ({
        line: place.path(values),
        area: stacked ? place.area(values, columns[column - 1] ?? null) : null,
      })),
    [columns, place, stacked],
  );
  const at = Math.min(row ?? dates.length - 1, dates.length - 1);
  const last = dates.length - 1;

  const point = (event: PointerEvent) => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left;
    setRow(Math.max(0, Math.min(last, place.row(left))));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const stride = event.shiftKey ? 20 : 1;
    const next: Record<string, number> = { ArrowLeft: at - stride, ArrowRight: at + stride, Home: 0, End: last };
    const wanted = next[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    setRow(Math.max(0, Math.min(last, wanted)));
  };

  return (
    <figure className={css.figure}>
      <figcaption className={css.legend} aria-live="polite">
        <span className={css.day}>{dates[at] ? dayWords(dates[at]) : NOTHING}</span>
        {series.map(({ name, values }, place) => (
          <span key={name} className={css.key} data-series={place % 12}>
            {name} <b>{values[at] == null ? NOTHING : format(values[at])}</b>
          </span>
        ))}
      </figcaption>
      <div
        ref={host}
        className={css.host}
        role="group"
        tabIndex={0}
        aria-label={`${label}. Arrow keys move the crosshair.`}
        onKeyDown={onKeyDown}
        onPointerMove={point}
        onPointerLeave={() => setRow(null)}
      >
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={label}>
            <Axes place={place} dates={dates} format={format} width={width} height={height} />
            {shapes.map(({ line, area }, column) => (
              <Shape key={series[column]!.name} colour={column % 12} line={line} area={area} />
            ))}
            {row !== null && (
              <line
                className={css.cross}
                x1={place.x(at)}
                x2={place.x(at)}
                y1={MARGIN.top}
                y2={height - MARGIN.bottom}
              />
            )}
          </svg>
        )}
      </div>
    </figure>
  );
}

function Shape({ colour, line, area }: { colour: number; line: string; area: string | null }) {
  return (
    <g data-series={colour}>
      {area && <path className={css.area} d={area} />}
      <path className={css.line} d={line} />
    </g>
  );
}

type Places = ReturnType<typeof usePlaces>;

function Axes({
  place,
  dates,
  format,
  width,
  height,
}: {
  place: Places;
  dates: readonly string[];
  format: (value: number) => string;
  width: number;
  height: number;
}) {
  return (
    <g aria-hidden="true">
      {place.levels.map((level) => (
        <g key={level}>
          <line
            className={css.grid}
            x1={MARGIN.left}
            x2={width - MARGIN.right}
            y1={place.y(level)}
            y2={place.y(level)}
          />
          <text className={css.text} x={width - MARGIN.right + 6} y={place.y(level)} dominantBaseline="middle">
            {format(level)}
          </text>
        </g>
      ))}
      {dateTicks(dates, Math.max(2, Math.floor(width / 90)))
        .filter(({ row }) => place.x(row) > MARGIN.left + HALF_DATE)
        .map(({ row, text }) => (
          <text key={row} className={css.text} x={place.x(row)} y={height - 6} textAnchor="middle">
            {text}
          </text>
        ))}
    </g>
  );
}

type Frame = { width: number; height: number; log: boolean; stacked: boolean };

function usePlaces(columns: readonly (readonly (number | null)[])[], count: number, frame: Frame) {
  const { width, height, log, stacked } = frame;
  return useMemo(() => {
    const found = extent(columns) ?? [0, 1];
    const [low, high] = widened(stacked ? [Math.min(0, found[0]), found[1]] : found);
    const logarithmic = log && low > 0;
    const level = (value: number) => (logarithmic ? Math.log(value) : value);
    const inner = { width: width - MARGIN.left - MARGIN.right, height: height - MARGIN.top - MARGIN.bottom };
    const span = Math.max(1, count - 1);
    const x = (row: number) => MARGIN.left + (row / span) * inner.width;
    const y = (value: number) =>
      MARGIN.top + (1 - (level(value) - level(low)) / (level(high) - level(low))) * inner.height;
    const known = (value: number | null | undefined): value is number => value != null && Number.isFinite(value);
    return {
      x,
      y,
      levels: ticks([low, high]).filter((each) => !logarithmic || each > 0),
      row: (left: number) => Math.round(((left - MARGIN.left) / Math.max(1, inner.width)) * span),
      path: (values: readonly (number | null)[]) =>
        values
          .map((value, row) =>
            known(value) ? `${known(values[row - 1]) ? "L" : "M"}${x(row).toFixed(1)},${y(value).toFixed(1)}` : "",
          )
          .join(""),
      area: (upper: readonly (number | null)[], lower: readonly (number | null)[] | null) => {
        const top = upper.map((value, row) => `${x(row).toFixed(1)},${y(value ?? 0).toFixed(1)}`);
        const bottom = upper.map((_, row) => `${x(row).toFixed(1)},${y(lower?.[row] ?? 0).toFixed(1)}`).reverse();
        return top.length > 0 ? `M${top.join("L")}L${bottom.join("L")}Z` : "";
      },
    };
  }, [columns, count, width, height, log, stacked]);
}

/** A flat line is drawn in the middle. */
function widened([low, high]: Extent): Extent {
  return low === high ? [low - Math.abs(low || 1) * 0.05, high + Math.abs(high || 1) * 0.05] : [low, high];
}
