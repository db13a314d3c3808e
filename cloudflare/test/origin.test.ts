import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";

import { codeOf, Edge, QUERY } from "./edge.ts";
import { listen, type Received } from "./surroundings.ts";
import { startWorker } from "./workerd.ts";

const edge = new Edge();

describe("what the origin is sent", () => {
  it("is signed over method, path, body, time, nonce and subject", async () => {
    const headers = await edge.signedIn("auth0|signed");
    const answer = await edge.post(headers, QUERY, "/graphql?access_token=x");

    const [{ method, url: path, headers: sent, body }] = edge.received as [Received];
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
    const headers = await edge.signedIn();
    const token = String(headers.authorization).split(" ")[1] ?? "";

    const answer = await edge.post({ ...headers, authorization: `bearer ${token}` });

    expect([answer.status, edge.received[0]?.headers.authorization]).toEqual([200, `Bearer ${token}`]);
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
    await edge.post({ ...(await edge.signedIn()), ...said });

    const [{ headers: sent }] = edge.received as [Received];
    for (const [name, value] of Object.entries(said)) expect(sent[name]).not.toBe(value);
    for (const name of ["x-user-id", "x-forwarded-for", "x-parakeet-sub", "cookie"]) expect(sent[name]).toBeUndefined();
  });

  it("is new each time", async () => {
    const headers = await edge.signedIn();
    await edge.post(headers);
    await edge.post(headers);

    expect(new Set(edge.received.map(({ headers: sent }) => sent["x-parakeet-nonce"])).size).toBe(2);
    expect(new Set(edge.received.map(({ headers: sent }) => sent["x-request-id"])).size).toBe(2);
  });

  it("is signed without a token for health, for downloads with one", async () => {
    const token = await edge.signedIn();
    const health = await fetch(`${edge.url}/healthz`, { headers: token });
    const anonymous = await fetch(`${edge.url}/downloads/results/1/1/orders.csv`);
    const download = await fetch(`${edge.url}/downloads/results/1/1/orders.csv`, { headers: token });

    expect([health.status, anonymous.status, download.status]).toEqual([200, 401, 200]);
    expect(edge.received.map(({ url: path, headers: sent }) => [path, sent.authorization])).toEqual([
      ["/healthz", undefined],
      ["/downloads/results/1/1/orders.csv", token.authorization],
    ]);
    expect(edge.received.every(({ headers: sent }) => sent["x-parakeet-signature"] !== undefined)).toBe(true);
  });

  it("comes back without what the origin says of itself", async () => {
    const answer = await edge.post(await edge.signedIn());

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
    const lost = await startWorker({ bindings: edge.bindings(closed.url) });

    const answer = await fetch(new URL("/healthz", await lost.ready));

    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await codeOf(answer)).toBe("UNAVAILABLE");
    await lost.dispose();
  });
});
