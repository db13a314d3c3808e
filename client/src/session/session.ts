import { createContext, useContext, useSyncExternalStore } from "react";

export type Person = { subject: string; name: string; email: string | null };

/** `local` needs no account. `ended` keeps the page as it is until the person signs in again. */
export type SessionState =
  | { kind: "local" }
  | { kind: "signed-out"; reason: string | null }
  | { kind: "signed-in"; person: Person }
  | { kind: "ended"; person: Person };

/** Who is asking, and the way to the API for them. */
export type Session = {
  state: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  address: (path: string) => string;
  /** Raises SessionEnded when the API would not know us. */
  fetch: (address: string, init?: RequestInit) => Promise<Response>;
  signIn: () => Promise<void>;
  signOut: () => Promise<void>;
};

export class SessionEnded extends Error {
  constructor() {
    super("Your session has ended. Sign in again to go on.");
    this.name = "SessionEnded";
  }
}

const LOCAL_STATE: SessionState = { kind: "local" };

/** The server that serves the page is the API, and whoever reaches it is its owner. */
export const LOCAL: Session = {
  state: () => LOCAL_STATE,
  subscribe: () => () => undefined,
  address: (path) => path,
  fetch: (address, init) => fetch(address, init),
  signIn: async () => undefined,
  signOut: async () => undefined,
};

export const SessionContext = createContext(LOCAL);
export const useSession = () => useContext(SessionContext);

export function useSessionState(): SessionState {
  const session = useSession();
  return useSyncExternalStore(session.subscribe, session.state);
}
