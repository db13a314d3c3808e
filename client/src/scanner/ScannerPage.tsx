import { useQuery } from "@apollo/client/react";
import { useSearchParams } from "react-router";
import { ScanHeadDocument, ScannerCatalogueDocument, type ScannerCatalogueQuery } from "../graphql/generated";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { RecentScans } from "./RecentScans";
import { draftOfScan, newScanDraft, type PastScan } from "./scanDraft";
import { ScanForm } from "./ScanForm";
import css from "./Scanner.module.css";
import { ScanView } from "./ScanView";

const FIRST_CHOICE = "quallamaggie";
// Of what the sample brings, the one with highs, lows and volume.
const FIRST_UNIVERSE = "SAMPLE_OHLCV";

export default function ScannerPage() {
  useTitle("Scanner");
  const [params] = useSearchParams();
  const id = params.get("scan");
  const catalogue = useQuery(ScannerCatalogueDocument);
  const past = useQuery(ScanHeadDocument, { variables: { id: id ?? "" }, skip: !id });
  const error = catalogue.error ?? past.error;
  return (
    <>
      <div className={css.top}>
        <h1>Scanner</h1>
        <p>Who fits a set of rules as of a day, why, and where all the others went.</p>
      </div>
      {error ? (
        <LoadError error={error} onRetry={() => void Promise.all([catalogue.refetch(), id && past.refetch()])} />
      ) : !catalogue.data || (id && !past.data) ? (
        <SkeletonRows label="Loading scanners" rows={4} height={120} />
      ) : (
        <Ready catalogue={catalogue.data} id={id} past={past.data?.scan ?? null} />
      )}
    </>
  );
}

type ReadyProps = {
  catalogue: ScannerCatalogueQuery;
  id: string | null;
  past: (PastScan & { scanner: { key: string } }) | null;
};

function Ready({ catalogue: { scanners, universes }, id, past }: ReadyProps) {
  const named = (key: string | undefined) => scanners.find((each) => each.key === key);
  const scanner = named(past?.scanner.key) ?? named(FIRST_CHOICE) ?? scanners[0];
  const universe = universes.find((each) => each.key === FIRST_UNIVERSE) ?? universes[0];
  if (!scanner)
    return (
      <Empty title="No scanners">
        <p>This server offers none.</p>
      </Empty>
    );
  const initial = past ? draftOfScan(past, scanner) : newScanDraft(scanner, universe?.key ?? "");
  return (
    <div className={css.layout}>
      <ScanForm key={id ?? ""} scanners={scanners} universes={universes} initial={initial} />
      <div className={css.results} data-scan={id ?? undefined}>
        {id ? <ScanView key={id} id={id} /> : <RecentScans />}
      </div>
    </div>
  );
}
