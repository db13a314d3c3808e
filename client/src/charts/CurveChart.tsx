import { type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { useShownTheme } from "../shell/theme";
import css from "./CurveChart.module.css";
import type { Curve } from "./column";
import { indexAt } from "./column";
import { type Curves, drawCurves } from "./curves";

export type ChartHandle = Pick<Curves, "picture" | "showYears" | "zoom">;

type Props = {
  ref: Ref<ChartHandle>;
  label: string;
  equity: Curve;
  drawdown: Curve | null;
  logarithmic: boolean;
  day: string | null;
  onDay: (day: string | null) => void;
  onZoomed: () => void;
};

const ZOOM = 0.6;

export default function CurveChart({ ref, label, equity, drawdown, logarithmic, day, onDay, onZoomed }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const curves = useRef<Curves>(null);
  const events = useRef({ onDay, onZoomed });
  const theme = useShownTheme();
  events.current = { onDay, onZoomed };

  useEffect(() => {
    const drawn = drawCurves(host.current!, {
      onDay: (at) => events.current.onDay(at),
      onZoomed: () => events.current.onZoomed(),
    });
    curves.current = drawn;
    return () => drawn.remove();
  }, []);
  useEffect(() => curves.current?.paint(), [theme]);
  useEffect(() => curves.current?.setLogarithmic(logarithmic), [logarithmic]);
  useEffect(() => curves.current?.setEquity(equity), [equity]);
  useEffect(() => {
    if (drawdown) curves.current?.setDrawdown(drawdown);
  }, [drawdown]);

  useImperativeHandle(
    ref,
    () => ({
      picture: () => curves.current!.picture(),
      showYears: (years) => curves.current?.showYears(years),
      zoom: (factor) => curves.current?.zoom(factor),
    }),
    [],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const last = equity.dates.length - 1;
    const row = day ? indexAt(equity.dates, day) : last;
    const stride = event.shiftKey ? 20 : 1;
    const actions: Record<string, () => void> = {
      ArrowLeft: () => curves.current?.point(Math.max(0, row - stride)),
      ArrowRight: () => curves.current?.point(Math.min(last, row + stride)),
      Home: () => curves.current?.point(0),
      End: () => curves.current?.point(last),
      "+": () => curves.current?.zoom(ZOOM),
      "=": () => curves.current?.zoom(ZOOM),
      "-": () => curves.current?.zoom(1 / ZOOM),
      "0": () => curves.current?.showYears(null),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  return (
    // The wheel zooms only a chart that was taken in hand, so that the page can be scrolled across it.
    <div
      ref={host}
      className={css.host}
      role="group"
      tabIndex={0}
      onKeyDown={onKeyDown}
      aria-label={`${label}. Arrow keys move the crosshair, plus and minus zoom, zero shows everything.`}
      onPointerDown={() => host.current?.focus({ preventScroll: true })}
      onFocus={() => curves.current?.setWheel(true)}
      onBlur={() => curves.current?.setWheel(false)}
    />
  );
}
