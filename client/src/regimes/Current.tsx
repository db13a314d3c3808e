import { Link } from "react-router";
import { day, NOTHING, probability, words } from "../ui/format";
import { Notice } from "../ui/Notice";
import type { Regime } from "./RegimesPage";
import css from "./RegimesPage.module.css";
import { age, sessionsWords } from "./words";

const OLD = 7; // days without a session after which the reader is told

export function Current({ regime, standsAt }: { regime: Regime; standsAt: string }) {
  const now = regime.byState.find(({ name }) => name === regime.current);
  const days = age(regime.asOf, standsAt);
  return (
    <>
      <dl className={css.tiles} aria-label="Current state">
        <Tile label={`State of ${regime.symbol}`} detail={`since ${day(regime.since)}`}>
          <span className={css.state} data-state={regime.current}>
            {words(regime.current)}
          </span>
        </Tile>
        <Tile label={`Probability of ${regime.current.toLowerCase()}`} detail="given the past only">
          {now?.probability == null ? NOTHING : probability(now.probability)}
        </Tile>
        <Tile label="In this state for" detail={expected(now?.expectedSessions)}>
          {sessionsWords(regime.sessionsInState)}
        </Tile>
        <Tile label="Last session" detail={`closes from ${regime.source}`}>
          {day(regime.asOf)}
        </Tile>
        <Tile label="Model fitted up to" detail="again every 63 sessions">
          {regime.fittedOn ? day(regime.fittedOn) : NOTHING}
        </Tile>
      </dl>
      {days > OLD && (
        <Notice tone="warn" title={`The last close of ${regime.symbol} is ${days.toLocaleString("en-AU")} days old`}>
          <p>
            This is the state of {day(regime.asOf)}, not of {standsAt ? day(standsAt) : "today"}.{" "}
            <Link to="/data">Fetch prices</Link> of {regime.symbol}, and its regimes follow.
          </p>
        </Notice>
      )}
    </>
  );
}

const expected = (sessions: number | null | undefined) =>
  sessions == null ? " " : `a stay lasts ${sessionsWords(sessions)} on average`;

function Tile({ label, detail, children }: { label: string; detail: string; children: React.ReactNode }) {
  return (
    <div className={css.tile}>
      <dt>{label}</dt>
      <dd>{children}</dd>
      <small>{detail}</small>
    </div>
  );
}
