import { exportJWK, generateKeyPair, type JWK } from "jose";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { keysOf, KeySet } from "../src/jwks.ts";
import { EDGE_KEYS, ISSUER, AUDIENCE, Issuer, keeping, listen, type Listening, type Received } from "./surroundings.ts";
import { startWorker } from "./workerd.ts";

const first = await Issuer.make("first");
const second = await Issuer.make("second");
const SECOND = 1_000;

type Reply = (response: ServerResponse) => void;

let issuer: Listening, keys: KeySet, reply: Reply, asked: number;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  asked = 0;
  reply = publishing(first);
  issuer = await listen((_, response) => {
    asked += 1;
    reply(response);
  });
  keys = new KeySet(`${issuer.url}/jwks.json`, 300);
});

afterEach(() => {
  issuer.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function publishing(...issuers: Issuer[]): Reply {
  return (response) => response.end(JSON.stringify({ keys: issuers.map((one) => one.public) }));
}

function later(seconds: number): void {
  vi.setSystemTime(Date.now() + seconds * SECOND);
}

const FAULTS: Record<string, Reply> = {
  "status 500": (response) => response.writeHead(500).end(JSON.stringify({ keys: [first.public] })),
  "a redirect": (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
  nothing: (response) => response.end(),
  "no keys": (response) => response.end('{"keys":[]}'),
  HTML: (response) => response.end("<!doctype html><title>Sign in</title>"),
  "a list": (response) => response.end("[]"),
  null: (response) => response.end("null"),
  "1,000 keys": (response) =>
    response.end(
      JSON.stringify({ keys: Array.from({ length: 1_000 }, (_, index) => ({ ...first.public, kid: String(index) })) }),
    ),
  "21 keys": (response) =>
    response.end(
      JSON.stringify({ keys: Array.from({ length: 21 }, (_, index) => ({ ...first.public, kid: String(index) })) }),
    ),
  "two keys of one id": (response) =>
    response.end(JSON.stringify({ keys: [second.public, { ...first.public, kid: "second" }] })),
  "100 kB": (response) => response.end(JSON.stringify({ keys: [first.public], more: "x".repeat(100_000) })),
  "no end": (response) => response.write('{"keys":['),
  "no answer": () => undefined,
};

describe.each(Object.keys(FAULTS))("an issuer that answers with %s", (name) => {
  const fault = FAULTS[name] as Reply;

  it("leaves the last good set", async () => {
    await keys.find("first");
    reply = fault;
    later(601);

    expect(await keys.find("first")).toBeDefined();
    expect(await keys.find("second")).toBeUndefined();
    expect(asked).toBe(3);
  });

  it("leaves nothing to check tokens with where there was none, for five seconds", async () => {
    reply = fault;

    await expect(keys.find("first")).rejects.toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    reply = publishing(first);
    await expect(keys.find("first")).rejects.toMatchObject({ status: 503 });
    later(5);
    expect(await keys.find("first")).toBeDefined();
    expect(asked).toBe(2);
  });
});

describe("a set", () => {
  it("that was rotated is learnt by one question, and another is asked a minute later", async () => {
    await keys.find("first");
    reply = publishing(first, second);

    expect(await keys.find("second")).toBeDefined();
    expect([await keys.find("third"), await keys.find("fourth")]).toEqual([undefined, undefined]);
    expect(asked).toBe(2);
    later(60);
    expect(await keys.find("third")).toBeUndefined();
    expect(asked).toBe(3);
  });

  it("forgets a withdrawn key within ten minutes", async () => {
    await keys.find("first");
    reply = publishing(second);

    later(599);
    expect(await keys.find("first")).toBeDefined();
    later(1);
    expect(await keys.find("first")).toBeUndefined();
    expect(asked).toBe(2);
  });

  it("is fetched once for many that wait", async () => {
    const found = await Promise.all(Array.from({ length: 20 }, () => keys.find("first")));

    expect(found.every((key) => key !== undefined)).toBe(true);
    expect(asked).toBe(1);
  });
});

// The example of RFC 7517, appendix A.1.
const POINT = {
  x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
  y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
};

describe("a key", () => {
  it.each([
    ["for encryption", { use: "enc" }],
    ["for another algorithm", { alg: "RS384" }],
    ["for signing alone", { key_ops: ["sign"] }],
    ["of a curve, as the gateway knows none", { kty: "EC", crv: "P-256", ...POINT }],
    ["of another kind", { kty: "oct", k: "c2VjcmV0" }],
    ["without an exponent", { e: undefined }],
    ["with an odd id", { kid: "../../dev/null" }],
    ["without an id", { kid: undefined }],
  ])("%s is not used", async (_, change) => {
    const found = await keysOf({ keys: [second.public, { ...first.public, ...change }] });

    expect([...found.keys()]).toEqual(["second"]);
  });

  it("of RSA needs 2,048 bits", async () => {
    const strong = await rsa(2_048);
    const modulus = Buffer.from(strong.n as string, "base64url");
    const weak = { ...strong, kid: "weak", n: modulus.subarray(0, 255).toString("base64url") };

    const found = await keysOf({ keys: [strong, weak] });

    expect([...found.keys()]).toEqual(["strong"]);
  });

  async function rsa(modulusLength: number): Promise<JWK> {
    const { publicKey } = await generateKeyPair("RS256", { modulusLength, extractable: true });
    return { ...(await exportJWK(publicKey)), kid: "strong" };
  }
});

describe("in workerd", () => {
  it("no keys are no service, and no refusal of the token", async () => {
    vi.useRealTimers();
    const received: Received[] = [];
    const origin = await listen(keeping(received));
    reply = FAULTS["no answer"] as Reply;
    const bindings = {
      ORIGIN: origin.url,
      TOKEN_ISSUER: ISSUER,
      TOKEN_AUDIENCE: AUDIENCE,
      JWKS_URL: issuer.url,
      ALLOWED_ORIGINS: "[]",
      EDGE_KEYS,
      LIMIT_SECONDS: "60",
    };
    const worker = await startWorker({ bindings });
    const headers = { "content-type": "application/json", authorization: `Bearer ${await first.token()}` };
    const post = async (): Promise<number> => {
      return (await fetch(new URL("/graphql", await worker.ready), { method: "POST", headers, body: "{}" })).status;
    };

    const answers = await Promise.all([post(), post(), post()]);

    expect(answers).toEqual([503, 503, 503]);
    expect([asked, received.length]).toEqual([1, 0]);
    await worker.dispose();
    origin.close();
  });
});
