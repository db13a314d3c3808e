/** Access tokens. Each rule stands in api/services/identity.py too; tests/tokens.json holds both to one verdict. */

import { base64url, compactVerify } from "jose";

import { Refusal } from "./answers.ts";
import { parseObject } from "./json.ts";

export interface Rules {
  issuer: string;
  audience: string;
}

export interface Token {
  text: string;
  header: Record<string, unknown>;
  kid: string;
  claims: Record<string, unknown>;
}

/** A token that is refused; the reason is one of a fixed few, the same as at the origin. */
export class TokenRefused extends Refusal {
  readonly reason: string;

  constructor(reason: string) {
    super(401, "UNAUTHENTICATED", "an access token is needed, and this one was refused; sign in again", {
      "www-authenticate": `Bearer error="invalid_token", error_description="${reason}"`,
    });
    this.reason = reason;
  }
}

// The gateway between here and the origin knows RSA only: what it refuses, neither side may accept.
export const ALGORITHM = "RS256";
export const KEY_ID = /^[A-Za-z0-9+/=_-]{1,128}$/;

const LARGEST_TOKEN = 8_192;
const LEEWAY_SECONDS = 60;
const LONGEST_LIFE_SECONDS = 86_400;
const BEARER = /^bearer ([^ ]+)$/i;
const SEGMENTS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const SUBJECT = /^[\x21-\x7e]{1,255}$/;
// Each names a key or a reading of its own; a token has no say in either.
const REFUSED_HEADERS = ["jku", "x5u", "jwk", "crit", "zip", "b64"];

/** The token of the one Authorization header: two of them arrive joined by a comma, which no token holds. */
export function bearerOf(authorization: string | null): string {
  const token = BEARER.exec(authorization ?? "")?.[1];
  if (token === undefined) throw new TokenRefused("no bearer token");
  return token;
}

/** Read a token without believing it. */
export function parseToken(text: string): Token {
  if (text.length > LARGEST_TOKEN) throw new TokenRefused("longer than 8 kB");
  if (!SEGMENTS.test(text)) throw new TokenRefused("not three segments of base64url");
  const [header, claims] = text.split(".").map(decoded).slice(0, 2).map(read);
  if (header === undefined || claims === undefined) throw new TokenRefused("not three segments");
  if (REFUSED_HEADERS.some((name) => name in header)) throw new TokenRefused("a header that is not taken");
  if (typeof header.kid !== "string" || !KEY_ID.test(header.kid)) throw new TokenRefused("no kid, or an odd one");
  return { text, header, kid: header.kid, claims };
}

function decoded(segment: string): Uint8Array {
  const bytes = segment.length % 4 === 1 ? new Uint8Array() : base64url.decode(segment);
  // Left-over bits would give one token many spellings.
  if (base64url.encode(bytes) !== segment) throw new TokenRefused("not canonical base64url");
  return bytes;
}

function read(bytes: Uint8Array): Record<string, unknown> {
  try {
    return parseObject(bytes);
  } catch {
    throw new TokenRefused("not strict JSON");
  }
}

/** The algorithm is fixed; the token may only agree. */
export async function checkSignature(token: Token, key: CryptoKey | undefined): Promise<void> {
  if (key === undefined) throw new TokenRefused("unknown key");
  if (token.header.alg !== ALGORITHM) throw new TokenRefused("not the key's algorithm");
  try {
    await compactVerify(token.text, key, { algorithms: [ALGORITHM] });
  } catch {
    throw new TokenRefused("the signature does not hold");
  }
}

/** The subject of an access token for us that is valid at `now`, in seconds. */
export function checkClaims({ header, claims }: Token, rules: Rules, now: number): string {
  if (claims.iss !== rules.issuer) throw new TokenRefused("another issuer");
  if (!names(claims.aud, rules.audience)) throw new TokenRefused("another audience");
  checkTimes(claims, now);
  if (!isAccess(header, claims)) throw new TokenRefused("not an access token");
  if (typeof claims.sub !== "string" || !SUBJECT.test(claims.sub)) throw new TokenRefused("no subject");
  return claims.sub;
}

function names(audience: unknown, ours: string): boolean {
  const listed: unknown[] = Array.isArray(audience) ? audience : [audience];
  return listed.every((one) => typeof one === "string") && listed.includes(ours);
}

function checkTimes({ exp, iat, nbf = iat }: Record<string, unknown>, now: number): void {
  if (!isTime(exp) || !isTime(iat) || !isTime(nbf)) throw new TokenRefused("a time that is no whole number");
  if (exp + LEEWAY_SECONDS <= now) throw new TokenRefused("expired");
  if (Math.max(iat, nbf) > now + LEEWAY_SECONDS) throw new TokenRefused("not valid yet");
  if (exp - iat > LONGEST_LIFE_SECONDS) throw new TokenRefused("lives longer than a day");
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * RFC 9068's type says it. Issuers that do not write it write JWT on everything: there the token
 * needs a scope, and none of the marks of an ID token or a refresh token.
 */
function isAccess(header: Record<string, unknown>, claims: Record<string, unknown>): boolean {
  if (![undefined, "access"].includes(claims.token_use as string | undefined)) return false;
  if (![undefined, "Bearer"].includes(claims.typ as string | undefined)) return false;
  if (typeof header.typ !== "string") return false;
  const type = header.typ.toLowerCase().replace(/^application\//, "");
  if (type === "at+jwt") return true;
  const scoped = typeof claims.scope === "string" && claims.scope !== "";
  return type === "jwt" && scoped && !("at_hash" in claims) && !("c_hash" in claims);
}
