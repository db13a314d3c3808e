import { useState } from "react";
import type { AttributionPartFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { percent } from "../ui/format";
import { Tooltip } from "../ui/Tooltip";
import css from "./Attribution.module.css";

const PARTS = [
  ["asset", "Assets", "What the holdings earned in their own currencies."],
  ["currency", "Currency", "What moves of the exchange rate did to the capital held abroad."],
  ["interaction", "Interaction", "Currency moves on the assets' own gains and losses."],
  ["costs", "Costs", "Commission, slippage, impact and the spread of currency conversion."],
  ["cash", "Cash", "Interest on what was not invested, and what exchange rates made of cash kept abroad."],
] as const;

const FEW = 8;
type Line = { key: string; label: string; tip?: string; value: number };

export function Attribution({
  run,
  currency,
  total,
}: {
  run: AttributionPartFragment;
  currency: string;
  total: number | null;
}) {
  const { attribution } = run;
  const [all, setAll] = useState(false);
  if (!attribution) return null;
  const lines = PARTS.map(([key, label, tip]) => ({ key, label, tip, value: attribution[key] }));
  const symbols = bySymbol(attribution.bySymbol);
  return (
    <Card
      title={`Attribution in ${currency}`}
      hint="Each part as a fraction of the initial capital; together they are the total return."
    >
      <Bars lines={lines} />
      {total !== null && (
        <p className={`${css.row} ${css.total}`}>
          <span>Total return</span>
          <span />
          <span>{percent(total)}</span>
        </p>
      )}
      {symbols.length > 0 && (
        <div className={css.symbols}>
          <h3>By symbol</h3>
          <Bars lines={all ? symbols : symbols.slice(0, FEW)} />
          {symbols.length > FEW && (
            <Button small look="quiet" onClick={() => setAll(!all)}>
              {all ? "Fewer" : `All ${symbols.length} symbols`}
            </Button>
          )}
        </div>
      )}
    </Card>
  );
}

function bySymbol(parts: unknown): Line[] {
  return Object.entries((parts ?? {}) as Record<string, unknown>)
    .flatMap(([key, value]) => (typeof value === "number" ? [{ key, label: key, value }] : []))
    .sort((a, b) => b.value - a.value);
}

function Bars({ lines }: { lines: Line[] }) {
  const values = lines.map((line) => line.value);
  const lowest = Math.min(0, ...values);
  const width = Math.max(Number.EPSILON, Math.max(0, ...values) - lowest);
  const place = (value: number) => `${((value - lowest) / width) * 100}%`;
  return (
    <div className={css.bars}>
      {lines.map(({ key, label, tip, value }) => (
        <div key={key} className={css.row}>
          <span>{tip ? <Tooltip tip={tip}>{label}</Tooltip> : label}</span>
          <span className={css.track} aria-hidden="true">
            <span
              className={value < 0 ? css.minus : css.plus}
              style={{ left: place(Math.min(0, value)), width: `${(Math.abs(value) / width) * 100}%` }}
            />
          </span>
          <span className={value < 0 ? css.loss : undefined}>{percent(value)}</span>
        </div>
      ))}
    </div>
  );
}
