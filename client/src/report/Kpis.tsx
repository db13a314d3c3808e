import { type ReactNode, useState } from "react";
import type { KpisFragment } from "../graphql/generated";
import { Button } from "../ui/Button";
import { Card } from "../ui/Card";
import { integer, NOTHING, probability as odds, ratio } from "../ui/format";
import { Tooltip } from "../ui/Tooltip";
import { Figure } from "./Figure";
import css from "./Kpis.module.css";
import { flagWords, HINDSIGHT, verdictWords } from "./flags";
import { GROUPS, type MetricGroup, type MetricName, type MetricSpec } from "./metrics";

const HEADLINE: readonly MetricName[] = ["cagr", "sharpe", "maxDrawdown", "volatility", "totalReturn", "finalValue"];
const SPECS = new Map(GROUPS.flatMap((group) => group.metrics).map((spec) => [spec.name, spec]));

export function Kpis({ run }: { run: KpisFragment }) {
  const { metrics, benchmarkMetrics, currency } = run;
  const [open, setOpen] = useState(false);
  if (!metrics) return null;
  return (
    <>
      <section className={css.tiles} aria-label="Key figures">
        {HEADLINE.map((name) => {
          const spec = SPECS.get(name)!;
          return (
            <Tile
              key={name}
              spec={spec}
              versus={
                benchmarkMetrics?.[name] != null && (
                  <>
                    Benchmark{" "}
                    <Figure
                      spec={spec}
                      value={benchmarkMetrics[name]}
                      reasons={benchmarkMetrics.undefined}
                      currency={currency}
                    />
                  </>
                )
              }
            >
              <Figure spec={spec} value={metrics[name]} reasons={metrics.undefined} currency={currency} />
              {spec.per && <span className={css.unit}>{spec.per}</span>}
            </Tile>
          );
        })}
        <Honesty overfitting={run.overfitting} />
        <div className={css.verdict}>
          <p>
            {run.overfitting && verdictWords(run.overfitting.verdict)}
            {run.guards?.flags.includes(HINDSIGHT) && (
              <span className={css.caution}>{flagWords(HINDSIGHT)?.detail}</span>
            )}
          </p>
          <Button small aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Fewer figures" : "All figures"}
          </Button>
        </div>
      </section>
      {open && (
        <Card
          title="All figures"
          flush
          hint="Point at a name, or tap it, for its definition. The benchmark is held over the same sessions."
        >
          <AllFigures run={run} />
        </Card>
      )}
    </>
  );
}

function Tile({
  spec,
  versus,
  children,
}: {
  spec: Pick<MetricSpec, "label" | "definition">;
  versus?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={css.tile}>
      <span className={css.label}>
        <Tooltip tip={spec.definition}>{spec.label}</Tooltip>
      </span>
      <span className={css.value}>{children}</span>
      <span className={css.versus}>{versus}</span>
    </div>
  );
}

/** The figures that say how much of the rest may be luck. */
function Honesty({ overfitting }: { overfitting: KpisFragment["overfitting"] }) {
  const { deflatedSharpe = null, psr = null, trials = 0, rough = false, sharpeInterval = null } = overfitting ?? {};
  const probability = (name: string, value: number | null) =>
    value === null ? (
      <span className={css.none}>{NOTHING}</span>
    ) : (
      <span data-metric={name} data-value={value}>
        {odds(value)}
        <span className={css.unit}>probability</span>
      </span>
    );
  return (
    <>
      <Tile
        spec={{
          label: "Deflated Sharpe",
          definition:
            "Probability that the true Sharpe ratio is above what the best of as many worthless trials would show by luck. The trials are counted by the ledger.",
        }}
        versus={
          <>
            over{" "}
            <span data-metric="trials" data-value={trials}>
              {integer(trials)}
            </span>{" "}
            {trials === 1 ? "trial" : "trials"} on record
            {rough && ": too few for more than a rough figure"}
          </>
        }
      >
        {probability("deflatedSharpe", deflatedSharpe)}
      </Tile>
      <Tile
        spec={{
          label: "Probabilistic Sharpe",
          definition:
            "Probability that the true Sharpe ratio is above zero, given the run's length, skewness and kurtosis. It does not know how many other trials were made.",
        }}
        versus={
          <>
            {sharpeInterval?.length === 2 &&
              `Sharpe ${ratio(sharpeInterval[0]!)} to ${ratio(sharpeInterval[1]!)}, 95% interval`}
            {trackRecord(overfitting)}
          </>
        }
      >
        {probability("psr", psr)}
      </Tile>
    </>
  );
}

/** What the probability rests on, where the run's returns follow each other or are too few. */
function trackRecord(overfitting: KpisFragment["overfitting"]): string {
  const { psrAutocorrelated = null, independentSessions = null, minTrackRecordLength = null } = overfitting ?? {};
  const following =
    psrAutocorrelated === null || independentSessions === null
      ? ""
      : `; ${odds(psrAutocorrelated)} with the ${integer(independentSessions)} sessions that are independent`;
  const needed =
    minTrackRecordLength === null ? "" : `; 95% needs ${integer(Math.ceil(minTrackRecordLength))} sessions`;
  return following + needed;
}

function AllFigures({ run }: { run: KpisFragment }) {
  return (
    <div className={css.groups}>
      {GROUPS.map((group) => (
        <div key={group.title} className={css.group}>
          <FigureTable group={group} run={run} />
        </div>
      ))}
    </div>
  );
}

function FigureTable({ group, run }: { group: MetricGroup; run: KpisFragment }) {
  const { metrics, benchmarkMetrics, currency } = run;
  const versus = group.alone ? null : benchmarkMetrics;
  return (
    <table>
      <caption>{group.title}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="visually-hidden">Figure</span>
          </th>
          <th scope="col">Strategy</th>
          {versus && <th scope="col">Benchmark</th>}
        </tr>
      </thead>
      <tbody>
        {group.metrics.map((spec) => (
          <tr key={spec.name}>
            <th scope="row">
              <Tooltip tip={spec.definition}>{spec.label}</Tooltip>
              {spec.per && <span className={css.unit}>{spec.per}</span>}
            </th>
            <td>
              <Figure spec={spec} value={metrics?.[spec.name]} reasons={metrics?.undefined} currency={currency} />
            </td>
            {versus && (
              <td>
                <Figure spec={spec} value={versus[spec.name]} reasons={versus.undefined} currency={currency} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
