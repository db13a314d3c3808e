import { describe, expect, it } from "vitest";

import { addressKey, readBody } from "../src/limits.ts";
import { checkClaims, parseToken } from "../src/tokens.ts";
import { AUDIENCE, ISSUER, Issuer } from "./surroundings.ts";

describe("an address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
  ])("%s is counted as %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});

describe("a body", () => {
  it("that does not end is given up, and its sender told", async () => {
    let cancelled = false;
    const endless = new ReadableStream<Uint8Array>({
      cancel() {
        cancelled = true;
      },
    });

    await expect(readBody(endless, 10, 5)).rejects.toMatchObject({ status: 408 });
    expect(cancelled).toBe(true);
  });

  it("is joined of its chunks", async () => {
    const chunks = [1, 2, 3].map((byte) => new Uint8Array([byte]));
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });

    expect([...(await readBody(stream, 3))]).toEqual([1, 2, 3]);
    expect((await readBody(null)).length).toBe(0);
  });
});

describe("the clock", () => {
  it.each([
    [{ exp: -59 }, true],
    [{ exp: -60 }, false],
    [{ iat: 60, exp: 120 }, true],
    [{ iat: 61, exp: 120 }, false],
    [{ nbf: 60 }, true],
    [{ nbf: 61 }, false],
    [{ iat: 0, exp: 86_400 }, true],
    [{ iat: 0, exp: 86_401 }, false],
  ])("decides to the second on %o", async (times, accepted) => {
    const now = 1_800_000_000;
    const token = parseToken(await (await Issuer.make("key")).token());
    const moved = Object.entries({ iat: -600, exp: 600, ...times }).map(([name, at]) => [name, now + at]);
    const claims = { ...token.claims, ...(Object.fromEntries(moved) as Record<string, number>) };
    const verdict = (): string => checkClaims({ ...token, claims }, { issuer: ISSUER, audience: AUDIENCE }, now);

    if (accepted) expect(verdict()).toBe("auth0|alice");
    else expect(verdict).toThrow();
  });
});
