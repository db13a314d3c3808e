import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";
import { DashboardMarketDocument, type DashboardMarketQuery } from "../graphql/generated";
import { day, integer, percent, words } from "../ui/format";
import css from "./Dashboard.module.css";

type Seen = DashboardMarketQuery["dashboard"];

/** What the rest stands on: whether prices can be trusted, and what sort of market it is. */
export function Market() {
  const { data } = useQuery(DashboardMarketDocument, { fetchPolicy: "cache-and-network" });
  return (
    <div className={css.lights} aria-label="Data and market" role="group">
      {data ? (
        <>
          <Data health={data.dashboard.dataHealth} />
          <Regime regime={data.dashboard.regime} />
        </>
      ) : (
        <span className={css.light}>…</span>
      )}
    </div>
  );
}

const STATES: Record<string, { tone: string; words: (health: Seen["dataHealth"]) => string }> = {
  GOOD: { tone: "good", words: ({ symbols }) => `Data complete: ${integer(symbols)} symbols` },
  INCOMPLETE: { tone: "warn", words: ({ gaps }) => `Data: ${integer(gaps)} sessions missing` },
  STALE: {
    tone: "warn",
    words: ({ stale, symbols }) => `Data: ${integer(stale)} of ${integer(symbols)} symbols behind`,
  },
  EMPTY: { tone: "plain", words: () => "No prices are stored yet" },
};

function Data({ health }: { health: Seen["dataHealth"] }) {
  const state = STATES[health.state];
  return (
    <Link to="/data" className={css.light} data-tone={state?.tone ?? "plain"}>
      {state ? state.words(health) : `Data: ${health.state}`}
    </Link>
  );
}

function Regime({ regime }: { regime: Seen["regime"] }) {
  if (!regime)
    return (
      <Link to="/regimes" className={css.light} data-tone="plain">
        Market regime: not computed yet
      </Link>
    );
  const chance = (regime.probabilities as Record<string, number | null>)[regime.current];
  return (
    <Link to="/regimes" className={css.light} data-tone={regime.current.toLowerCase() === "stress" ? "warn" : "good"}>
      {regime.symbol} regime: {words(regime.current)}
      {chance != null && `, ${percent(chance, 0)}`}, as of {day(regime.asOf)}
    </Link>
  );
}
