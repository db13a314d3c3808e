import { createHash, randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, listen } from "./listen";
import { type Claims, makeSigner } from "./tokens";

export const CLIENT = "parakeet-page";
export const AUDIENCE = "https://api.parakeet.example";
export const PERSON = { sub: "ada-1", name: "Ada Lovelace", email: "ada@example.com" };

type Asked = Record<string, string>;

/** A small OpenID provider over HTTP: code with PKCE, rotating refresh tokens, its own cookie, logout. */
export async function startIssuer() {
  const signer = makeSigner();
  const codes = new Map<string, Asked>();
  const refreshTokens = new Map<string, Asked>();
  const sessions = new Set<string>();
  const knobs = {
    expiresIn: 3600,
    givesRefresh: true,
    renewals: 0,
    seen: [] as string[],
    grants: "openid",
  };
  let origins: string[] = [];

  const server = await listen(async (request, response) => {
    const url = new URL(request.url!, server.origin);
    const asked = Object.fromEntries(request.method === "POST" ? await formOf(request) : url.searchParams);
    const session = /issuer=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
    for (const [name, value] of Object.entries(cors(request, origins))) response.setHeader(name, value);
    const routes: Record<string, () => void> = {
      "/.well-known/openid-configuration": () => json(response, metadata(server.origin)),
      "/jwks": () => json(response, { keys: [signer.jwk] }),
      "/authorize": () => authorize(response, asked, sessions.has(session)),
      "/login": () => logIn(response, asked),
      "/token": () => token(response, asked),
      "/revoke": () => void (refreshTokens.delete(asked.token ?? ""), response.end()),
      "/logout": () => logOut(response, asked, session),
    };
    const route = routes[url.pathname];
    if (route) route();
    else response.writeHead(404).end();
  });

  function authorize(response: ServerResponse, asked: Asked, known: boolean) {
    const fault = faultOf(asked, origins);
    if (fault) return void response.writeHead(400).end(fault);
    if (known) return go(response, asked, { code: coded(asked) });
    if (asked.prompt === "none") return go(response, asked, { error: "login_required" });
    response.setHeader("content-type", "text/html").end(FORM(asked));
  }

  function logIn(response: ServerResponse, { answer, ...asked }: Asked) {
    if (answer === "no") return go(response, asked, { error: "access_denied" });
    const session = randomUUID();
    sessions.add(session);
    response.setHeader("set-cookie", `issuer=${session}; HttpOnly; SameSite=Lax; Path=/`);
    go(response, asked, { code: coded(asked) });
  }

  function token(response: ServerResponse, asked: Asked) {
    const redeemed = asked.grant_type === "refresh_token" ? renewed(asked) : exchanged(asked);
    if (!redeemed) return json(response, { error: "invalid_grant" }, 400);
    const now = Math.floor(Date.now() / 1000);
    const claims: Claims = { iss: server.origin, aud: AUDIENCE, iat: now, exp: now + knobs.expiresIn, ...PERSON };
    const refresh = randomUUID();
    const givesRefresh = knobs.givesRefresh && redeemed.scope?.includes("offline_access");
    if (givesRefresh) refreshTokens.set(refresh, redeemed);
    knobs.seen.push(refresh);
    const told = {
      access_token: signer.sign({ ...claims, scope: knobs.grants, jti: randomUUID() }, "at+jwt"),
      token_type: "Bearer",
      expires_in: knobs.expiresIn,
      id_token: signer.sign({ ...claims, aud: CLIENT, exp: now + 3600, nonce: redeemed.nonce }),
      ...(givesRefresh && { refresh_token: refresh }),
    };
    knobs.seen.push(told.access_token, told.id_token);
    json(response, told);
  }

  function coded(asked: Asked): string {
    const code = randomUUID();
    codes.set(code, asked);
    return code;
  }

  function exchanged(asked: Asked): Asked | null {
    const before = codes.get(asked.code ?? "");
    codes.delete(asked.code ?? "");
    const challenge = createHash("sha256")
      .update(asked.code_verifier ?? "")
      .digest("base64url");
    const same = before?.redirect_uri === asked.redirect_uri && before?.code_challenge === challenge;
    return before && same && asked.client_id === CLIENT ? before : null;
  }

  function renewed(asked: Asked): Asked | null {
    knobs.renewals += 1;
    const before = refreshTokens.get(asked.refresh_token ?? "") ?? null;
    refreshTokens.delete(asked.refresh_token ?? "");
    return before;
  }

  function logOut(response: ServerResponse, asked: Asked, session: string) {
    sessions.delete(session);
    const known = origins.some((origin) => asked.post_logout_redirect_uri === `${origin}/signed-out`);
    if (!known || !signer.read(asked.id_token_hint ?? "")) return void response.writeHead(400).end("bad logout");
    response.writeHead(302, { location: asked.post_logout_redirect_uri! }).end();
  }

  return {
    ...server,
    knobs,
    read: signer.read,
    allow: (allowed: string[]) => void (origins = allowed),
    /** As if the provider had forgotten everybody: no cookie and no refresh token is good any more. */
    forgetEverybody: () => (sessions.clear(), refreshTokens.clear()),
  };
}

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;

const metadata = (origin: string) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  revocation_endpoint: `${origin}/revoke`,
  end_session_endpoint: `${origin}/logout`,
  jwks_uri: `${origin}/jwks`,
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"],
  token_endpoint_auth_methods_supported: ["none"],
  scopes_supported: ["openid", "profile", "email", "offline_access"],
});

function faultOf(asked: Asked, origins: string[]): string | null {
  const redirects = origins.flatMap((origin) => [`${origin}/signed-in`, `${origin}/playground`]);
  if (asked.client_id !== CLIENT) return "unknown client";
  if (!redirects.includes(asked.redirect_uri ?? "")) return "unknown redirect";
  if (asked.response_type !== "code" || !asked.scope?.split(" ").includes("openid")) return "no code asked";
  if (asked.code_challenge_method !== "S256" || !asked.code_challenge) return "no PKCE";
  if (asked.audience !== AUDIENCE) return "unknown audience";
  return asked.state && asked.nonce ? null : "no state or nonce";
}

function go(response: ServerResponse, asked: Asked, told: Asked) {
  const url = new URL(asked.redirect_uri!);
  for (const [name, value] of Object.entries({ ...told, state: asked.state! })) url.searchParams.set(name, value);
  response.writeHead(302, { location: url.href }).end();
}

const cors = (request: IncomingMessage, origins: string[]): Record<string, string> =>
  origins.includes(request.headers.origin ?? "") ? { "access-control-allow-origin": request.headers.origin! } : {};

function json(response: ServerResponse, value: unknown, status = 200) {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(value));
}

const formOf = async (request: IncomingMessage) => new URLSearchParams((await bodyOf(request)).toString());

const FORM = (asked: Asked) => `<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,">
<h1>Provider</h1><form method="post" action="/login">
${Object.entries(asked).map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)}
<button name="answer" value="yes">Sign in as Ada</button> <button name="answer" value="no">Decline</button></form>`;
