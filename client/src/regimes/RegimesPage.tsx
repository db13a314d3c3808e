import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { useQuery } from "@apollo/client/react";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { RegimesDocument, type RegimesQuery } from "../graphql/generated";
import { SelectField, TextField } from "../ui/Field";
import { LoadError, Notice } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { Allocation } from "./Allocation";
import { Current } from "./Current";
import { Missing } from "./Missing";
import { Probabilities } from "./Probabilities";
import css from "./RegimesPage.module.css";
import { States, Transitions } from "./States";
import { endOf, flagWords, yearsEarlier } from "./words";

export type Regime = RegimesQuery["regime"];

const DEFAULT_INDEX = "^GSPC";
const TODAY = () => new Date().toISOString().slice(0, 10);

export default function RegimesPage() {
  useTitle("Regimes");
  const [params, setParams] = useSearchParams();
  const symbol = params.get("symbol") ?? DEFAULT_INDEX;
  const known = params.get("known") ?? "";
  const [years, setYears] = useState<number | null>(null);
  const [asOf, setAsOf] = useState<string | null>(null);
  const start = years !== null && asOf ? yearsEarlier(asOf, years) : null;
  const { data, previousData, error, loading, refetch } = useQuery(RegimesDocument, {
    variables: { symbol, start, knownAt: endOf(known) },
    fetchPolicy: "cache-and-network",
  });
  const found = (data ?? previousData)?.regime;
  const missing =
    CombinedGraphQLErrors.is(error) && error.errors.some((each) => each.extensions?.code === "MISSING_DATA");
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true });
  };

  return (
    <>
      <div className={css.top}>
        <div>
          <h1>Regimes</h1>
          <p>
            Calm or stress, told from an index alone: how likely each is at every session, given that session and those
            before it. Nothing here knows what came later.
          </p>
        </div>
        <div className={css.tools}>
          <IndexField symbol={symbol} indices={found?.indices ?? []} onChange={(next) => set("symbol", next)} />
          <TextField
            label="As known on"
            path="known"
            type="date"
            max={TODAY()}
            value={known}
            onChange={(next) => set("known", next)}
          />
        </div>
      </div>
      {error && missing && (
        <Missing
          message={error.message}
          standsAt={known}
          onToday={() => set("known", "")}
          onRetry={() => void refetch()}
        />
      )}
      {error && !missing && <LoadError error={error} onRetry={() => void refetch()} />}
      {!found && !error && <SkeletonRows label="Loading the regimes" rows={4} height={140} />}
      {found && !error && (
        <div className={`${css.page} ${loading && !data ? css.stale : ""}`}>
          <Current regime={found} standsAt={known} />
          {found.flags.includes("fallback") && (
            <Notice tone="warn" title="No model yet">
              <p>{flagWords("fallback")}</p>
            </Notice>
          )}
          <Probabilities
            regime={found}
            years={years}
            onYears={(next) => {
              setAsOf(found.asOf);
              setYears(next);
            }}
          />
          <div className={css.pair}>
            <States regime={found} />
            <Transitions regime={found} />
          </div>
          <Allocation regime={found} />
        </div>
      )}
    </>
  );
}

type IndexProps = { symbol: string; indices: readonly string[]; onChange: (symbol: string) => void };

function IndexField({ symbol, indices, onChange }: IndexProps) {
  const offered = indices.includes(symbol) ? indices : [symbol, ...indices];
  if (offered.length < 2) return null;
  return (
    <SelectField
      label="Index"
      path="symbol"
      value={symbol}
      options={offered.map((each) => ({ value: each, label: each }))}
      onChange={onChange}
    />
  );
}
