import { describe, expect, it } from "vitest";

import { codeOf, Edge, JSON_TYPE, LIMIT, QUERY } from "./edge.ts";
import { PAGE } from "./surroundings.ts";
import { startWorker } from "./workerd.ts";

const edge = new Edge();

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
    const answer = await edge.post({ ...(await edge.signedIn()), origin: page });
    const refusal = await edge.post({ ...JSON_TYPE, origin: page });

    expect([answer.status, refusal.status]).toEqual([200, 401]);
    for (const each of [answer, refusal]) {
      expect(each.headers.get("access-control-allow-origin")).toBe(page);
      expect(each.headers.get("access-control-expose-headers")).toBe("x-request-id, retry-after, content-disposition");
      expect(each.headers.get("vary")).toBe("Origin");
    }
  });

  it.each(refused)("%s may not", async (page) => {
    const answer = await edge.post({ ...(await edge.signedIn()), origin: page });
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
    expect(edge.received).toEqual([]);
  });

  async function asked(page: string, method: string, headers: string | null): Promise<Response> {
    const given: Record<string, string> = { origin: page, "access-control-request-method": method };
    if (headers !== null) given["access-control-request-headers"] = headers;
    return fetch(`${edge.url}/graphql`, { method: "OPTIONS", headers: given });
  }
});

describe("the limit", () => {
  it("lets exactly five of fifty through, and is told how long to wait", async () => {
    const headers = { ...(await edge.signedIn("auth0|busy")), origin: PAGE };

    const answers = await Promise.all(Array.from({ length: 50 }, () => edge.post(headers)));

    const held = answers.filter(({ status }) => status === 429);
    expect([answers.filter(({ status }) => status === 200).length, held.length]).toEqual([5, 45]);
    expect(edge.received.length).toBe(5);
    expect(held[0]?.headers.get("retry-after")).toBe("10");
    expect(held[0]?.headers.get("access-control-allow-origin")).toBe(PAGE);
    expect(await codeOf(held[0] as Response)).toBe("RATE_LIMITED");
  });

  it("is a person's, not an address'", async () => {
    const address = { "cf-connecting-ip": "203.0.113.7" };
    const busy = await edge.signedIn("auth0|busier");

    for (let count = 0; count < 2 * LIMIT; count += 1) await edge.post({ ...busy, ...address });
    const same = await edge.post({ ...busy, "cf-connecting-ip": "203.0.113.8" });
    const other = await edge.post({ ...(await edge.signedIn()), ...address });

    expect([same.status, other.status]).toEqual([429, 200]);
  });

  it("counts who has no token by address, an IPv6 network as one", async () => {
    const strict = await startWorker({ bindings: edge.bindings(), limit: 1_000, addressLimit: LIMIT });
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
    const known = await from("198.51.100.1", (await edge.signedIn()).authorization);

    expect(four).toEqual([401, 401, 401, 401, 401, 429]);
    expect(six).toEqual([401, 401, 401, 401, 401, 429]);
    expect(others).toEqual([401, 401]);
    expect(known).toBe(200);
    await strict.dispose();
  });
});
