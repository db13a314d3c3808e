import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { ReportDocument } from "../graphql/generated";
import { LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Attribution } from "./Attribution";
import { Contents, Part } from "./Contents";
import { Costs } from "./Costs";
import { Curves } from "./Curves";
import { Diagnostics } from "./Diagnostics";
import { Downloads } from "./Downloads";
import { Drawdowns } from "./Drawdowns";
import { Guards } from "./Guards";
import { Holdings } from "./Holdings";
import { Kpis } from "./Kpis";
import { Monthly } from "./Monthly";
import { Orders } from "./Orders";
import css from "./Report.module.css";
import { Risk } from "./Risk";
import { Rolling } from "./Rolling";
import { Settings } from "./Settings";
import { ShockPaths } from "./ShockPaths";
import { Skews } from "./Skews";
import { Spread } from "./Spread";

/** A job after the run completes its guards; a run from before there was one is not waited for long. */
const EVERY = 5_000;
const PATIENCE = 120_000;
const awaitsGuards = (diagnostics: unknown) =>
  !(diagnostics !== null && typeof diagnostics === "object" && "smallest_viable_capital" in diagnostics);

export default function Report({ id, name }: { id: string; name: string }) {
  // Links to downloads expire, and the ledger counts trials made since: what is cached is shown, then checked.
  const { data, error, refetch, startPolling, stopPolling } = useQuery(ReportDocument, {
    variables: { id },
    fetchPolicy: "cache-and-network",
  });
  const run = data?.backtest;
  const awaits = run != null && awaitsGuards(run.diagnostics);
  useEffect(() => {
    if (!awaits) return;
    startPolling(EVERY);
    const enough = setTimeout(stopPolling, PATIENCE);
    return () => {
      clearTimeout(enough);
      stopPolling();
    };
  }, [awaits, startPolling, stopPolling]);

  if (error && !run) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!run) return <SkeletonRows label="Loading report" rows={3} height={180} />;
  return (
    <div className={css.report}>
      <Kpis run={run} />
      <Skews run={run} />
      <Contents />
      <Part id="curve">
        <Curves id={id} name={name} currency={run.currency} />
      </Part>
      <Part id="months">
        <Monthly run={run} />
      </Part>
      <div className={css.pair}>
        <Part id="attribution">
          <Attribution run={run} currency={run.currency} total={run.metrics?.totalReturn ?? null} />
        </Part>
        <Part id="guards">
          <Costs run={run} />
          <Guards run={run} currency={run.currency} />
          <Downloads run={run} />
        </Part>
      </div>
      <Diagnostics run={run} />
      <Part id="rolling">
        <Rolling id={id} />
      </Part>
      <div className={css.pair}>
        <Spread id={id} />
        <Part id="drawdowns">
          <Drawdowns run={run} />
        </Part>
      </div>
      <Part id="stress">
        <Risk id={id} currency={run.currency} />
        <ShockPaths run={run} />
      </Part>
      <Part id="holdings">
        <Holdings id={id} currency={run.currency} start={run.start} end={run.end} />
      </Part>
      <Part id="orders">
        <Orders id={id} currency={run.currency} />
      </Part>
      <Part id="settings">
        <Settings run={run} />
      </Part>
    </div>
  );
}
