import { SIGNED_IN, SIGNED_OUT } from "../paths";
import type { Configuration } from "./configuration";
import { type Departure, isRefusal, isUnreached, Issuer, newDeparture, type Tokens } from "./issuer";
import { keepForms, returnForms } from "./kept";
import { type Session, SessionEnded, type SessionState } from "./session";

const DEPARTURE = "parakeet:departure";
// A mark and no more: that somebody signed in here, so that another tab need not ask.
const MARK = "parakeet:signed-in";
const CHANNEL = "parakeet:session";
const RENEW_BEFORE_MS = 30_000;

const NOT_REACHED = "The sign-in service cannot be reached. Check that you are online and try again.";

/** A session whose tokens live in this object only: they end with the page. */
export class SignedSession implements Session {
  readonly #api: string;
  readonly #callback: string;
  readonly #issuer: Issuer;
  readonly #listeners = new Set<() => void>();
  readonly #channel = new BroadcastChannel(CHANNEL);
  #tokens: Tokens | null = null;
  #renewal: Promise<Tokens> | null = null;
  #state: SessionState = { kind: "signed-out", reason: null };

  constructor(configuration: Configuration, callback: string) {
    this.#api = configuration.apiUrl;
    this.#callback = callback;
    this.#issuer = new Issuer(configuration, location.origin + callback);
    this.#channel.onmessage = () => this.#state.kind !== "signed-out" && location.replace(SIGNED_OUT);
  }

  /** Take up where the browser comes from: back from the provider, signed in elsewhere, or neither. */
  async begin(): Promise<void> {
    const answered = new URLSearchParams(location.search);
    const departure = location.pathname === this.#callback && answered.has("state") ? takeDeparture(answered) : null;
    if (departure) return this.#arrive(answered, departure);
    if (location.pathname === SIGNED_IN) history.replaceState(null, "", "/");
    if (location.pathname !== SIGNED_OUT && localStorage.getItem(MARK)) await this.#depart(true);
  }

  state = () => this.#state;

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  address = (path: string) => new URL(path, this.#api).href;

  fetch = async (address: string, init: RequestInit = {}) => {
    // The token is for the API alone, wherever an address came from.
    if (new URL(address).origin !== this.#api) throw new TypeError(`${address} is not the API's`);
    const access = await this.#access();
    const answer = await fetch(address, carrying(init, access));
    if (answer.status !== 401) return answer;
    const again = await fetch(address, carrying(init, await this.#accessAfter(access)));
    if (again.status === 401) throw this.#end();
    return again;
  };

  signIn = async () => {
    if (this.#state.kind === "ended") keepForms(this.#state.person.subject);
    await this.#depart(false);
  };

  signOut = async () => {
    const tokens = this.#tokens;
    this.#tokens = null;
    forget();
    this.#channel.postMessage("signed-out");
    const next = tokens && (await this.#issuer.leaveFor(tokens, location.origin + SIGNED_OUT).catch(() => null));
    location.assign(next ?? SIGNED_OUT);
    await leftPage();
  };

  async #arrive(answered: URLSearchParams, departure: Departure): Promise<void> {
    history.replaceState(null, "", departure.returnTo);
    try {
      this.#tokens = await this.#issuer.arrive(answered, departure);
    } catch (error) {
      localStorage.removeItem(MARK);
      return this.#become({ kind: "signed-out", reason: departure.silent ? null : reasonOf(error) });
    }
    localStorage.setItem(MARK, "yes");
    returnForms(this.#tokens.person.subject);
    this.#become({ kind: "signed-in", person: this.#tokens.person });
  }

  async #depart(silent: boolean): Promise<void> {
    const { pathname, search } = location;
    const departure = newDeparture(pathname === SIGNED_OUT ? "/" : pathname + search, silent);
    try {
      const address = await this.#issuer.departFor(departure);
      sessionStorage.setItem(DEPARTURE, JSON.stringify(departure));
      silent ? location.replace(address) : location.assign(address);
    } catch (error) {
      return this.#fail(reasonOf(error));
    }
    await leftPage();
  }

  /** Without the provider: an ended session stays as it is, with its page. */
  #fail(reason: string) {
    if (this.#state.kind === "ended") throw new Error(reason);
    this.#become({ kind: "signed-out", reason });
  }

  async #access(): Promise<string> {
    const tokens = this.#tokens;
    if (!tokens) throw this.#end();
    const left = tokens.expiresAt - Date.now();
    if (left > RENEW_BEFORE_MS || (left > 0 && !tokens.refresh)) return tokens.access;
    return (await this.#renewed(tokens)).access;
  }

  /** The API refused a token: use the one that has replaced it meanwhile, or fetch another. */
  async #accessAfter(refused: string): Promise<string> {
    if (!this.#tokens) throw this.#end();
    if (this.#tokens.access !== refused) return this.#tokens.access;
    return (await this.#renewed(this.#tokens)).access;
  }

  /** However many requests wait for it, a refresh token is used once. */
  #renewed(tokens: Tokens): Promise<Tokens> {
    this.#renewal ??= this.#renew(tokens).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #renew(tokens: Tokens): Promise<Tokens> {
    const { refresh } = tokens;
    if (!refresh) throw this.#end();
    try {
      const renewed = await this.#issuer.renew({ ...tokens, refresh });
      // Signed out meanwhile: what arrives late must not sign in again.
      if (this.#tokens !== tokens) throw new SessionEnded();
      this.#tokens = renewed;
      return renewed;
    } catch (error) {
      throw isRefusal(error) ? this.#end() : error;
    }
  }

  #end(): SessionEnded {
    this.#tokens = null;
    if (this.#state.kind === "signed-in") this.#become({ kind: "ended", person: this.#state.person });
    return new SessionEnded();
  }

  #become(state: SessionState) {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** What a person leaves behind: the mark, forms half filled in, and the playground's own notes. */
function forget() {
  sessionStorage.clear();
  const theirs = Object.keys(localStorage).filter((key) => key === MARK || key.startsWith("graphiql:"));
  for (const key of theirs) localStorage.removeItem(key);
}

function carrying(init: RequestInit, access: string): RequestInit {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${access}`);
  return { ...init, headers };
}

/** The departure that this answer belongs to; it serves once. */
function takeDeparture(answered: URLSearchParams): Departure | null {
  const text = sessionStorage.getItem(DEPARTURE);
  sessionStorage.removeItem(DEPARTURE);
  const departure = text ? (JSON.parse(text) as Departure) : null;
  return departure?.state === answered.get("state") ? departure : null;
}

function reasonOf(error: unknown): string {
  if (isUnreached(error)) return NOT_REACHED;
  if (!isRefusal(error)) return "The answer of the sign-in service could not be trusted. Try again.";
  if (error.error === "access_denied") return "The sign-in was declined, so nobody is signed in.";
  return `The sign-in service refused: ${error.error_description ?? error.error}.`;
}

/** The page is going away. Should the browser bring it back as it was, it starts afresh. */
function leftPage(): Promise<never> {
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  return new Promise(() => undefined);
}
