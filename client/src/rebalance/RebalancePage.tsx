import { useQuery } from "@apollo/client/react";
import { useSearchParams } from "react-router";
import { RebalanceChoicesDocument } from "../graphql/generated";
import { Empty, LoadError } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import { useTitle } from "../ui/useTitle";
import { newPlanDraft } from "./planDraft";
import { PlanForm } from "./PlanForm";
import { PlanProgress } from "./PlanProgress";
import { PlanView } from "./PlanView";
import css from "./Rebalance.module.css";

export default function RebalancePage() {
  useTitle("Rebalance");
  const [params] = useSearchParams();
  const { data, error, refetch } = useQuery(RebalanceChoicesDocument, { fetchPolicy: "cache-and-network" });
  const [plan, job] = [params.get("plan"), params.get("job")];
  return (
    <>
      <div className={css.top}>
        <h1>Rebalance</h1>
        <p>What to buy and sell to get from what you hold to what a strategy wants, in whole shares.</p>
      </div>
      <div className={css.layout}>
        {error && !data ? (
          <LoadError error={error} onRetry={() => void refetch()} />
        ) : data ? (
          <PlanForm choices={data} initial={newPlanDraft(data, params.get("backtest"))} />
        ) : (
          <SkeletonRows label="Loading choices" rows={4} height={64} />
        )}
        <div className={css.results}>
          {plan ? <PlanView key={plan} id={plan} /> : job ? <PlanProgress key={job} id={job} /> : <NoPlan />}
        </div>
      </div>
    </>
  );
}

function NoPlan() {
  return (
    <div className={css.empty}>
      <Empty title="No plan yet">
        <p>
          Choose a finished run, whose last weights are taken at once, or a strategy, which decides on the prices known
          now. The plan starts from your trades and cash, keeps back its own costs, and never spends more than there is.
        </p>
      </Empty>
    </div>
  );
}
