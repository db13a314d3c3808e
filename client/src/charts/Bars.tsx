import css from "./Plot.module.css";
import { ticks } from "./scale";
import { useWidth } from "./useWidth";

type Props = {
  label: string;
  edges: readonly number[];
  counts: readonly number[];
  format: (value: number) => string;
};

const [HEIGHT, FOOT] = [200, 20];
/** Room for a label, so that neighbours do not touch and none is cut off at an end. */
const LABEL = 70;

/** How often values fell between two edges. */
export function Bars({ label, edges, counts, format }: Props) {
  const [host, width] = useWidth();
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const most = Math.max(1, ...counts);
  const x = (value: number) => ((value - low) / (high - low || 1)) * width;
  return (
    <div ref={host}>
      <svg className={css.bars} width={width} height={HEIGHT} role="img" aria-label={label}>
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
        {ticks([low, high], Math.max(2, Math.min(8, Math.floor(width / LABEL)))).map((value) => (
          <text key={value} className={css.text} x={x(value)} y={HEIGHT - 5} textAnchor={anchorAt(x(value), width)}>
            {format(value)}
          </text>
        ))}
      </svg>
    </div>
  );
}

function anchorAt(x: number, width: number) {
  if (x < LABEL / 2) return "start";
  return x > width - LABEL / 2 ? "end" : "middle";
}
