import type { PositionRowFragment } from "../graphql/generated";
import { percent } from "../ui/format";
import { change } from "./amounts";
import css from "./Treemap.module.css";
import { squarify } from "./treemap";

const FRAME = { x: 0, y: 0, width: 100, height: 34 };
// A return of this size, or more, has the full colour.
const FULL = 0.25;

/** What each holding is of all, by area; whether it gained, by colour and by words. The table says it exactly. */
export function Treemap({ positions }: { positions: readonly PositionRowFragment[] }) {
  const valued = positions
    .filter((each) => each.value !== null && Number(each.value) !== 0)
    .map((each) => ({ ...each, size: Math.abs(Number(each.value)) }))
    .sort((one, other) => other.size - one.size);
  const total = valued.reduce((sum, { size }) => sum + size, 0);
  const boxes = squarify(
    valued.map(({ size }) => size),
    FRAME,
  );
  if (boxes.length === 0) return null;
  return (
    <ul className={css.map} aria-label="Share of each holding in all holdings">
      {valued.map((each, row) => {
        const { x, y, width, height } = boxes[row]!;
        const share = each.size / total;
        const strength = Math.min(1, Math.abs(each.assetReturn ?? 0) / FULL);
        const words = `${each.symbol}${Number(each.value) < 0 ? ", short" : ""}: ${percent(share)} of all holdings`;
        return (
          <li
            key={`${each.symbol} ${each.quantity}`}
            className={css.box}
            data-tone={(each.assetReturn ?? 0) < 0 ? "loss" : "gain"}
            title={each.assetReturn === null ? words : `${words}, ${change(each.assetReturn)} since entry`}
            style={{
              left: `${x}%`,
              top: `${(y / FRAME.height) * 100}%`,
              width: `${width}%`,
              height: `${(height / FRAME.height) * 100}%`,
              ["--strength" as string]: `${Math.round(18 + 62 * strength)}%`,
            }}
          >
            <strong>{each.symbol}</strong>
            <span>{percent(share)}</span>
          </li>
        );
      })}
    </ul>
  );
}
