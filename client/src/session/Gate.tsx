import type { ReactNode } from "react";
import { SessionOver } from "./SessionOver";
import { useSessionState } from "./session";
import { SignedOut } from "./SignedOut";

/** The application is for whoever signed in. When a session ends, its page stays as it was. */
export function Gate({ children }: { children: ReactNode }) {
  const state = useSessionState();
  if (state.kind === "signed-out") return <SignedOut reason={state.reason} />;
  return (
    <>
      {children}
      {state.kind === "ended" && <SessionOver person={state.person} />}
    </>
  );
}
