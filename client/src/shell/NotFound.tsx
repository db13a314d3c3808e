import { ButtonLink } from "../ui/Button";
import { Empty } from "../ui/Notice";
import { useTitle } from "../ui/useTitle";

type What = "page" | "backtest" | "sweep" | "walk-forward" | "scan" | "plan" | "job" | "strategy";

/** Where there are others of what was looked for. */
const OTHERS: Record<What, { to: string; label: string }> = {
  page: { to: "/", label: "Dashboard" },
  backtest: { to: "/backtests", label: "All backtests" },
  sweep: { to: "/sweeps", label: "All sweeps" },
  "walk-forward": { to: "/sweeps", label: "All sweeps and walk-forwards" },
  scan: { to: "/scanner", label: "All scans" },
  plan: { to: "/rebalance", label: "Plan orders" },
  strategy: { to: "/strategies", label: "All strategies" },
  job: { to: "/jobs", label: "All jobs" },
};

/** What everybody sees alike; the rest is seen by its owner alone. */
const COMMON: readonly What[] = ["page", "strategy"];

export function NotFound({ what = "page" }: { what?: What }) {
  useTitle("Not found");
  const { to, label } = OTHERS[what];
  return (
    <Empty
      title={`No such ${what}`}
      action={
        <ButtonLink to={to} look="primary">
          {label}
        </ButtonLink>
      }
    >
      <p>
        The address leads nowhere. It may have been mistyped{!COMMON.includes(what) && ", or belong to somebody else"}.
      </p>
    </Empty>
  );
}
