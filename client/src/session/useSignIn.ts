import { useState } from "react";
import { useSession } from "./session";

/** Go to the identity provider: once, and with word if it is not there. */
export function useSignIn() {
  const session = useSession();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const go = async () => {
    setBusy(true);
    setFault(null);
    await session.signIn().catch((error: Error) => setFault(error.message));
    setBusy(false);
  };
  return { busy, fault, go: () => void go() };
}
