import { useQuery } from "@apollo/client/react";
import { Link, Navigate, useLocation, useSearchParams } from "react-router";
import { type GuideLineFragment, StrategyGuideDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { SelectField, TextField } from "../ui/Field";
import { enumWords, integer } from "../ui/format";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { familyWords, FAMILIES, findStrategies, inFamilies } from "./find";
import css from "./StrategyGuide.module.css";
import { isMissing, sessions } from "./words";

export default function StrategyGuide() {
  useTitle("Strategies");
  const { hash } = useLocation();
  const { data, error, refetch } = useQuery(StrategyGuideDocument);
  // Where each strategy's part of the one long page was.
  if (hash) return <Navigate replace to={`/strategies/${hash.slice(1)}`} />;
  return (
    <>
      <div className={css.top}>
        <h1>Strategies</h1>
        <p>The rules on offer: the idea, what it needs, every setting, and what you have tried.</p>
      </div>
      {error ? (
        <LoadError error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <SkeletonRows label="Loading strategies" rows={6} height={110} />
      ) : data.strategies.length === 0 ? (
        <Empty title="No strategies">
          <p>This server offers none.</p>
        </Empty>
      ) : (
        <Finder strategies={data.strategies} />
      )}
    </>
  );
}

const FAMILY_CHOICES = [
  { value: "", label: "All" },
  ...FAMILIES.map((value) => ({ value, label: familyWords(value) })),
];

function Finder({ strategies }: { strategies: readonly GuideLineFragment[] }) {
  const [params, setParams] = useSearchParams();
  const [search, family] = [params.get("search") ?? "", params.get("family") ?? ""];
  const set = (name: string, value: string) =>
    setParams(
      (before) => {
        value ? before.set(name, value) : before.delete(name);
        return before;
      },
      { replace: true },
    );
  const found = findStrategies(inFamilies(strategies), search, family);
  return (
    <>
      <div className={css.finder} role="search" aria-label="Find a strategy">
        <TextField
          label="Search"
          path="search"
          type="search"
          placeholder="Name, idea, author, data"
          value={search}
          onChange={(value) => set("search", value)}
        />
        <SelectField
          label="Family"
          path="family"
          value={family}
          options={FAMILY_CHOICES}
          onChange={(value) => set("family", value)}
        />
        <p className={css.count} role="status">
          {found.length === strategies.length
            ? `${strategies.length} strategies`
            : `${found.length} of ${strategies.length}`}
        </p>
      </div>
      {found.length === 0 ? (
        <Empty
          title="Nothing matches"
          action={<Button onClick={() => setParams({}, { replace: true })}>Clear filters</Button>}
        >
          <p>No strategy has these words in its name, its idea, its authors or the data it reads.</p>
        </Empty>
      ) : (
        <ul className={css.cards}>
          {found.map((strategy) => (
            <StrategyCard key={strategy.key} strategy={strategy} />
          ))}
        </ul>
      )}
    </>
  );
}

function StrategyCard({
  strategy: { key, name, family, summary, requires, minimumHistory, panels, ledgers },
}: CardProps) {
  const reads = requires.filter((each) => each !== "adjusted_close").map(enumWords);
  const missing = panels.filter(isMissing).map((panel) => enumWords(panel.name));
  const trials = ledgers.reduce((sum, { count }) => sum + count, 0);
  return (
    <li className={css.card}>
      <h2>
        <Link to={`/strategies/${key}`}>{name}</Link>
      </h2>
      <p className={css.family}>{familyWords(family)}</p>
      <p>{summary}</p>
      <p className={css.facts}>
        <span>{sessions(minimumHistory)} of history</span>
        {reads.length > 0 && <span>{reads.join(", ")}</span>}
        {missing.length > 0 && <em>{missing.join(", ")} not stored here</em>}
        {trials > 0 && <strong>{trials === 1 ? "1 trial" : `${integer(trials)} trials`}</strong>}
      </p>
    </li>
  );
}

type CardProps = { strategy: GuideLineFragment };
