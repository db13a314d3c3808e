import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import type { Miniflare } from "miniflare";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import {
  AUDIENCE,
  EDGE_KEYS,
  ISSUER,
  Issuer,
  keeping,
  listen,
  PAGE,
  type Listening,
  type Received,
} from "./surroundings.ts";
import { startWorker } from "./workerd.ts";

const LIMIT = 5;
const QUERY = '{"query":"{ viewer { id } }"}';
const JSON_TYPE = { "content-type": "application/json" };

const received: Received[] = [];
let issuer: Issuer, keys: Listening, origin: Listening, worker: Miniflare, url: string;
let people = 0;

beforeAll(async () => {
  issuer = await Issuer.make("key-1");
  keys = await listen((_, response) => response.end(JSON.stringify({ keys: [issuer.public] })));
  origin = await listen(keeping(received));
  worker = await startWorker({ bindings: bindings(origin.url), limit: LIMIT, addressLimit: 1_000 });
  url = (await worker.ready).origin;
});

afterAll(async () => {
  await worker.dispose();
  for (const each of [keys, origin]) each.close();
});

beforeEach(() => received.splice(0));

function bindings(at: string): Record<string, string> {
  return {
    ORIGIN: at,
    TOKEN_ISSUER: ISSUER,
    TOKEN_AUDIENCE: AUDIENCE,
    JWKS_URL: `${keys.url}/jwks.json`,
    ALLOWED_ORIGINS: JSON.stringify([PAGE, "http://localhost:5173"]),
    EDGE_KEYS,
    LIMIT_SECONDS: "10",
  };
}

/** A subject of its own for each request: the limit is another test's matter. */
async function signedIn(subject = `auth0|${String((people += 1))}`): Promise<Record<string, string>> {
  return { ...JSON_TYPE, authorization: `Bearer ${await issuer.token(subject)}` };
}

async function post(headers: HeadersInit, body: BodyInit = QUERY, path = "/graphql"): Promise<Response> {
  return fetch(url + path, { method: "POST", headers, body });
}

async function codeOf(answer: Response): Promise<string> {
  const told = await answer.json<{ errors: [{ extensions: { code: string; requestId: string } }] }>();
  expect(told.errors[0].extensions.requestId).toBe(answer.headers.get("x-request-id"));
  return told.errors[0].extensions.code;
}

describe("what is let in", () => {
  it.each([
    ["GET", "/", 404, null],
    ["GET", "/graphql", 405, "POST, OPTIONS"],
    ["PUT", "/graphql", 405, "POST, OPTIONS"],
    ["DELETE", "/graphql", 405, "POST, OPTIONS"],
    ["POST", "/healthz", 405, "GET, OPTIONS"],
    ["POST", "/downloads/results/1/1/orders.csv", 405, "GET, OPTIONS"],
    ["GET", "/downloads/", 404, null],
    ["GET", "/downloads/%2e%2e%2fsecret", 404, null],
    ["GET", "/playground", 404, null],
    ["POST", "/graphql/", 404, null],
    ["POST", "//graphql", 404, null],
    ["OPTIONS", "/playground", 404, null],
  ])("%s %s is refused", async (method, path, status, allow) => {
    const answer = await fetch(url + path, { method, headers: await signedIn() });

    expect([answer.status, answer.headers.get("allow")]).toEqual([status, allow]);
    expect(await codeOf(answer)).toBe("BAD_REQUEST");
    expect(received).toEqual([]);
  });

  it.each([
    ["plain text", { "content-type": "text/plain" }, 415],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["an upload", { "content-type": "multipart/form-data; boundary=x" }, 415],
    ["another charset", { "content-type": "application/json; charset=latin1" }, 415],
    ["a packed body", { "content-encoding": "gzip" }, 415],
    ["a body packed second", { "content-encoding": "identity, gzip" }, 415],
    ["headers beyond the limit", { "x-large": "x".repeat(10_240) }, 431],
    ["the charset in capitals", { "content-type": 'application/json; charset="UTF-8"' }, 200],
    ["large headers", { "x-large": "x".repeat(8_000) }, 200],
  ])("%s", async (_, headers, status) => {
    const answer = await post({ ...(await signedIn()), ...headers });

    expect(answer.status).toBe(status);
    expect(received.length).toBe(status === 200 ? 1 : 0);
  });

  it("a body of the largest size passes, a byte more does not", async () => {
    const fits = await post(await signedIn(), "x".repeat(262_144));
    const exceeds = await post(await signedIn(), "x".repeat(262_145));

    expect([fits.status, exceeds.status]).toEqual([200, 413]);
    expect(received.map(({ body }) => body.length)).toEqual([262_144]);
  });

  it.each([
    ["in chunks", {}],
    ["declared", { "content-length": "10485760" }],
  ])("a body of 10 MB %s is refused before it is sent", async (_, length) => {
    const upload = request(`${url}/graphql`, { method: "POST", headers: { ...(await signedIn()), ...length } });
    const answered = once(upload, "response") as Promise<[IncomingMessage]>;
    upload.write(Buffer.alloc(270_000));

    const [answer] = await answered;

    expect(answer.statusCode).toBe(413);
    expect(received).toEqual([]);
    upload.on("error", () => undefined).destroy();
  });
});

describe("documents", () => {
  const HASH = "0a".repeat(32);
  const by = (sha256Hash: unknown): unknown => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
  const bearing = async (scope: string): Promise<Record<string, string>> => ({
    ...JSON_TYPE,
    authorization: `Bearer ${await issuer.token(`auth0|${String((people += 1))}`, scope)}`,
  });

  it.each([
    ["a document of the page", by(HASH), 200],
    ["the same by documentId", { documentId: HASH }, 200],
    ["a document as text", { query: "{ viewer { id } }" }, 403],
    ["a hash in capitals", by(HASH.toUpperCase()), 403],
    ["63 digits", by(HASH.slice(1)), 403],
    ["65 digits", by(`${HASH}0`), 403],
    ["a hash in a list", by([HASH]), 403],
    ["no extensions", { extensions: null }, 403],
    ["a list of requests", [by(HASH)], 403],
    ["no JSON", "{", 403],
  ])("%s", async (_, asked, status) => {
    const answer = await post(await bearing("openid"), typeof asked === "string" ? asked : JSON.stringify(asked));

    expect(answer.status).toBe(status);
    expect(received.length).toBe(status === 200 ? 1 : 0);
    if (status === 403) expect(await codeOf(answer)).toBe("PERSISTED_QUERY_ONLY");
  });

  it.each([
    ["openid api:explore", 200],
    ["api:explore", 200],
    ["api:explorer", 403],
    ["API:EXPLORE", 403],
    ["", 403],
  ])("of one's own with the scope %j", async (scope, status) => {
    expect((await post(await bearing(scope))).status).toBe(status);
  });
});

describe("a refusal", () => {
  it.each([
    ["without a token", "/graphql", {}, 401],
    ["of a type", "/graphql", { "content-type": "text/plain" }, 415],
    ["of a path", "/elsewhere", {}, 404],
  ])("%s leaves the connection to the next request", async (_, path, headers, status) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const reused: boolean[] = [];

    for (let count = 0; count < 5; count += 1) {
      const options = { agent, method: "POST", headers: { ...JSON_TYPE, ...headers } };
      const asking = request(url + path, options).end(QUERY);
      const [answer] = (await once(asking, "response")) as [IncomingMessage];
      await once(answer.resume(), "end");
      expect(answer.statusCode).toBe(status);
      reused.push(asking.reusedSocket);
    }

    expect(reused).toEqual([false, true, true, true, true]);
    agent.destroy();
  });

  it("does not wait for a body without end", async () => {
    const upload = request(`${url}/graphql`, { method: "POST", headers: JSON_TYPE });
    const answered = once(upload, "response") as Promise<[IncomingMessage]>;
    upload.write("{");

    const [answer] = await answered;

    expect(answer.statusCode).toBe(401);
    upload.on("error", () => undefined).destroy();
  });
});

describe("what the origin is sent", () => {
  it("is signed over method, path, body, time, nonce and subject", async () => {
    const headers = await signedIn("auth0|signed");
    const answer = await post(headers, QUERY, "/graphql?access_token=x");

    const [{ method, url: path, headers: sent, body }] = received as [Received];
    const proof = (name: string): string => String(sent[`x-parakeet-${name}`]);
    const digest = createHash("sha256").update(body).digest("hex");
    const text = ["POST", "/graphql", digest, proof("timestamp"), proof("nonce"), "auth0|signed"].join("\n");
    const expected = createHmac("sha256", Buffer.alloc(32, 2)).update(text).digest("base64url");
    expect([method, path, proof("key"), proof("signature")]).toEqual(["POST", "/graphql", "edge-2", expected]);
    expect(Math.abs(Number(proof("timestamp")) - Date.now() / 1000)).toBeLessThan(30);
    expect(sent.authorization).toBe(headers.authorization);
    expect(sent["x-request-id"]).toBe(answer.headers.get("x-request-id"));
  });

  it("names the scheme as every gateway reads it", async () => {
    const headers = await signedIn();
    const token = String(headers.authorization).split(" ")[1] ?? "";

    const answer = await post({ ...headers, authorization: `bearer ${token}` });

    expect([answer.status, received[0]?.headers.authorization]).toEqual([200, `Bearer ${token}`]);
  });

  it("holds nothing a caller says of himself", async () => {
    const said = {
      "x-user-id": "bob",
      "x-forwarded-for": "127.0.0.1",
      "cf-connecting-ip": "127.0.0.1",
      "x-parakeet-key": "edge-1",
      "x-parakeet-sub": "bob",
      "x-parakeet-signature": "A".repeat(43),
      "x-request-id": "f".repeat(32),
      cookie: "a=b",
    };
    await post({ ...(await signedIn()), ...said });

    const [{ headers: sent }] = received as [Received];
    for (const [name, value] of Object.entries(said)) expect(sent[name]).not.toBe(value);
    for (const name of ["x-user-id", "x-forwarded-for", "x-parakeet-sub", "cookie"]) expect(sent[name]).toBeUndefined();
  });

  it("is new each time", async () => {
    const headers = await signedIn();
    await post(headers);
    await post(headers);

    expect(new Set(received.map(({ headers: sent }) => sent["x-parakeet-nonce"])).size).toBe(2);
    expect(new Set(received.map(({ headers: sent }) => sent["x-request-id"])).size).toBe(2);
  });

  it("is signed without a token for health, for downloads with one", async () => {
    const token = await signedIn();
    const health = await fetch(`${url}/healthz`, { headers: token });
    const anonymous = await fetch(`${url}/downloads/results/1/1/orders.csv`);
    const download = await fetch(`${url}/downloads/results/1/1/orders.csv`, { headers: token });

    expect([health.status, anonymous.status, download.status]).toEqual([200, 401, 200]);
    expect(received.map(({ url: path, headers: sent }) => [path, sent.authorization])).toEqual([
      ["/healthz", undefined],
      ["/downloads/results/1/1/orders.csv", token.authorization],
    ]);
    expect(received.every(({ headers: sent }) => sent["x-parakeet-signature"] !== undefined)).toBe(true);
  });

  it("comes back without what the origin says of itself", async () => {
    const answer = await post(await signedIn());

    for (const name of ["server", "set-cookie", "access-control-allow-origin"])
      expect(answer.headers.get(name)).toBeNull();
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
    expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
  });

  it("and an origin that does not answer is unavailable", async () => {
    const closed = await listen(() => undefined);
    closed.close();
    const lost = await startWorker({ bindings: bindings(closed.url) });

    const answer = await fetch(new URL("/healthz", await lost.ready));

    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await codeOf(answer)).toBe("UNAVAILABLE");
    await lost.dispose();
  });
});

describe("cross-origin reads", () => {
  const refused = [
    "null",
    "https://app.example.com.evil.tld",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://APP.example.com",
    "https://evil.example.com",
    "https://app.example.com/",
    "https://localhost:5173",
  ];

  it.each([PAGE, "http://localhost:5173"])("%s may read answers and refusals", async (page) => {
    const answer = await post({ ...(await signedIn()), origin: page });
    const refusal = await post({ ...JSON_TYPE, origin: page });

    expect([answer.status, refusal.status]).toEqual([200, 401]);
    for (const each of [answer, refusal]) {
      expect(each.headers.get("access-control-allow-origin")).toBe(page);
      expect(each.headers.get("access-control-expose-headers")).toBe("x-request-id, retry-after, content-disposition");
      expect(each.headers.get("vary")).toBe("Origin");
    }
  });

  it.each(refused)("%s may not", async (page) => {
    const answer = await post({ ...(await signedIn()), origin: page });
    const preflight = await asked(page, "POST", "authorization");

    for (const each of [answer, preflight]) {
      expect([...each.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
      expect(each.headers.get("vary")).toBe("Origin");
    }
  });

  it.each([
    ["POST", "authorization,content-type", true],
    ["GET", "Authorization", true],
    ["POST", null, true],
    ["PUT", "authorization", false],
    ["post", "authorization", false],
    ["POST", "x-user-id", false],
    ["POST", "authorization, x-parakeet-key", false],
    ["POST", "*", false],
  ])("a preflight for %s with %s", async (method, headers, allowed) => {
    const answer = await asked(PAGE, method, headers);

    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-methods")).toBe(allowed ? "GET, POST" : null);
    expect(answer.headers.get("access-control-allow-headers")).toBe(
      allowed ? "accept, authorization, content-type" : null,
    );
    expect(answer.headers.get("access-control-max-age")).toBe(allowed ? "7200" : null);
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(received).toEqual([]);
  });

  async function asked(page: string, method: string, headers: string | null): Promise<Response> {
    const given: Record<string, string> = { origin: page, "access-control-request-method": method };
    if (headers !== null) given["access-control-request-headers"] = headers;
    return fetch(`${url}/graphql`, { method: "OPTIONS", headers: given });
  }
});

describe("the limit", () => {
  it("lets exactly five of fifty through, and is told how long to wait", async () => {
    const headers = { ...(await signedIn("auth0|busy")), origin: PAGE };

    const answers = await Promise.all(Array.from({ length: 50 }, () => post(headers)));

    const held = answers.filter(({ status }) => status === 429);
    expect([answers.filter(({ status }) => status === 200).length, held.length]).toEqual([5, 45]);
    expect(received.length).toBe(5);
    expect(held[0]?.headers.get("retry-after")).toBe("10");
    expect(held[0]?.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(await codeOf(held[0] as Response)).toBe("RATE_LIMITED");
  });

  it("is a person's, not an address'", async () => {
    const address = { "cf-connecting-ip": "203.0.113.7" };
    const busy = await signedIn("auth0|busier");

    for (let count = 0; count < 2 * LIMIT; count += 1) await post({ ...busy, ...address });
    const same = await post({ ...busy, "cf-connecting-ip": "203.0.113.8" });
    const other = await post({ ...(await signedIn()), ...address });

    expect([same.status, other.status]).toEqual([429, 200]);
  });

  it("counts who has no token by address, an IPv6 network as one", async () => {
    const strict = await startWorker({ bindings: bindings(origin.url), limit: 1_000, addressLimit: LIMIT });
    const at = (await strict.ready).origin;
    const from = async (address: string, authorization?: string): Promise<number> => {
      const headers = {
        ...JSON_TYPE,
        "cf-connecting-ip": address,
        ...(authorization === undefined ? {} : { authorization }),
      };
      return (await fetch(`${at}/graphql`, { method: "POST", headers, body: QUERY })).status;
    };

    const four: number[] = [];
    for (let count = 0; count < LIMIT + 1; count += 1)
      four.push(await from("198.51.100.1", count % 2 ? "Bearer a.b.c" : undefined));
    const six: number[] = [];
    for (let count = 0; count < LIMIT + 1; count += 1) six.push(await from(`2001:db8::${String(count)}`));
    const others = [await from("198.51.100.2"), await from("2001:db8:0:1::1")];
    const known = await from("198.51.100.1", (await signedIn()).authorization);

    expect(four).toEqual([401, 401, 401, 401, 401, 429]);
    expect(six).toEqual([401, 401, 401, 401, 401, 429]);
    expect(others).toEqual([401, 401]);
    expect(known).toBe(200);
    await strict.dispose();
  });
});
