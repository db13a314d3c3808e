/** The edge: who asks, whether it may, and a signed request to the origin. */

import { headed, Refusal, refused } from "./answers.ts";
import { corsHeaders, preflightHeaders } from "./cors.ts";
import { checkDocument } from "./documents.ts";
import { addressKey, checkForm, checkMethod, drain, readBody, routeOf } from "./limits.ts";
import { settingsOf, type Env, type Settings } from "./settings.ts";
import { signed } from "./signature.ts";
import { bearerOf, checkClaims, checkSignature, parseToken, TokenRefused } from "./tokens.ts";

// Longer than the origin lets a request take, shorter than the gateway before it does.
const ORIGIN_MILLISECONDS = 29_000;
// The origin hears nothing else of what the caller sent.
const FORWARDED = ["accept", "content-type"];

export default {
  async fetch(request, env): Promise<Response> {
    const requestId = crypto.randomUUID().replaceAll("-", "");
    const settings = settingsOf(env);
    const cors = corsHeaders(request.headers.get("origin"), settings.allowedOrigins);
    try {
      const path = new URL(request.url).pathname;
      if (request.method === "OPTIONS") return preflight(request, path, settings, requestId);
      return headed(await answer(request, path, env, settings, requestId), requestId, cors);
    } catch (error) {
      await drain(request);
      return headed(refused(shown(error, requestId), requestId), requestId, cors);
    }
  },
} satisfies ExportedHandler<Env>;

function preflight(request: Request, path: string, settings: Settings, requestId: string): Response {
  routeOf(path);
  const cors = preflightHeaders(request.headers, settings.allowedOrigins);
  return headed(new Response(null, { status: 204 }), requestId, cors);
}

async function answer(request: Request, path: string, env: Env, settings: Settings, requestId: string) {
  const route = routeOf(path);
  checkMethod(request.method, route);
  checkForm(request.method, request.headers);
  const { subject, scope } = route.needsToken
    ? await identified(request, env, settings)
    : await anonymous(request, env, settings);
  const body = await readBody(request.body);
  if (route.needsToken) await checkLimit(env.SUBJECT_LIMIT, subject, settings);
  if (request.method === "POST") checkDocument(body, scope);
  const signing = { method: request.method, path, body, subject };
  const proof = await signed(signing, settings.edgeKey, Math.floor(Date.now() / 1000), crypto.randomUUID());
  const headers = new Headers({ ...proof, "x-request-id": requestId });
  for (const name of FORWARDED) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  // Spelt as every gateway reads it, however the scheme was written.
  if (route.needsToken) headers.set("authorization", `Bearer ${bearerOf(request.headers.get("authorization"))}`);
  return forwarded(`${settings.origin}${path}`, { method: request.method, headers, body });
}

/** Who asks, and what the token that says so grants. */
interface Caller {
  subject: string;
  scope?: unknown;
}

/** The subject of a token that holds. Without one the caller is an address, and counted as such. */
async function identified(request: Request, env: Env, settings: Settings): Promise<Caller> {
  try {
    const token = parseToken(bearerOf(request.headers.get("authorization")));
    await checkSignature(token, await settings.keys.find(token.kid));
    return { subject: checkClaims(token, settings.rules, Date.now() / 1000), scope: token.claims.scope };
  } catch (error) {
    if (error instanceof TokenRefused) await anonymous(request, env, settings);
    throw error;
  }
}

async function anonymous(request: Request, env: Env, settings: Settings): Promise<Caller> {
  await checkLimit(env.ADDRESS_LIMIT, addressKey(request.headers.get("cf-connecting-ip") ?? ""), settings);
  return { subject: "" };
}

async function checkLimit(limit: RateLimit, key: string, { limitSeconds }: Settings): Promise<void> {
  const { success } = await limit.limit({ key });
  if (success) return;
  throw new Refusal(429, "RATE_LIMITED", `too many requests; wait ${limitSeconds} seconds`, {
    "retry-after": limitSeconds,
  });
}

async function forwarded(
  url: string,
  { method, headers, body }: { method: string; headers: Headers; body: Uint8Array },
) {
  const signal = AbortSignal.timeout(ORIGIN_MILLISECONDS);
  const content = method === "GET" ? null : body;
  try {
    return await fetch(url, { method, headers, body: content, redirect: "manual", signal });
  } catch (error) {
    console.error("the origin did not answer", String(error).slice(0, 200));
    throw new Refusal(503, "UNAVAILABLE", "temporarily unavailable, try again", { "retry-after": "1" });
  }
}

function shown(error: unknown, requestId: string): Refusal {
  if (error instanceof TokenRefused) console.warn(`${requestId} token refused: ${error.reason}`);
  if (error instanceof Refusal) return error;
  console.error(requestId, String(error).slice(0, 200));
  return new Refusal(500, "INTERNAL", "internal error");
}
