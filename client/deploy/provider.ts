import { DEFAULT_SCOPE } from "../src/session/configuration";

/** What the page needs to know of an identity provider before it is let talk to it. */
export type Provider = { origins: string[]; scope: string };

const SECONDS = 10;
const FETCHED = ["token_endpoint", "revocation_endpoint"] as const;

type Metadata = Partial<Record<(typeof FETCHED)[number] | "issuer" | "authorization_endpoint", string>> & {
  code_challenge_methods_supported?: string[];
  scopes_supported?: string[];
};

/**
 * Ask the provider what it is: a wrong issuer fails the deployment, not the first person who signs in.
 * Some providers answer for tokens under another host than their own name.
 */
export async function findProvider(issuer: string): Promise<Provider> {
  const metadata = await discover(issuer);
  if (metadata.issuer !== issuer)
    throw new Error(`"issuer" was "${issuer}"; the provider calls itself "${metadata.issuer}"`);
  if (!metadata.authorization_endpoint || !metadata.token_endpoint)
    throw new Error(`${issuer} offers no authorization code flow`);
  if (metadata.code_challenge_methods_supported?.includes("S256") === false)
    throw new Error(`${issuer} offers no PKCE with S256`);
  const addresses = FETCHED.flatMap((name) => metadata[name] ?? []);
  const origins = [...new Set([issuer, ...addresses].map((address) => new URL(address).origin))];
  return { origins, scope: scopeOf(metadata) };
}

/** Where refresh tokens must be asked for, ask: without one a session lasts as long as one access token. */
const scopeOf = ({ scopes_supported: known = [] }: Metadata) =>
  known.includes("offline_access") ? `${DEFAULT_SCOPE} offline_access` : DEFAULT_SCOPE;

async function discover(issuer: string): Promise<Metadata> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await fetch(address, { signal: AbortSignal.timeout(SECONDS * 1000) }).catch((error: Error) => {
    throw new Error(`${address} could not be fetched: ${error.message}`);
  });
  if (!answer.ok) throw new Error(`${address} was answered with status ${answer.status}`);
  return (await answer.json()) as Metadata;
}
