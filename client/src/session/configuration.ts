/** Where a deployed page finds its API and its identity provider; a local page has neither and needs neither. */
export type Configuration = {
  apiUrl: string;
  issuer: string;
  clientId: string;
  audience: string | null;
  /** Null asks for what every provider gives. */
  scope: string | null;
};

export const DEFAULT_SCOPE = "openid profile email";
const NEEDED = ["apiUrl", "issuer", "clientId"] as const;
const ALLOWED = [...NEEDED, "audience", "scope"];

/** Says what is wrong, one sentence for each fault. */
export class BadConfiguration extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join(" "));
    this.faults = faults;
  }
}

/** Read /config.json. Nothing there, or nothing in it, means the local server: same origin, no account. */
export async function fetchConfiguration(): Promise<Configuration | null> {
  const answer = await fetch("/config.json").catch(() => null);
  if (!answer) throw new Error("Its configuration could not be fetched. Check that you are online.");
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`Its configuration was answered with status ${answer.status}.`);
  const value: unknown = await answer.json().catch(() => {
    throw new BadConfiguration(["/config.json is not JSON."]);
  });
  return readConfiguration(value);
}

/** Raises BadConfiguration. */
export function readConfiguration(value: unknown): Configuration | null {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BadConfiguration(["The configuration must be an object."]);
  const given = value as Record<string, unknown>;
  if (Object.keys(given).length === 0) return null;
  const faults = [...strange(given), ...missing(given)];
  if (faults.length === 0) faults.push(...unsafe("apiUrl", given.apiUrl as string));
  if (faults.length === 0)
    faults.push(...unsafe("issuer", given.issuer as string), ...notAnOrigin(given.apiUrl as string));
  if (faults.length > 0) throw new BadConfiguration(faults);
  const { apiUrl, issuer, clientId, audience, scope } = given as Record<string, string | undefined>;
  return {
    apiUrl: new URL(apiUrl!).origin,
    issuer: issuer!,
    clientId: clientId!,
    audience: audience || null,
    scope: scope || null,
  };
}

function strange(given: Record<string, unknown>): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    if (!ALLOWED.includes(name)) return [`"${name}" is not known; known are ${ALLOWED.join(", ")}.`];
    return typeof value === "string" ? [] : [`"${name}" must be a string.`];
  });
}

const missing = (given: Record<string, unknown>) =>
  NEEDED.filter((name) => !given[name]).map((name) => `"${name}" is missing.`);

function unsafe(name: string, address: string): string[] {
  if (!URL.canParse(address)) return [`"${name}" was "${address}"; it must be an https address.`];
  const url = new URL(address);
  const allowed = url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname));
  return allowed ? [] : [`"${name}" was "${address}"; it must begin with https://.`];
}

function notAnOrigin(address: string): string[] {
  const { origin, pathname, search } = new URL(address);
  return pathname === "/" && !search ? [] : [`"apiUrl" was "${address}"; it must be an origin only: "${origin}".`];
}

/** On this machine alone plain HTTP is safe enough: nobody sits between. */
export const isLoopback = (host: string) => ["127.0.0.1", "localhost", "[::1]"].includes(host);
