import { useQuery } from "@apollo/client/react";
import { Bars } from "../charts/Bars";
import { SpreadDocument } from "../graphql/generated";
import { Card } from "../ui/Card";
import { percent } from "../ui/format";
import { LoadError } from "../ui/Notice";
import { Skeleton } from "../ui/Skeleton";

export function Spread({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(SpreadDocument, { variables: { id } });
  const found = data?.backtest?.returnDistribution;
  if (data && !found) return null; // a run of one session has no return
  return (
    <Card title="Daily returns" hint="How often a session's net return fell into each band.">
      {error && <LoadError error={error} onRetry={() => void refetch()} />}
      {!found && !error && <Skeleton height={200} />}
      {found && (
        <Bars
          label="Number of sessions by their return"
          edges={found.edges.filter((edge) => edge !== null)}
          counts={found.counts.filter((count) => count !== null)}
          format={(value) => percent(value, 1)}
        />
      )}
    </Card>
  );
}
