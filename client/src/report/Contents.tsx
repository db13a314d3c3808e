import type { ReactNode } from "react";
import css from "./Contents.module.css";

const PARTS = {
  curve: "Curve",
  months: "Months",
  attribution: "Attribution",
  guards: "Costs and guards",
  rolling: "Rolling",
  drawdowns: "Drawdowns",
  stress: "Stress",
  holdings: "Holdings",
  orders: "Orders",
  settings: "Settings",
} as const;

/** A report is many screens long, and most of all on a phone: this stays in sight and leads to its parts. */
export function Contents() {
  return (
    <nav className={css.contents} aria-label="Parts of the report">
      {Object.entries(PARTS).map(([id, label]) => (
        <a key={id} href={`#${id}`}>
          {label}
        </a>
      ))}
    </nav>
  );
}

export function Part({ id, children }: { id: keyof typeof PARTS; children: ReactNode }) {
  return (
    <div id={id} className={css.part}>
      {children}
    </div>
  );
}
