import {
  AreaSeries,
  type ChartOptions,
  createChart,
  type DeepPartial,
  LineSeries,
  LineStyle,
  PriceScaleMode,
  type Time,
} from "lightweight-charts";
import { integer, percent } from "../ui/format";
import { colours, faded } from "./colours";
import { type Curve, points, yearsBefore } from "./column";

const NAMES = ["surface", "ink-faint", "grid", "line", "line-strong", "strategy", "benchmark", "loss"] as const;
const DETAIL_SHARE = 0.6; // less than this on screen, and every session is worth fetching

type Events = { onDay: (day: string | null) => void; onZoomed: () => void };

const dayOf = (time: Time | undefined): string | null => {
  if (time === undefined) return null;
  if (typeof time === "string") return time;
  if (typeof time === "number") return new Date(time * 1000).toISOString().slice(0, 10);
  return [time.year, String(time.month).padStart(2, "0"), String(time.day).padStart(2, "0")].join("-");
};

/** Equity above, underwater below, on one axis of time: they zoom, pan and point together. */
export function drawCurves(host: HTMLElement, { onDay, onZoomed }: Events) {
  const chart = createChart(host, {
    autoSize: true,
    // The credit is in the page's footer; the logo would bring a style that the security policy refuses.
    layout: { attributionLogo: false, fontSize: 11, panes: { enableResize: false } },
    localization: { locale: "en-AU", dateFormat: "d MMM yyyy" },
    rightPriceScale: { borderVisible: false },
    timeScale: {
      borderVisible: false,
      fixLeftEdge: true,
      fixRightEdge: true,
      minBarSpacing: 0.02,
      lockVisibleTimeRangeOnResize: true,
    },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false, axisPressedMouseMove: false },
    crosshair: { horzLine: { visible: false, labelVisible: false } },
  });
  const plain = { priceLineVisible: false, crosshairMarkerRadius: 3 } as const;
  const money = { type: "custom", formatter: integer, minMove: 1 } as const;
  const share = { type: "custom", formatter: (value: number) => percent(value, 0), minMove: 0.001 } as const;
  const benchmark = chart.addSeries(LineSeries, { ...plain, lineWidth: 1, priceFormat: money }, 0);
  const strategy = chart.addSeries(LineSeries, { ...plain, lineWidth: 2, priceFormat: money }, 0);
  const benchmarkDepth = chart.addSeries(
    LineSeries,
    { ...plain, lineWidth: 1, lineStyle: LineStyle.Solid, priceFormat: share, lastValueVisible: false },
    1,
  );
  const depth = chart.addSeries(
    AreaSeries,
    { ...plain, lineWidth: 1, invertFilledArea: true, priceFormat: share, lastValueVisible: false },
    1,
  );
  chart.panes()[0]?.setStretchFactor(3);
  chart.panes()[1]?.setStretchFactor(1);
  chart.priceScale("right", 1).applyOptions({ scaleMargins: { top: 0.04, bottom: 0.06 } });

  let equity: Curve = { dates: [], strategy: [], benchmark: null };
  // Until somebody takes the chart in hand it shows everything, whatever arrives and however it is resized.
  let held = false;
  const hold = () => {
    held = true;
  };
  for (const touch of ["wheel", "pointerdown"] as const) host.addEventListener(touch, hold, { passive: true });
  const time = chart.timeScale();
  chart.subscribeCrosshairMove(({ time: at }) => onDay(dayOf(at)));
  time.subscribeVisibleLogicalRangeChange((range) => {
    if (held && range && equity.dates.length > 0 && range.to - range.from < equity.dates.length * DETAIL_SHARE)
      onZoomed();
  });

  const keepRange = (change: () => void) => {
    const before = held ? time.getVisibleRange() : null;
    change();
    if (before) time.setVisibleRange(before);
    else time.fitContent();
  };

  return {
    setEquity(next: Curve) {
      keepRange(() => {
        strategy.setData(points(next.dates, next.strategy));
        benchmark.setData(next.benchmark ? points(next.dates, next.benchmark) : []);
      });
      equity = next;
    },
    setDrawdown(next: Curve) {
      keepRange(() => {
        depth.setData(points(next.dates, next.strategy));
        benchmarkDepth.setData(next.benchmark ? points(next.dates, next.benchmark) : []);
      });
    },
    setLogarithmic(on: boolean) {
      chart.priceScale("right", 0).applyOptions({ mode: on ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal });
    },
    setWheel(on: boolean) {
      chart.applyOptions({ handleScale: { mouseWheel: on } });
    },
    paint() {
      const c = colours(host, NAMES);
      const line = { color: c["line-strong"], labelBackgroundColor: c["ink-faint"] };
      chart.applyOptions({
        layout: {
          background: { color: c.surface },
          textColor: c["ink-faint"],
          fontFamily: getComputedStyle(host).fontFamily,
          panes: { separatorColor: c.line, separatorHoverColor: c.line },
        },
        grid: { vertLines: { color: c.grid }, horzLines: { color: c.grid } },
        crosshair: { vertLine: line, horzLine: line },
      } satisfies DeepPartial<ChartOptions>);
      strategy.applyOptions({ color: c.strategy });
      benchmark.applyOptions({ color: c.benchmark });
      benchmarkDepth.applyOptions({ color: c.benchmark });
      depth.applyOptions({ lineColor: c.loss, topColor: faded(c.loss, 0.05), bottomColor: faded(c.loss, 0.32) });
    },
    showYears(years: number | null) {
      const last = equity.dates.at(-1);
      held = years !== null;
      if (years === null || !last) return time.fitContent();
      const from = yearsBefore(last, years);
      const first = equity.dates[0]!;
      time.setVisibleRange({ from: from < first ? first : from, to: last });
    },
    zoom(factor: number) {
      const range = time.getVisibleLogicalRange();
      if (!range) return;
      held = true;
      const middle = (range.from + range.to) / 2;
      const half = ((range.to - range.from) * factor) / 2;
      time.setVisibleLogicalRange({
        from: Math.max(0, middle - half),
        to: Math.min(equity.dates.length - 1, middle + half),
      });
    },
    point(row: number) {
      const day = equity.dates[row];
      if (day) chart.setCrosshairPosition(equity.strategy[row] ?? 0, day, strategy);
    },
    picture: () => chart.takeScreenshot(),
    remove() {
      for (const touch of ["wheel", "pointerdown"] as const) host.removeEventListener(touch, hold);
      chart.remove();
    },
  };
}

export type Curves = ReturnType<typeof drawCurves>;
