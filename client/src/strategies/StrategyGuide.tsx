import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { useLocation } from "react-router";
import { type GuidePartFragment, StrategyGuideDocument } from "../graphql/generated";
import { boundsWords, fieldsOf, type ParameterField } from "../compose/schema";
import { ButtonLink } from "../ui/Button";
import { Card } from "../ui/Card";
import { enumWords, integer, NOTHING, ratio } from "../ui/format";
import { Icon } from "../ui/Icon";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import { useTitle } from "../ui/useTitle";
import css from "./StrategyGuide.module.css";

export default function StrategyGuide() {
  useTitle("Strategies");
  const { data, error, refetch } = useQuery(StrategyGuideDocument);
  return (
    <>
      <div className={css.top}>
        <h1>Strategies</h1>
        <p>The rules on offer: the idea, what it needs, and every setting.</p>
      </div>
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows label="Loading strategies" rows={3} height={220} />
      ) : data.strategies.length === 0 ? (
        <Empty title="No strategies">
          <p>This server offers none.</p>
        </Empty>
      ) : (
        <Guides strategies={data.strategies} />
      )}
    </>
  );
}

function Guides({ strategies }: { strategies: readonly GuidePartFragment[] }) {
  const { hash } = useLocation();
  // The browser looked for the anchor before the guides were there.
  useEffect(() => document.getElementById(hash.slice(1))?.scrollIntoView(), [hash]);
  return (
    <div className={css.layout}>
      <nav className={css.contents} aria-label="Strategies">
        {strategies.map(({ key, name }) => (
          <a key={key} href={`#${key}`}>
            {name}
          </a>
        ))}
      </nav>
      <div className={css.guides}>
        {strategies.map((strategy) => (
          <Guide key={strategy.key} strategy={strategy} />
        ))}
      </div>
    </div>
  );
}

function Guide({ strategy }: { strategy: GuidePartFragment }) {
  return (
    <div id={strategy.key}>
      <Card
        title={strategy.name}
        hint={`${enumWords(strategy.family)}, version ${strategy.version}`}
        tools={
          <ButtonLink small look="primary" to={`/backtests/new?strategy=${strategy.key}`}>
            <Icon name="play" />
            Backtest this
          </ButtonLink>
        }
      >
        <p className={css.summary}>{strategy.summary}</p>
        {strategy.notes && <p className={css.notes}>{strategy.notes}</p>}
        <dl className={css.facts}>
          <div>
            <dt>Needs</dt>
            <dd>{strategy.requires.map(enumWords).join(", ")}</dd>
          </div>
          <div>
            <dt>History before the first decision</dt>
            <dd>
              {integer(strategy.minimumHistory)} {strategy.minimumHistory === 1 ? "session" : "sessions"}
            </dd>
          </div>
          <div>
            <dt>Allocators</dt>
            <dd>{strategy.allocators.map(enumWords).join(", ") || "Its own weights only"}</dd>
          </div>
          <div className={css.whole}>
            <dt>Based on</dt>
            <dd>
              <ul className={css.references}>
                {strategy.references.map((each) => (
                  <li key={each}>{each}</li>
                ))}
              </ul>
            </dd>
          </div>
        </dl>
        <div className={css.parameters}>
          <Table label={`Parameters of ${strategy.name}`}>
            <thead>
              <tr>
                <th scope="col">Parameter</th>
                <th scope="col">Meaning</th>
                <th scope="col" className={table.num}>
                  Default
                </th>
                <th scope="col">Range</th>
              </tr>
            </thead>
            <tbody>
              {fieldsOf(strategy.parameterSchema).map((field) => (
                <ParameterRow key={field.name} field={field} />
              ))}
            </tbody>
          </Table>
        </div>
        <h3 className={css.heading}>Past trials</h3>
        <PastTrials strategy={strategy} />
      </Card>
    </div>
  );
}

function PastTrials({ strategy }: { strategy: GuidePartFragment }) {
  if (strategy.ledgers.length === 0) return <p className={css.none}>You have not tried it yet.</p>;
  return (
    <Table label={`What you have tried of ${strategy.name}`}>
      <thead>
        <tr>
          <th scope="col">Tried on</th>
          <th scope="col" className={table.num}>
            Trials
          </th>
          <th scope="col" className={table.num}>
            Best Sharpe
          </th>
          <th scope="col" className={table.num} title="What the best of as many trials shows without any skill">
            By luck alone
          </th>
        </tr>
      </thead>
      <tbody>
        {strategy.ledgers.map((ledger) => (
          <tr key={ledger.family}>
            <th scope="row">{assetsWords(ledger.family)}</th>
            <td className={table.num}>{integer(ledger.count)}</td>
            <td className={table.num}>{figure(ledger.bestSharpe)}</td>
            <td className={table.num}>{figure(ledger.expectedMaximumSharpe)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

const figure = (value: number | null) => (value === null ? NOTHING : ratio(value));

/** A family ends with its universe, or with a digest of the symbols. */
function assetsWords(family: string): string {
  const assets = family.slice(family.indexOf(":") + 1);
  return /^[0-9a-f]{16}$/.test(assets) ? `Symbols of your own (${assets.slice(0, 6)})` : assets;
}

function ParameterRow({ field }: { field: ParameterField }) {
  return (
    <tr>
      <th scope="row">
        {field.title}
        <br />
        <code className={table.faint}>{field.name}</code>
      </th>
      <td className={css.wrap}>{field.description}</td>
      <td className={table.num}>{defaultWords(field.fallback)}</td>
      <td className={css.range}>{field.choices.map(enumWords).join(", ") || boundsWords(field) || NOTHING}</td>
    </tr>
  );
}

function defaultWords(value: unknown): string {
  if (value === null || value === undefined) return "not set";
  if (Array.isArray(value)) return value.join(", ") || "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "object") return "none";
  return typeof value === "number" ? String(value).replace("-", "−") : enumWords(String(value));
}
