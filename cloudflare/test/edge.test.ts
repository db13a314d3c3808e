import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";

import { codeOf, Edge, JSON_TYPE, QUERY } from "./edge.ts";

const edge = new Edge();

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
    const answer = await fetch(edge.url + path, { method, headers: await edge.signedIn() });

    expect([answer.status, answer.headers.get("allow")]).toEqual([status, allow]);
    expect(await codeOf(answer)).toBe("BAD_REQUEST");
    expect(edge.received).toEqual([]);
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
    const answer = await edge.post({ ...(await edge.signedIn()), ...headers });

    expect(answer.status).toBe(status);
    expect(edge.received.length).toBe(status === 200 ? 1 : 0);
  });

  it("a body of the largest size passes, a byte more does not", async () => {
    const fits = await edge.post(await edge.signedIn(), "x".repeat(262_144));
    const exceeds = await edge.post(await edge.signedIn(), "x".repeat(262_145));

    expect([fits.status, exceeds.status]).toEqual([200, 413]);
    expect(edge.received.map(({ body }) => body.length)).toEqual([262_144]);
  });

  it.each([
    ["in chunks", {}],
    ["declared", { "content-length": "10485760" }],
  ])("a body of 10 MB %s is refused before it is sent", async (_, length) => {
    const upload = request(`${edge.url}/graphql`, {
      method: "POST",
      headers: { ...(await edge.signedIn()), ...length },
    });
    const answered = once(upload, "response") as Promise<[IncomingMessage]>;
    upload.write(Buffer.alloc(270_000));

    const [answer] = await answered;

    expect(answer.statusCode).toBe(413);
    expect(edge.received).toEqual([]);
    upload.on("error", () => undefined).destroy();
  });
});

describe("documents", () => {
  const HASH = "0a".repeat(32);
  const by = (sha256Hash: unknown): unknown => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
  const bearing = (scope: string): Promise<Record<string, string>> => edge.signedIn(undefined, scope);

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
    const answer = await edge.post(await bearing("openid"), typeof asked === "string" ? asked : JSON.stringify(asked));

    expect(answer.status).toBe(status);
    expect(edge.received.length).toBe(status === 200 ? 1 : 0);
    if (status === 403) expect(await codeOf(answer)).toBe("PERSISTED_QUERY_ONLY");
  });

  it.each([
    ["openid api:explore", 200],
    ["api:explore", 200],
    ["api:explorer", 403],
    ["API:EXPLORE", 403],
    ["", 403],
  ])("of one's own with the scope %j", async (scope, status) => {
    expect((await edge.post(await bearing(scope))).status).toBe(status);
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
      const asking = request(edge.url + path, options).end(QUERY);
      const [answer] = (await once(asking, "response")) as [IncomingMessage];
      await once(answer.resume(), "end");
      expect(answer.statusCode).toBe(status);
      reused.push(asking.reusedSocket);
    }

    expect(reused).toEqual([false, true, true, true, true]);
    agent.destroy();
  });

  it("does not wait for a body without end", async () => {
    const upload = request(`${edge.url}/graphql`, { method: "POST", headers: JSON_TYPE });
    const answered = once(upload, "response") as Promise<[IncomingMessage]>;
    upload.write("{");

    const [answer] = await answered;

    expect(answer.statusCode).toBe(401);
    upload.on("error", () => undefined).destroy();
  });
});
