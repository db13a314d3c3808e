import { useQuery } from "@apollo/client/react";
import { useSearchParams } from "react-router";
import { ComposeCatalogueDocument, type ComposeCatalogueQuery, ComposeFromDocument } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import css from "./Compose.module.css";
import { ComposeForm } from "./ComposeForm";
import type { SearchKind } from "../sweeps/searchDraft";
import { type Draft, draftFrom, newDraft, type PastRun } from "./draft";

const FIRST_CHOICE = "momentum";
const FIRST_UNIVERSE = "SAMPLE_US";

export default function Compose() {
  const [params] = useSearchParams();
  const from = params.get("from");
  const catalogue = useQuery(ComposeCatalogueDocument);
  const past = useQuery(ComposeFromDocument, { variables: { id: from ?? "" }, skip: !from });
  const error = catalogue.error ?? past.error;
  useTitle("New backtest");
  return (
    <>
      <div className={css.top}>
        <h1>New backtest</h1>
        <p>
          {from
            ? "A copy of an earlier run: change what you like."
            : "Choose a rule, a market and a period. Nothing is sent before you press run."}
        </p>
      </div>
      {error ? (
        <LoadError error={error} onRetry={() => void Promise.all([catalogue.refetch(), from && past.refetch()])} />
      ) : !catalogue.data || (from && !past.data) ? (
        <SkeletonRows label="Loading strategies" rows={3} height={200} />
      ) : from && !past.data?.backtest ? (
        <NotFound what="backtest" />
      ) : (
        <Ready
          key={params.toString()}
          catalogue={catalogue.data}
          past={past.data?.backtest ?? null}
          wished={params.get("strategy")}
          kind={kindOf(params.get("search"))}
          asked={{ symbols: symbolsOf(params.get("symbols")), given: Object.fromEntries(params) }}
        />
      )}
    </>
  );
}

const kindOf = (text: string | null): SearchKind => (text === "sweep" || text === "walk" ? text : "backtest");
const symbolsOf = (text: string | null) => (text ? text.split(",").filter(Boolean) : []);

type ReadyProps = {
  catalogue: ComposeCatalogueQuery;
  past: PastRun | null;
  wished: string | null;
  kind: SearchKind;
  asked: { symbols: string[]; given: Record<string, string> };
};

function Ready({ catalogue: { strategies, universes }, past, wished, kind, asked }: ReadyProps) {
  const named = (key: string | null | undefined) => strategies.find((each) => each.key === key);
  const strategy = named(past?.strategy.key) ?? named(wished) ?? named(FIRST_CHOICE) ?? strategies[0];
  const universe = universes.find((each) => each.key === FIRST_UNIVERSE) ?? universes[0];
  if (!strategy)
    return (
      <Empty title="No strategies">
        <p>This server offers none.</p>
      </Empty>
    );
  const ownBenchmark = universes.find((each) => each.key === past?.universe)?.benchmark;
  const initial = past
    ? draftFrom(past, strategy, ownBenchmark)
    : withAsked(newDraft(strategy, universe?.key ?? ""), asked);
  return <ComposeForm strategies={strategies} universes={universes} initial={initial} kind={kind} />;
}

/** What an address may ask for: symbols or a universe, a start, and parameters by their names. */
function withAsked(draft: Draft, { symbols, given }: ReadyProps["asked"]): Draft {
  const named = Object.entries(given).filter(([name]) => typeof draft.parameters[name] === "string");
  return {
    ...draft,
    start: given.start ?? "",
    universe: given.universe ?? draft.universe,
    parameters: { ...draft.parameters, ...Object.fromEntries(named) },
    ...(symbols.length > 0 && { source: "symbols" as const, symbols }),
  };
}
