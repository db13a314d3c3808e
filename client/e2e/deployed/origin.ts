import { bodyOf, listen } from "./listen";

const PASSED_ON = ["content-type", "accept"];
const PASSED_BACK = ["content-type", "content-disposition", "cache-control"];
const PROOF = ["authorization", "x-parakeet-key", "x-parakeet-signature", "x-request-id"];

/** Between the edge and the real server: counts what comes, and refuses when a test wants that. */
export async function startOrigin(api: string) {
  const knobs = { refuse: 0, retryAfter: "1", requests: 0, unsigned: 0 };
  const server = await listen(async (request, response) => {
    knobs.requests++;
    if (!PROOF.every((name) => request.headers[name])) knobs.unsigned++;
    if (knobs.refuse-- > 0) return void response.writeHead(429, { "retry-after": knobs.retryAfter }).end();

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
  return { ...server, knobs };
}

const picked = (names: string[], read: (name: string) => string | null | undefined): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (read(name) ? [[name, read(name)!]] : [])));
