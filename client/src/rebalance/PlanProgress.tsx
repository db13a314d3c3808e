import { useQuery } from "@apollo/client/react";
import { useEffect } from "react";
import { useNavigate } from "react-router";
import { JobProgress } from "../backtests/JobProgress";
import { isOpen } from "../backtests/StatusBadge";
import { PlanJobDocument } from "../graphql/generated";
import { NotFound } from "../shell/NotFound";
import { enumWords, sentence } from "../ui/format";
import { LoadError, Notice } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";

/** The job that decides and plans; its plan takes its place in the address when it is there. */
export function PlanProgress({ id }: { id: string }) {
  const navigate = useNavigate();
  const { data, error, refetch } = useQuery(PlanJobDocument, { variables: { id } });
  const job = data?.job;
  const plan = job?.subject?.id;
  const done = job?.status === "SUCCEEDED";
  useEffect(() => {
    if (plan) void navigate(`/rebalance?plan=${plan}`, { replace: true });
    // What polls the job asks for its state only.
    else if (done) void refetch();
  }, [plan, done, navigate, refetch]);

  if (error) return <LoadError error={error} onRetry={() => void refetch()} />;
  if (!data) return <SkeletonRows label="Loading job" rows={1} height={120} />;
  if (!job) return <NotFound what="job" />;
  if (isOpen(job.status)) return <JobProgress job={job} what="plan" />;
  if (job.status === "CANCELLED")
    return (
      <Notice tone="warn" title="This plan was cancelled">
        <p>Nothing of it was kept. Press Plan orders to make it again.</p>
      </Notice>
    );
  if (job.status === "FAILED")
    return (
      <Notice tone="bad" title="This plan could not be made">
        <p>{sentence(job.error?.message ?? "no reason was recorded")}</p>
        <p>
          <small>{job.error && enumWords(job.error.reason ?? job.error.code)}</small>
        </p>
      </Notice>
    );
  return <SkeletonRows label="Loading plan" rows={3} height={120} />;
}
