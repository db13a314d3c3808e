import type { SplitsPartFragment, StudyDoubtFragment } from "../graphql/generated";
import { Card } from "../ui/Card";
import { integer, NOTHING, percent, probability, ratio } from "../ui/format";
import { Table, table } from "../ui/Table";
import css from "./SweepPage.module.css";
import { dominanceWords, doubtWords } from "./doubtWords";
import { histogram } from "./heat";

const BINS = 40;

type Props = {
  doubt: StudyDoubtFragment;
  snooping?: unknown;
  snoopingBenchmark?: unknown;
  logits?: readonly number[] | null;
  splits?: SplitsPartFragment | null;
  of: string;
};

/** How far the figures may be believed, after so many tries. */
export function Doubt({ doubt, snooping, snoopingBenchmark, logits, splits, of }: Props) {
  const chance = luckOf(snooping);
  const beside = luckOf(snoopingBenchmark);
  return (
    <Card title="How far to believe it" hint={doubtWords(doubt)}>
      <dl className={css.figures}>
        <div>
          <dt>Deflated Sharpe</dt>
          <dd>{doubt.deflatedSharpe === null ? NOTHING : probability(doubt.deflatedSharpe)}</dd>
          <p>
            that {of} beats the best of as many blind tries{deflations(doubt)}
          </p>
        </div>
        <div>
          <dt>Overfitting</dt>
          <dd>{doubt.pbo === null ? NOTHING : percent(doubt.pbo)}</dd>
          <p>of splits in which the best in one half fell below the middle in the other</p>
        </div>
        {chance !== null && (
          <div>
            <dt>Luck of the best</dt>
            <dd>{probability(chance)}</dd>
            <p>
              that the best of as many would beat cash by as much without any edge (Hansen 2005)
              {beside !== null && `; ${probability(beside)} to beat the benchmark by as much`}
            </p>
          </div>
        )}
        <div>
          <dt>Trials of the family</dt>
          <dd>{integer(doubt.trials)}</dd>
          <p>
            {doubt.effectiveTrials === null
              ? "everything ever tried of this idea here"
              : `ever tried; this search has about ${integer(doubt.effectiveTrials)} different ones`}
          </p>
        </div>
      </dl>
      {logits && logits.length > 0 && <Logits logits={logits} />}
      {splits && splits.quantiles.length > 0 && <Splits splits={splits} />}
    </Card>
  );
}

/** The lower of two deflations is shown large; here is what each of them says. */
function deflations({ deflatedByTrials, deflatedByEffectiveTrials, rough }: StudyDoubtFragment): string {
  const both =
    deflatedByTrials === null || deflatedByEffectiveTrials === null
      ? ""
      : `: ${probability(deflatedByTrials)} by all trials, ${probability(deflatedByEffectiveTrials)} by the different ones`;
  return both + (rough ? "; roughly, as they are so few" : "");
}

/** Hansen's consistent chance, where there were sessions enough to tell it. */
function luckOf(snooping: unknown): number | null {
  const found = (snooping as { consistent?: unknown } | null | undefined)?.consistent;
  return typeof found === "number" ? found : null;
}

/** What choosing the best of one half was worth in the other, beside a blind pick. */
function Splits({ splits }: { splits: SplitsPartFragment }) {
  return (
    <div className={css.splits}>
      <p>
        {dominanceWords(splits)} {percent(splits.probabilityOfLoss)} of the choices lost against bills
        {splits.slope !== null &&
          `; each point of Sharpe ratio in the first half stood for ${ratio(splits.slope)} in the other`}
        .
      </p>
      <Table label="Sharpe ratio in the other half">
        <thead>
          <tr>
            <th scope="col">Sharpe in the other half</th>
            {splits.quantiles.map(({ share }) => (
              <th key={share} scope="col" className={table.num}>
                {percent(share, 0)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(["chosen", "blind"] as const).map((name) => (
            <tr key={name}>
              <th scope="row">{name === "chosen" ? "The chosen" : "A blind pick"}</th>
              {splits.quantiles.map((row) => (
                <td key={row.share} className={table.num}>
                  {ratio(row[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}

function Logits({ logits }: { logits: readonly number[] }) {
  const bins = histogram(logits, BINS);
  const most = Math.max(...bins.map(({ count }) => count));
  return (
    <figure className={css.logits}>
      <div className={css.bars} aria-hidden="true">
        {bins.map(({ from, count }) => (
          <span
            key={from}
            className={from < 0 ? css.below : css.above}
            style={{ height: `${(100 * count) / most}%` }}
          />
        ))}
      </div>
      <figcaption>
        Rank out of sample of the best in sample, over {integer(logits.length)} ways to split the sessions: red fell to
        the lower half.
      </figcaption>
    </figure>
  );
}
