import { useMutation } from "@apollo/client/react";
import { useNavigate } from "react-router";
import { type RunBacktestInput, RunSweepDocument, RunWalkForwardDocument } from "../graphql/generated";
import { type Faults, serverFaults } from "../compose/faults";
import type { ParameterField } from "../compose/schema";
import { axesOf, type SearchDraft } from "./searchDraft";

/** Ask for a search around a run; go to it, or return what the server complained about. */
export function useSearch() {
  const navigate = useNavigate();
  const [sweep, sweeping] = useMutation(RunSweepDocument);
  const [walk, walking] = useMutation(RunWalkForwardDocument);

  const start = async (
    base: RunBacktestInput,
    search: SearchDraft,
    fields: readonly ParameterField[],
  ): Promise<Faults | null> => {
    const shared = { base, axes: axesOf(search, fields), objective: search.objective };
    if (search.kind === "sweep") {
      const maxTrials = search.method === "GRID" ? null : Number(search.maxTrials);
      const answer = await sweep({ variables: { input: { ...shared, method: search.method, maxTrials } } }).catch(
        () => null,
      );
      const payload = answer?.data?.runSweep;
      if (payload?.sweep) {
        void navigate(`/sweeps/${payload.sweep.id}`);
        return null;
      }
      return payload ? ofBase(serverFaults(payload.userErrors)) : null;
    }
    const answer = await walk({ variables: { input: { ...shared, ...planOf(search) } } }).catch(() => null);
    const payload = answer?.data?.runWalkForward;
    if (payload?.walkForward) {
      void navigate(`/walk-forward/${payload.walkForward.id}`);
      return null;
    }
    return payload ? ofBase(serverFaults(payload.userErrors)) : null;
  };
  return { start, loading: sweeping.loading || walking.loading, error: sweeping.error ?? walking.error };
}

const planOf = (search: SearchDraft) => ({
  method: search.validation,
  trainSessions: Number(search.trainSessions),
  testSessions: Number(search.testSessions),
  purge: Number(search.purge),
  anchored: search.anchored,
});

/** The fields of the run stand in the form by themselves, not below a base. */
const ofBase = (faults: Faults): Faults =>
  Object.fromEntries(Object.entries(faults).map(([path, fault]) => [path.replace(/^base\./, ""), fault]));
