import { useMemo } from "react";
import { Plot } from "../charts/Plot";
import { Card } from "../ui/Card";
import { percent, words } from "../ui/format";
import { Segmented } from "../ui/Segmented";
import type { Regime } from "./RegimesPage";
import css from "./RegimesPage.module.css";

const RANGES = [
  { value: "1", label: "1 year" },
  { value: "5", label: "5 years" },
  { value: "10", label: "10 years" },
  { value: "all", label: "All" },
] as const;

type Range = (typeof RANGES)[number]["value"];
type Props = { regime: Regime; years: number | null; onYears: (years: number | null) => void };

export function Probabilities({ regime, years, onYears }: Props) {
  const { dates, states, stateProbabilities } = regime;
  const series = useMemo(
    () => states.map((name, state) => ({ name: words(name), values: stateProbabilities[state] ?? [] })),
    [states, stateProbabilities],
  );
  return (
    <Card
      title="Probabilities over time"
      hint="Of each state at each session. Empty before the first model, which takes three years of closes."
      tools={
        <Segmented<Range>
          label="Range"
          value={years === null ? "all" : (String(years) as Range)}
          options={RANGES}
          onChange={(range) => onYears(range === "all" ? null : Number(range))}
        />
      }
    >
      <div className={css.chart} data-states={states.length}>
        <Plot
          label={`Probability of each state of ${regime.symbol}`}
          dates={dates}
          series={series}
          format={(value) => percent(value, 0)}
          stacked
        />
      </div>
    </Card>
  );
}
