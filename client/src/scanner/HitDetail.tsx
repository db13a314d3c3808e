import { integer, ratio } from "../ui/format";
import { comparison, flagWords, type HitValues, written } from "./hit";
import css from "./Scanner.module.css";

/** Why it is a hit: each rule with its figure, each part of the score with what it earned. */
export function HitDetail({ values }: { values: HitValues }) {
  return (
    <div className={css.reasons}>
      <section>
        <h3>Rules passed</h3>
        <dl>
          {values.rules.map((rule) => (
            <div key={rule.code}>
              <dt>{rule.name}</dt>
              <dd>
                {comparison(rule) || "yes"}
                {rule.margin !== null && rule.unit !== "flag" && (
                  <small>{written(rule.margin, rule.unit)} to spare</small>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section>
        <h3>Score</h3>
        <dl>
          {values.score.map((part) => (
            <div key={part.code}>
              <dt>{part.name}</dt>
              <dd>
                {ratio(part.points, 1)} <small>of {ratio(100 * part.weight, 0)} points</small>
              </dd>
            </div>
          ))}
        </dl>
        {values.order && (
          <p>
            Suggested: buy {integer(values.order.shares)} above {ratio(values.order.entry)} {values.currency}, stop{" "}
            {ratio(values.order.stop)}.
          </p>
        )}
        {values.flags.length > 0 && <p className={css.sub}>Data: {flagWords(values.flags).join(", ")}.</p>}
      </section>
    </div>
  );
}
