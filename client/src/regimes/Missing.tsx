import { useQuery } from "@apollo/client/react";
import { useEffect, useRef } from "react";
import { Link } from "react-router";
import { JobProgress } from "../backtests/JobProgress";
import { isOpen } from "../backtests/StatusBadge";
import { RegimeJobDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { sentence } from "../ui/format";
import { isHidden } from "../ui/isHidden";
import { Empty } from "../ui/Notice";
import css from "./RegimesPage.module.css";

const POLL = 2000;

type Props = { message: string; standsAt: string; onToday: () => void; onRetry: () => void };

/** Nothing is known of the index; when its regimes are being computed, the page waits for them. */
export function Missing({ message, standsAt, onToday, onRetry }: Props) {
  const { data } = useQuery(RegimeJobDocument, {
    fetchPolicy: "network-only",
    pollInterval: POLL,
    skipPollAttempt: isHidden,
  });
  const job = data?.jobs.nodes[0];
  const open = job !== undefined && isOpen(job.status);
  const waited = useRef(false);
  useEffect(() => {
    if (waited.current && !open) onRetry();
    waited.current = open;
  }, [open]);
  return (
    <div className={css.frame}>
      <Empty
        title={standsAt ? "Nothing was known that day" : "No regimes yet"}
        action={
          standsAt ? <Button onClick={onToday}>Show what is known now</Button> : <Link to="/data">Go to Data</Link>
        }
      >
        <p>{sentence(message)}</p>
      </Empty>
      {job && open && (
        <div className={css.computing}>
          <JobProgress job={job} what="regimes" />
        </div>
      )}
    </div>
  );
}
