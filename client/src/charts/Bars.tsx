import css from "./Plot.module.css";
import { ticks } from "./scale";

type Props = {
  label: string;
  edges: readonly number[];
  counts: readonly number[];
  format: (value: number) => string;
};

const [WIDTH, HEIGHT, FOOT] = [600, 200, 20];

/** How often values fell between two edges. */
export function Bars({ label, edges, counts, format }: Props) {
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const most = Math.max(1, ...counts);
  const x = (value: number) => ((value - low) / (high - low || 1)) * WIDTH;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label} width="100%">
      {counts.map((count, place) => {
        const tall = (count / most) * (HEIGHT - FOOT);
        const [left, right] = [x(edges[place]!), x(edges[place + 1]!)];
        return (
          <rect
            key={place}
            className={css.bar}
            x={left + 0.5}
            y={HEIGHT - FOOT - tall}
            width={Math.max(0.5, right - left - 1)}
            height={tall}
          >
            <title>{`${format(edges[place]!)} to ${format(edges[place + 1]!)}: ${count}`}</title>
          </rect>
        );
      })}
      {ticks([low, high], 6).map((value) => (
        <text key={value} className={css.text} x={x(value)} y={HEIGHT - 5} textAnchor="middle">
          {format(value)}
        </text>
      ))}
    </svg>
  );
}
