/** The Worker before an origin that keeps what it is sent, and those who ask it. */

import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { Miniflare } from "miniflare";

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

export const LIMIT = 5;
export const QUERY = '{"query":"{ viewer { id } }"}';
export const JSON_TYPE = { "content-type": "application/json" };

type Headers = Record<string, string>;

/** One Worker for the tests of a file; nothing that another was sent is seen by the next. */
export class Edge {
  readonly received: Received[] = [];
  issuer!: Issuer;
  origin!: Listening;
  url!: string;
  private keys!: Listening;
  private worker!: Miniflare;
  private people = 0;

  constructor() {
    beforeAll(() => this.start());
    beforeEach(() => void this.received.splice(0));
    afterAll(() => this.stop());
  }

  private async start(): Promise<void> {
    this.issuer = await Issuer.make("key-1");
    this.keys = await listen((_, response) => response.end(JSON.stringify({ keys: [this.issuer.public] })));
    this.origin = await listen(keeping(this.received));
    this.worker = await startWorker({ bindings: this.bindings(), limit: LIMIT, addressLimit: 1_000 });
    this.url = (await this.worker.ready).origin;
  }

  private async stop(): Promise<void> {
    await this.worker.dispose();
    for (const each of [this.keys, this.origin]) each.close();
  }

  bindings(at = this.origin.url): Record<string, string> {
    return {
      ORIGIN: at,
      TOKEN_ISSUER: ISSUER,
      TOKEN_AUDIENCE: AUDIENCE,
      JWKS_URL: `${this.keys.url}/jwks.json`,
      ALLOWED_ORIGINS: JSON.stringify([PAGE, "http://localhost:5173"]),
      EDGE_KEYS,
      LIMIT_SECONDS: "10",
    };
  }

  /** A subject of its own for each request, unless one is given: the limit is another test's matter. */
  async signedIn(subject = `auth0|${String((this.people += 1))}`, scope?: string): Promise<Headers> {
    return { ...JSON_TYPE, authorization: `Bearer ${await this.issuer.token(subject, scope)}` };
  }

  async post(headers: HeadersInit, body: BodyInit = QUERY, path = "/graphql"): Promise<Response> {
    return fetch(this.url + path, { method: "POST", headers, body });
  }
}

export async function codeOf(answer: Response): Promise<string> {
  const told = await answer.json<{ errors: [{ extensions: { code: string; requestId: string } }] }>();
  expect(told.errors[0].extensions.requestId).toBe(answer.headers.get("x-request-id"));
  return told.errors[0].extensions.code;
}
