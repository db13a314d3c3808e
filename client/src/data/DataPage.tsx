import { useApolloClient, useQuery } from "@apollo/client/react";
import { useEffect, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { isOpen } from "../backtests/StatusBadge";
import {
  DataHealthDocument,
  type DataHealthQuery,
  DataUniversesDocument,
  ViewerScopesDocument,
} from "../graphql/generated";
import { Button } from "../ui/Button";
import { SelectField } from "../ui/Field";
import { Icon } from "../ui/Icon";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { CorrectDialog } from "./CorrectDialog";
import { Coverage } from "./Coverage";
import css from "./DataPage.module.css";
import { IngestDialog } from "./IngestDialog";
import type { IngestDraft } from "./ingestDraft";
import { LastIngest } from "./LastIngest";
import { Providers } from "./Providers";
import { Quarantine } from "./Quarantine";
import { Revisions } from "./Revisions";
import { Summary } from "./Summary";

export type Health = DataHealthQuery["dataHealth"];
/** What the parts of the page may ask for: prices to fetch, and a bar to correct where the viewer may. */
export type Actions = {
  fetch: (given: Partial<IngestDraft>) => void;
  correct: ((symbol: string, date?: string) => void) | null;
};

export default function DataPage() {
  useTitle("Data");
  const [params, setParams] = useSearchParams();
  const universe = params.get("universe") || null;
  const { data, previousData, error, loading, refetch } = useQuery(DataHealthDocument, {
    variables: { universe },
    fetchPolicy: "cache-and-network",
  });
  const [fetching, setFetching] = useState<Partial<IngestDraft> | null>(null);
  const [correcting, setCorrecting] = useState<{ symbol: string; date: string } | null>(null);
  const refresh = useRefresh();
  const health = (data ?? previousData)?.dataHealth;
  useWhenEnded(health?.lastIngest, refresh);

  const actions: Actions = {
    fetch: (given) => setFetching({ universe: universe ?? "", ...given }),
    correct: useMayCorrect() ? (symbol, date = "") => setCorrecting({ symbol, date }) : null,
  };
  return (
    <>
      <div className={css.top}>
        <div>
          <h1>Data</h1>
          <p>What is stored, what is missing, and what was refused or put right.</p>
        </div>
        <div className={css.tools}>
          <UniverseField
            universe={universe}
            onChange={(key) => setParams(key ? { universe: key } : {}, { replace: true })}
          />
          <Button look="primary" onClick={() => actions.fetch({})}>
            <Icon name="save" />
            Fetch prices
          </Button>
        </div>
      </div>
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!health && !error && <SkeletonRows label="Loading the state of the data" rows={4} height={140} />}
      {health && !error && (
        <Loaded key={universe} health={health} universe={universe} stale={loading && !data} actions={actions} />
      )}
      {fetching && <IngestDialog given={fetching} onClose={() => setFetching(null)} onSent={refresh} />}
      {correcting && <CorrectDialog given={correcting} onClose={() => setCorrecting(null)} onKept={refresh} />}
    </>
  );
}

type LoadedProps = { health: Health; universe: string | null; stale: boolean; actions: Actions };

function Loaded({ health, universe, stale, actions }: LoadedProps) {
  const [quarantined, setQuarantined] = useState<string | null>(null);
  const quarantine = useRef<HTMLDivElement>(null);
  const showQuarantine = (symbol: string) => {
    setQuarantined(symbol);
    quarantine.current?.scrollIntoView({ behavior: "smooth" });
  };
  return (
    <div className={`${css.page} ${stale ? css.stale : ""}`}>
      <Summary health={health} />
      {health.lastIngest && <LastIngest job={health.lastIngest} actions={actions} />}
      <Providers providers={health.providers} />
      {health.coverage.length === 0 ? (
        <NoSymbols actions={actions} />
      ) : (
        <Coverage rows={health.coverage} actions={actions} onQuarantine={showQuarantine} />
      )}
      <div ref={quarantine}>
        <Quarantine universe={universe} symbol={quarantined} onSymbol={setQuarantined} />
      </div>
      <Revisions universe={universe} actions={actions} />
    </div>
  );
}

function NoSymbols({ actions }: { actions: Actions }) {
  return (
    <div className={css.frame}>
      <Empty
        title="No prices here yet"
        action={
          <Button look="primary" onClick={() => actions.fetch({})}>
            <Icon name="save" />
            Fetch prices
          </Button>
        }
      >
        <p>Fetch the members of a universe, or symbols of your own. Only what is missing is asked for.</p>
      </Empty>
    </div>
  );
}

function UniverseField({ universe, onChange }: { universe: string | null; onChange: (key: string) => void }) {
  const { data } = useQuery(DataUniversesDocument);
  const known = data?.universes ?? [];
  // A key from the address stays on offer, so that the field shows what the page shows.
  const stray = universe && !known.some(({ key }) => key === universe) ? [{ value: universe, label: universe }] : [];
  return (
    <SelectField
      label="Universe"
      path="shown-universe"
      value={universe ?? ""}
      options={[
        { value: "", label: "Everything stored" },
        ...stray,
        ...known.map(({ key, name }) => ({ value: key, label: name })),
      ]}
      onChange={onChange}
    />
  );
}

/** Prices are everybody's: whoever only reads them is offered no correction. */
function useMayCorrect(): boolean {
  const { data } = useQuery(ViewerScopesDocument);
  return data?.viewer.scopes.includes("market:correct") ?? false;
}

/** Ask again for all that the page shows; what comes in changes all of it. */
function useRefresh() {
  const client = useApolloClient();
  return () => client.refetchQueries({ include: "active" });
}

/** Call once the job that was open has come to its end. */
function useWhenEnded(job: Health["lastIngest"] | undefined, then: () => void) {
  const open = useRef<string | null>(null);
  useEffect(() => {
    if (!job) return;
    if (isOpen(job.status)) open.current = job.id;
    else if (open.current === job.id) {
      open.current = null;
      then();
    }
  });
}
