/** The issuer's public keys: fetched within limits, kept while the issuer is away. */

import { base64url, importJWK } from "jose";

import { Refusal } from "./answers.ts";
import { ALGORITHM, KEY_ID } from "./tokens.ts";

type Keys = ReadonlyMap<string, CryptoKey>;

const FETCH_MILLISECONDS = 2_000;
const LARGEST_SET = 65_536;
const MOST_KEYS = 20;
const LEAST_RSA_BITS = 2_048;
// An unknown key may be new; asking each time would let anyone make us ask.
const UNKNOWN_MILLISECONDS = 60_000;
const EMPTY_MILLISECONDS = 5_000;
// A key that was withdrawn is believed no longer than this while the issuer answers.
const OLD_MILLISECONDS = 600_000;

/** Keys by their id. Throws where the set is no set, is too large or names two keys alike. */
export async function keysOf(document: unknown): Promise<Keys> {
  const listed = (document as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(listed) || listed.length > MOST_KEYS) throw new TypeError("not a set of at most 20 keys");
  const keys = new Map<string, CryptoKey>();
  const seen = new Set<string>();
  for (const jwk of listed as Record<string, unknown>[]) {
    const kid = jwk.kid;
    if (typeof kid !== "string" || !KEY_ID.test(kid)) continue;
    if (seen.has(kid)) throw new TypeError("two keys with one id");
    seen.add(kid);
    const key = await usable(jwk);
    if (key !== undefined) keys.set(kid, key);
  }
  if (keys.size === 0) throw new TypeError("no usable key");
  return keys;
}

/** The key; undefined if it is for something else or too weak. */
async function usable(jwk: Record<string, unknown>): Promise<CryptoKey | undefined> {
  if (!isStrong(jwk) || ![undefined, ALGORITHM].includes(jwk.alg as string | undefined)) return undefined;
  if (![undefined, "sig"].includes(jwk.use as string | undefined)) return undefined;
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes("verify"))) return undefined;
  const { kty = "", n, e } = jwk as Record<string, string>;
  try {
    const key = await importJWK({ kty, n, e } as JsonWebKey & { kty: string }, ALGORITHM);
    return key instanceof CryptoKey ? key : undefined;
  } catch {
    return undefined;
  }
}

function isStrong({ kty, n }: Record<string, unknown>): boolean {
  return kty === "RSA" && typeof n === "string" && bitsOf(n) >= LEAST_RSA_BITS;
}

function bitsOf(modulus: string): number {
  try {
    const bytes = base64url.decode(modulus);
    const first = bytes.findIndex((byte) => byte !== 0);
    return first < 0 ? 0 : (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
  } catch {
    return 0;
  }
}

/** One per isolate. */
export class KeySet {
  private readonly url: string;
  private readonly patience: number;
  private keys: Keys | undefined;
  private askedAt = -Infinity;
  private missedAt = -Infinity;
  private goodAt = -Infinity;
  private busyUntil = -Infinity;

  constructor(url: string, patience = FETCH_MILLISECONDS) {
    this.url = url;
    this.patience = patience;
  }

  /** Undefined when the issuer has no such key. Throws Refusal 503 while there is no set at all. */
  async find(kid: string): Promise<CryptoKey | undefined> {
    // A request cannot await another's fetch in a Worker; it can look again.
    while (Date.now() < this.busyUntil) await new Promise((resolve) => setTimeout(resolve, 20));
    if (this.mustAsk(kid, Date.now())) await this.ask();
    if (this.keys !== undefined) return this.keys.get(kid);
    throw new Refusal(503, "UNAVAILABLE", "tokens cannot be checked now, try again", { "retry-after": "5" });
  }

  private mustAsk(kid: string, now: number): boolean {
    if (this.keys === undefined) return now - this.askedAt >= EMPTY_MILLISECONDS;
    if (this.keys.has(kid)) return now - this.goodAt >= OLD_MILLISECONDS && now - this.askedAt >= UNKNOWN_MILLISECONDS;
    if (now - this.missedAt < UNKNOWN_MILLISECONDS) return false;
    this.missedAt = now;
    return true;
  }

  private async ask(): Promise<void> {
    this.askedAt = Date.now();
    this.busyUntil = this.askedAt + this.patience;
    try {
      this.keys = await keysOf(await fetched(this.url, this.patience));
      this.goodAt = Date.now();
    } catch (error) {
      console.warn("the issuer's keys could not be read", String(error).slice(0, 200));
    } finally {
      this.busyUntil = -Infinity;
    }
  }
}

async function fetched(url: string, patience: number): Promise<unknown> {
  const signal = AbortSignal.timeout(patience);
  const answer = await fetch(url, { redirect: "manual", signal, headers: { accept: "application/json" } });
  if (answer.status !== 200) throw new TypeError(`status ${String(answer.status)}`);
  let text = "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > LARGEST_SET) throw new TypeError("larger than 64 kB");
  }
  return JSON.parse(text + decoder.decode()) as unknown;
}
