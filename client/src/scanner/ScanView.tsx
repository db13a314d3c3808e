import { useQuery } from "@apollo/client/react";
import { Link, useLocation } from "react-router";
import { JobProgress } from "../backtests/JobProgress";
import { isOpen } from "../backtests/StatusBadge";
import { ScanHeadDocument, type ScanHeadQuery, ScanResultDocument } from "../graphql/generated";
import { flagWords } from "../report/flags";
import { NotFound } from "../shell/NotFound";
import { ago, day, sentence, words } from "../ui/format";
import { LoadError, Notice } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Funnel } from "./Funnel";
import { Hits } from "./Hits";
import css from "./Scanner.module.css";

type Head = NonNullable<ScanHeadQuery["scan"]>;

export function ScanView({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(ScanHeadDocument, { variables: { id } });
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading scan" rows={3} height={120} />;
  if (!data.scan) return <NotFound what="scan" />;
  return <Loaded scan={data.scan} />;
}

function Loaded({ scan }: { scan: Head }) {
  const { state } = useLocation();
  const { job } = scan;
  return (
    <article className={css.view}>
      <header className={css.head}>
        <div>
          <h2>
            {scan.scanner.name}, {day(scan.asOf)}
          </h2>
          <p className={css.facts}>
            {marketOf(scan)} · asked {ago(scan.createdAt)}
            {scan.benchmark && ` · compared with ${scan.benchmark}`}
          </p>
        </div>
        <Link to="/scanner">All scans</Link>
      </header>
      {state?.reused === true && job.status === "SUCCEEDED" && (
        <Notice tone="good" title="Already scanned">
          <p>The very same scan was done {ago(scan.createdAt)}: same rules, members, day and prices.</p>
        </Notice>
      )}
      {isOpen(job.status) && <JobProgress job={job} what="scan" />}
      {job.status === "CANCELLED" && (
        <Notice tone="warn" title="This scan was cancelled">
          <p>Nothing of it was kept. Press Scan to do it again.</p>
        </Notice>
      )}
      {job.status === "FAILED" && (
        <Notice tone="bad" title="This scan failed">
          <p>{sentence(job.error?.message ?? "no reason was recorded")}</p>
        </Notice>
      )}
      {job.status === "SUCCEEDED" && <Result scan={scan} />}
    </article>
  );
}

export function marketOf({ universe, symbols }: { universe: string | null; symbols: readonly string[] }): string {
  if (universe) return universe;
  return symbols.slice(0, 4).join(", ") + (symbols.length > 4 ? ` and ${symbols.length - 4} more` : "");
}

function Result({ scan }: { scan: Head }) {
  const { data, error, refetch } = useQuery(ScanResultDocument, { variables: { id: scan.id } });
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data?.scan) return <SkeletonRows label="Loading hits" rows={4} height={80} />;
  const { session, flags, funnel, hits, hitCount } = data.scan;
  const asked = funnel[0]?.entered ?? 0;
  return (
    <>
      {session !== null && session !== scan.asOf && (
        <Notice title={`Stands on ${day(session)}`}>
          <p>{day(scan.asOf)} was no session with prices, so the last one before it is scanned.</p>
        </Notice>
      )}
      <Hits scan={scan} hits={hits} count={hitCount ?? hits.length} asked={asked} funnel={funnel} />
      <Funnel steps={funnel} />
      {flags.length > 0 && (
        <ul className={css.flags} aria-label="What to keep in mind">
          {flags.map((flag) => (
            <li key={flag} title={flagWords(flag)?.detail}>
              {flagWords(flag)?.title ?? words(flag)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
