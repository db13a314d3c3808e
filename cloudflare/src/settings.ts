/** What a deployment gives the Worker; wrangler.jsonc says where each value comes from. */

import { KeySet } from "./jwks.ts";
import { currentKey, type EdgeKey } from "./signature.ts";
import type { Rules } from "./tokens.ts";

export interface Env {
  ORIGIN: string;
  TOKEN_ISSUER: string;
  TOKEN_AUDIENCE: string;
  JWKS_URL: string;
  ALLOWED_ORIGINS: string;
  EDGE_KEYS: string;
  /** The period of both limits, which a binding does not tell. */
  LIMIT_SECONDS: string;
  SUBJECT_LIMIT: RateLimit;
  ADDRESS_LIMIT: RateLimit;
}

export interface Settings {
  origin: string;
  rules: Rules;
  keys: KeySet;
  allowedOrigins: readonly string[];
  edgeKey: EdgeKey;
  limitSeconds: string;
}

let known: Settings | undefined;

/** Read once per isolate: the keys live as long as it does. */
export function settingsOf(env: Env): Settings {
  known ??= {
    origin: env.ORIGIN,
    rules: { issuer: env.TOKEN_ISSUER, audience: env.TOKEN_AUDIENCE },
    keys: new KeySet(env.JWKS_URL),
    allowedOrigins: JSON.parse(env.ALLOWED_ORIGINS) as string[],
    edgeKey: currentKey(env.EDGE_KEYS),
    limitSeconds: env.LIMIT_SECONDS,
  };
  return known;
}
