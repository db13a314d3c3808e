import { useQuery } from "@apollo/client/react";
import { Link, useParams } from "react-router";
import { StrategyPageDocument, type StrategyPageQuery } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { enumWords } from "../ui/format";
import { Icon } from "../ui/Icon";
import { LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { byFamily, familyWords, inFamilies } from "./find";
import { Parameters } from "./Parameters";
import { PastTrials } from "./PastTrials";
import css from "./StrategyPage.module.css";
import { dataWords, panelWords, sessions } from "./words";

export type Strategy = NonNullable<StrategyPageQuery["strategy"]>;
type Others = StrategyPageQuery["strategies"];

export default function StrategyPage() {
  const { key = "" } = useParams();
  const { data, error, refetch } = useQuery(StrategyPageDocument, { variables: { key } });
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading strategy" rows={4} height={140} />;
  if (!data.strategy) return <NotFound what="strategy" />;
  return (
    <div className={css.layout}>
      <Rail strategies={data.strategies} />
      <Guide key={key} strategy={data.strategy} others={data.strategies} />
    </div>
  );
}

const bringIntoView = (link: HTMLElement | null) => link?.scrollIntoView?.({ block: "nearest" });

/** Beside the page where there is room; a phone goes by the overview, and from one to the next. */
function Rail({ strategies }: { strategies: Others }) {
  const { key } = useParams();
  return (
    <nav className={css.rail} aria-label="Strategies">
      {byFamily(strategies).map(({ family, members }) => (
        <div key={family}>
          <p>{familyWords(family)}</p>
          {members.map((each) => (
            <Link
              key={each.key}
              to={`/strategies/${each.key}`}
              {...(each.key === key && { "aria-current": "page", ref: bringIntoView })}
            >
              {each.name}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}

function Guide({ strategy, others }: { strategy: Strategy; others: Others }) {
  useTitle(strategy.name);
  return (
    <article className={css.page}>
      <header className={css.head}>
        <div>
          <p className={css.crumb}>
            <Link to="/strategies">Strategies</Link> /{" "}
            <Link to={`/strategies?family=${strategy.family}`}>{familyWords(strategy.family)}</Link>
          </p>
          <h1 tabIndex={-1}>{strategy.name}</h1>
          <p className={css.facts}>
            <code>{strategy.key}</code>, version {strategy.version}
          </p>
        </div>
        <ButtonLink look="primary" to={`/backtests/new?strategy=${strategy.key}`}>
          <Icon name="play" />
          Backtest this
        </ButtonLink>
      </header>
      <Card title="The idea">
        <p className={css.summary}>{strategy.summary}</p>
        {strategy.notes && <p className={css.notes}>{strategy.notes}</p>}
      </Card>
      <Card title="What it needs">
        <Needs strategy={strategy} />
      </Card>
      <Card title="Past trials" hint="Each set of parameters you ran or searched counts once." flush>
        <PastTrials strategy={strategy} />
      </Card>
      <Card title="Parameters" flush>
        <Parameters name={strategy.name} schema={strategy.parameterSchema} />
      </Card>
      <Card title="Based on">
        <ul className={css.references}>
          {strategy.references.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      </Card>
      <Neighbours of={strategy.key} strategies={inFamilies(others)} />
    </article>
  );
}

function Needs({ strategy: { requires, minimumHistory, allocators, panels } }: { strategy: Strategy }) {
  return (
    <dl className={css.needs}>
      {requires.map((name) => (
        <div key={name}>
          <dt>{enumWords(name)}</dt>
          <dd>
            {dataWords(name)}
            <Stored panel={panels.find((each) => each.name === name)} />
          </dd>
        </div>
      ))}
      <div>
        <dt>History</dt>
        <dd>{sessions(minimumHistory)} before the first decision, with the standard parameters</dd>
      </div>
      <div>
        <dt>Allocators</dt>
        <dd>{allocators.map(enumWords).join(", ") || "its own weights only"}</dd>
      </div>
    </dl>
  );
}

function Stored({ panel }: { panel: Strategy["panels"][number] | undefined }) {
  if (!panel) return null;
  return <p className={panel.lastDay === null && !panel.optional ? css.missing : css.stored}>{panelWords(panel)}</p>;
}

function Neighbours({ of, strategies }: { of: string; strategies: Others }) {
  const at = strategies.findIndex(({ key }) => key === of);
  const [before, after] = [strategies[at - 1], strategies[at + 1]];
  return (
    <nav className={css.neighbours} aria-label="Neighbouring strategies">
      {before && (
        <Link to={`/strategies/${before.key}`} rel="prev">
          <Icon name="left" />
          {before.name}
        </Link>
      )}
      {after && (
        <Link to={`/strategies/${after.key}`} rel="next">
          {after.name}
          <Icon name="right" />
        </Link>
      )}
    </nav>
  );
}
