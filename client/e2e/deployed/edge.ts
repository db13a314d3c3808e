import type { IncomingHttpHeaders } from "node:http";
import { AUDIENCE, type Issuer } from "./issuer";
import { bodyOf, listen } from "./listen";

const PASSED_ON = ["content-type", "accept"];
const PASSED_BACK = ["content-type", "content-disposition", "cache-control", "x-request-id"];

/** Before the real server, what a deployed one has before it: an origin of its own, CORS, tokens, refusals. */
export async function startEdge(api: string, issuer: Issuer) {
  const knobs = { refuse: 0, retryAfter: "1", status: 429, requests: 0, withoutToken: 0, stranger: 0 };
  let allowed = "";
  const server = await listen(async (request, response) => {
    const { origin } = request.headers;
    if (origin !== allowed) return (knobs.stranger++, void response.writeHead(403).end());
    for (const [name, value] of Object.entries(cors(allowed))) response.setHeader(name, value);
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    knobs.requests++;
    const refuse = (status: number, headers = {}) =>
      response
        .writeHead(status, { "content-type": "application/json", "x-request-id": "edge-1", ...headers })
        .end(JSON.stringify({ errors: [{ message: "refused" }] }));
    if (!isKnown(request.headers, issuer)) return (knobs.withoutToken++, void refuse(401));
    if (knobs.refuse-- > 0) return void refuse(knobs.status, { "retry-after": knobs.retryAfter });

    const answer = await fetch(api + request.url, {
      method: request.method!,
      headers: picked(PASSED_ON, (name) => request.headers[name] as string | undefined),
      ...(request.method === "POST" && { body: await bodyOf(request) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    response.writeHead(
      answer.status,
      picked(PASSED_BACK, (name) => answer.headers.get(name)),
    );
    response.end(body);
  });
  return { ...server, knobs, allow: (origin: string) => void (allowed = origin) };
}

function isKnown(headers: IncomingHttpHeaders, issuer: Issuer): boolean {
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
  return token !== undefined && issuer.read(token)?.aud === AUDIENCE;
}

const cors = (origin: string) => ({
  "access-control-allow-origin": origin,
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "authorization, content-type",
  "access-control-expose-headers": "x-request-id, retry-after, content-disposition",
  vary: "Origin",
});

const picked = (names: string[], read: (name: string) => string | null | undefined): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (read(name) ? [[name, read(name)!]] : [])));
