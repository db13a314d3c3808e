import { useQuery } from "@apollo/client/react";
import { Link } from "react-router";
import { StatusBadge } from "../backtests/StatusBadge";
import { RecentScansDocument } from "../graphql/generated";
import { Card } from "../ui/Card";
import { ago, day, integer, NOTHING } from "../ui/format";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { Table, table } from "../ui/Table";
import { marketOf } from "./ScanView";

export function RecentScans() {
  const { data, error, refetch } = useQuery(RecentScansDocument, { fetchPolicy: "cache-and-network" });
  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading scans" rows={5} height={48} />;
  const { nodes } = data.scans;
  if (nodes.length === 0)
    return (
      <Card title="Scans">
        <Empty title="No scans yet">
          <p>
            Choose a scanner, a universe and a day. Only what was known on that day is used, and every rule says whom it
            let go.
          </p>
        </Empty>
      </Card>
    );
  return (
    <Card title="Latest scans" flush>
      <Table label="Latest scans">
        <thead>
          <tr>
            <th scope="col">Scan</th>
            <th scope="col">As of</th>
            <th scope="col">Status</th>
            <th scope="col" className={table.num}>
              Hits
            </th>
            <th scope="col" className={table.num}>
              Asked
            </th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((scan) => (
            <tr key={scan.id}>
              <th scope="row">
                <Link to={`/scanner?scan=${scan.id}`}>{scan.scanner.name}</Link>{" "}
                <span className={table.faint}>{marketOf(scan)}</span>
              </th>
              <td>{day(scan.asOf)}</td>
              <td>
                <StatusBadge status={scan.job.status} progress={scan.job.progress} />
              </td>
              <td className={table.num}>{scan.hitCount === null ? NOTHING : integer(scan.hitCount)}</td>
              <td className={table.num}>{ago(scan.createdAt)}</td>
            </tr>
          ))}
        </tbody>
      </Table>
    </Card>
  );
}
