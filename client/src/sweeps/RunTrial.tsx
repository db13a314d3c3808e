import { useMutation } from "@apollo/client/react";
import { useNavigate } from "react-router";
import { RunBacktestDocument } from "../graphql/generated";
import { Button } from "../ui/Button";
import { FieldError } from "../ui/Field";
import { sentence } from "../ui/format";
import { trialInput } from "./trialInput";

type Props = { base: unknown; parameters: Record<string, unknown>; label: string; hint?: string };

/** Runs a combination through the ledger; one that was run before opens at once. */
export function RunTrial({ base, parameters, label, hint }: Props) {
  const navigate = useNavigate();
  const [run, { data, error, loading }] = useMutation(RunBacktestDocument);
  const complaint = error?.message ?? data?.runBacktest.userErrors[0]?.message;
  const go = async () => {
    const answer = await run({ variables: { input: trialInput(base, parameters) } }).catch(() => null);
    const made = answer?.data?.runBacktest;
    if (made?.backtest) void navigate(`/backtests/${made.backtest.id}`, { state: { reused: made.reused } });
  };
  return (
    <span>
      <Button small disabled={loading} onClick={() => void go()} {...(hint && { "aria-label": hint })}>
        {label}
      </Button>
      {complaint && <FieldError>{sentence(complaint)}</FieldError>}
    </span>
  );
}
