import { SIGNED_OUT } from "../paths";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { useTitle } from "../ui/useTitle";
import { LoneCard } from "./LoneCard";
import css from "./LoneCard.module.css";
import { useSignIn } from "./useSignIn";

export function SignedOut({ reason }: { reason: string | null }) {
  const { busy, fault, go } = useSignIn();
  const left = location.pathname === SIGNED_OUT;
  const trouble = fault ?? reason;
  useTitle(left ? "Signed out" : "Sign in");
  return (
    <LoneCard title={left ? "You are signed out" : "Sign in"}>
      <p>
        {left
          ? "Sign in again to see and run your backtests."
          : "Backtests that cannot look ahead, in Australian dollars. Sign in to see and run yours."}
      </p>
      {trouble && (
        <p role="alert" className={css.fault}>
          <Icon name="warn" />
          {trouble}
        </p>
      )}
      <Button look="primary" disabled={busy} autoFocus onClick={go}>
        {busy ? "Going to the sign-in page" : left ? "Sign in again" : "Sign in"}
      </Button>
    </LoneCard>
  );
}
