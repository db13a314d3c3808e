import * as oauth from "oauth4webapi";
import { type Configuration, DEFAULT_SCOPE, isLoopback } from "./configuration";
import type { Person } from "./session";

export type Tokens = { access: string; expiresAt: number; refresh: string | null; id: string; person: Person };

/** One way to the identity provider and back. Kept in the tab's storage, and worth nothing without the code. */
export type Departure = { state: string; nonce: string; verifier: string; returnTo: string; silent: boolean };

const PUBLIC = oauth.None();
const LONGEST_MS = 15_000;

export const newDeparture = (returnTo: string, silent: boolean): Departure => ({
  state: oauth.generateRandomState(),
  nonce: oauth.generateRandomNonce(),
  verifier: oauth.generateRandomCodeVerifier(),
  returnTo,
  silent,
});

/** The provider answered and refused: another try with the same in hand would be refused too. */
export const isRefusal = (error: unknown): error is oauth.ResponseBodyError | oauth.AuthorizationResponseError =>
  error instanceof oauth.ResponseBodyError || error instanceof oauth.AuthorizationResponseError;

/** Nobody answered; the same may well work later. `fetch` says so with a TypeError, a timeout by its name. */
export const isUnreached = (error: unknown) =>
  error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");

/** The identity provider: authorization code with PKCE, as a public client. */
export class Issuer {
  readonly #configuration: Configuration;
  readonly #client: oauth.Client;
  readonly #redirectUri: string;
  readonly #options: { [oauth.allowInsecureRequests]: boolean; signal: () => AbortSignal };
  #found: Promise<oauth.AuthorizationServer> | null = null;

  constructor(configuration: Configuration, redirectUri: string) {
    this.#configuration = configuration;
    this.#client = { client_id: configuration.clientId };
    this.#redirectUri = redirectUri;
    this.#options = {
      [oauth.allowInsecureRequests]: isLoopback(new URL(configuration.issuer).hostname),
      signal: () => AbortSignal.timeout(LONGEST_MS),
    };
  }

  /** Where to send the browser. A silent departure comes back at once, signed in or not. */
  async departFor(departure: Departure): Promise<string> {
    const { authorization_endpoint: endpoint } = await this.#server();
    const url = new URL(endpoint!);
    const { clientId, scope, audience } = this.#configuration;
    const asked = {
      client_id: clientId,
      redirect_uri: this.#redirectUri,
      response_type: "code",
      scope: scope ?? DEFAULT_SCOPE,
      state: departure.state,
      nonce: departure.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(departure.verifier),
      code_challenge_method: "S256",
      ...(audience && { audience }),
      ...(departure.silent && { prompt: "none" }),
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
    return url.href;
  }

  async arrive(answered: URLSearchParams, { state, nonce, verifier }: Departure): Promise<Tokens> {
    const server = await this.#server();
    const parameters = oauth.validateAuthResponse(server, this.#client, answered, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      this.#client,
      PUBLIC,
      parameters,
      this.#redirectUri,
      verifier,
      this.#options,
    );
    const told = await oauth.processAuthorizationCodeResponse(server, this.#client, answer, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    const claims = oauth.getValidatedIdTokenClaims(told)!;
    return { ...taken(told), id: told.id_token!, person: personOf(claims) };
  }

  async renew(before: Tokens & { refresh: string }): Promise<Tokens> {
    const server = await this.#server();
    const answer = await oauth.refreshTokenGrantRequest(server, this.#client, PUBLIC, before.refresh, this.#options);
    const told = await oauth.processRefreshTokenResponse(server, this.#client, answer);
    const renewed = taken(told);
    return { ...before, ...renewed, refresh: renewed.refresh ?? before.refresh };
  }

  /** End the provider's own session where it offers that; else there is nowhere to go. */
  async leaveFor({ id, refresh }: Tokens, returnTo: string): Promise<string | null> {
    const server = await this.#server();
    if (refresh && server.revocation_endpoint)
      await oauth.revocationRequest(server, this.#client, PUBLIC, refresh, this.#options);
    if (!server.end_session_endpoint) return null;
    const url = new URL(server.end_session_endpoint);
    url.searchParams.set("id_token_hint", id);
    url.searchParams.set("client_id", this.#configuration.clientId);
    url.searchParams.set("post_logout_redirect_uri", returnTo);
    return url.href;
  }

  #server(): Promise<oauth.AuthorizationServer> {
    this.#found ??= this.#discover().catch((error: unknown) => {
      this.#found = null;
      throw error;
    });
    return this.#found;
  }

  async #discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(this.#configuration.issuer);
    const answer = await oauth.discoveryRequest(issuer, this.#options);
    return oauth.processDiscoveryResponse(issuer, answer);
  }
}

const taken = (told: oauth.TokenEndpointResponse) => ({
  access: told.access_token,
  // A provider that does not say leaves it to the API to refuse the token when it is over.
  expiresAt: told.expires_in === undefined ? Infinity : Date.now() + told.expires_in * 1000,
  refresh: told.refresh_token ?? null,
});

function personOf(claims: oauth.IDToken): Person {
  const text = (name: string) => (typeof claims[name] === "string" && claims[name] ? claims[name] : null);
  const email = text("email");
  return { subject: claims.sub, name: text("name") ?? text("preferred_username") ?? email ?? claims.sub, email };
}
