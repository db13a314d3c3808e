import { Card } from "../ui/Card";
import { instant, integer, NOTHING, percent } from "../ui/format";
import type { Health } from "./DataPage";
import css from "./Summary.module.css";
import { many, plural } from "./words";

const STATES: Record<string, { tone: "good" | "warn" | "plain"; words: (summary: Health["summary"]) => string }> = {
  GOOD: { tone: "good", words: () => "Complete: every session expected so far is here." },
  INCOMPLETE: {
    tone: "warn",
    words: ({ gaps }) => `${plural(gaps, "session is", "sessions are")} missing between first and last bars.`,
  },
  STALE: {
    tone: "warn",
    words: ({ stale }) =>
      `${plural(stale, "symbol is", "symbols are")} behind: sessions have closed since the last bar.`,
  },
  EMPTY: { tone: "plain", words: () => "No prices are stored here yet." },
};

export function Summary({ health: { summary, asOf } }: { health: Health }) {
  const state = STATES[summary.state];
  const figures = [
    { label: "Symbols", value: integer(summary.symbols) },
    { label: "Bars", value: integer(summary.bars) },
    {
      label: "Coverage",
      value: summary.coveragePct === null ? NOTHING : sharp(summary.coveragePct),
      unit: "of sessions",
    },
    { label: "Missing", value: integer(summary.gaps), unit: many(summary.gaps, "session") },
    { label: "Behind", value: integer(summary.stale), unit: many(summary.stale, "symbol") },
    { label: "Suspect", value: integer(summary.suspect), unit: many(summary.suspect, "bar") },
    { label: "Quarantined", value: integer(summary.quarantined), unit: many(summary.quarantined, "row") },
  ];
  return (
    <Card
      title="State of the data"
      tools={
        <span className={css.asOf}>
          as of <time dateTime={asOf}>{instant(asOf)}</time>
        </span>
      }
    >
      <p className={`${css.state} ${css[state?.tone ?? "plain"]}`}>
        {state ? state.words(summary) : `State: ${summary.state}`}
      </p>
      <dl className={css.figures}>
        {figures.map(({ label, value, unit }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              {value}
              {unit && <span>{unit}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What is not quite everything must not read as everything. */
function sharp(share: number): string {
  const text = percent(share / 100, 2);
  return share < 100 && text === "100.00%" ? "under 100%" : text;
}
