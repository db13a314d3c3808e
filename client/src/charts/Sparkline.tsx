import css from "./Plot.module.css";
import { extent } from "./scale";

type Props = { label: string; values: readonly (number | null)[]; width?: number; height?: number };

/** A course of values as small as a word; null leaves a gap. */
export function Sparkline({ label, values, width = 96, height = 24 }: Props) {
  const [low, high] = extent([values]) ?? [0, 1];
  const span = high - low || 1;
  const x = (row: number) => 1 + (row / Math.max(1, values.length - 1)) * (width - 2);
  const y = (value: number) => 1 + (1 - (value - low) / span) * (height - 2);
  const path = values
    .map((value, row) =>
      value === null ? "" : `${values[row - 1] == null ? "M" : "L"}${x(row).toFixed(1)},${y(value).toFixed(1)}`,
    )
    .join("");
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <path className={css.spark} d={path} />
    </svg>
  );
}
