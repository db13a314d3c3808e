import { ApolloClient, gql, InMemoryCache } from "@apollo/client";
import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { failureOf } from "./failure";
import { makeLink, retryAfterSeconds } from "./links";
import { LOCAL, SessionEnded } from "./session/session";

const QUERY = gql`
  query Version {
    version
  }
`;
const MUTATION = gql`
  mutation Run {
    run
  }
`;
const RIGHT = () => Response.json({ data: { version: "1", run: "1" } });
const later = (status: number, headers: Record<string, string> = {}) =>
  new Response('{"errors":[{"message":"later"}]}', {
    status,
    headers: { "content-type": "application/graphql-response+json", "x-request-id": "r-1", ...headers },
  });

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(() => vi.useRealTimers());

/** A client of a server that gives these answers in turn, the last one for ever; and when each was asked for. */
function clientOf(...answers: (() => Response)[]) {
  const asked: number[] = [];
  const began = Date.now();
  const fetch = async () => answers[Math.min(asked.push(Date.now() - began), answers.length) - 1]!();
  const client = new ApolloClient({
    link: makeLink({ ...LOCAL, address: (path) => `https://api.example.com${path}`, fetch }),
    cache: new InMemoryCache(),
  });
  return { client, asked };
}

const settle = async <T>(promise: Promise<T>, ms = 600_000) => {
  const settled = promise.then(
    (value) => ({ value, error: undefined }),
    (error: Error) => ({ value: undefined, error }),
  );
  await vi.advanceTimersByTimeAsync(ms);
  return settled;
};

test("after 429 the same is sent again when the server said, a mutation too", async () => {
  const { client, asked } = clientOf(() => later(429, { "retry-after": "7" }), RIGHT);
  const { value } = await settle(client.mutate({ mutation: MUTATION }));
  expect(value?.data).toEqual({ run: "1" });
  expect(asked).toEqual([0, 7000]);
});

test("after 503 a query is sent again, and a mutation, which may have been done, is not", async () => {
  const query = clientOf(() => later(503, { "retry-after": "7" }), RIGHT);
  await settle(query.client.query({ query: QUERY }));
  expect(query.asked).toEqual([0, 7000]);
  const mutation = clientOf(() => later(503, { "retry-after": "7" }), RIGHT);
  const { error } = await settle(mutation.client.mutate({ mutation: MUTATION }));
  expect(mutation.asked).toEqual([0]);
  expect(failureOf(error!).title).toBe("The server is busy");
});

test("a date to come back is honoured as well", async () => {
  const { client, asked } = clientOf(
    () => later(429, { "retry-after": new Date(Date.now() + 5000).toUTCString() }),
    RIGHT,
  );
  await settle(client.query({ query: QUERY }));
  expect(asked).toHaveLength(2);
  expect(asked[1]).toBeGreaterThanOrEqual(4000);
  expect(asked[1]).toBeLessThanOrEqual(5000);
});

test.each([
  ["no word when to come back", {}],
  ["a wait longer than anybody watches", { "retry-after": "61" }],
  ["a word that means nothing", { "retry-after": "soon" }],
])("nothing is sent again after %s", async (_, headers) => {
  const { client, asked } = clientOf(() => later(429, headers), RIGHT);
  const { error } = await settle(client.query({ query: QUERY }));
  expect(asked).toEqual([0]);
  expect(failureOf(error!)).toMatchObject({ title: "Too many requests at once", reference: "r-1" });
});

test("one request is tried four times, and then is said to have failed", async () => {
  const { client, asked } = clientOf(() => later(429, { "retry-after": "2" }));
  const { error } = await settle(client.query({ query: QUERY }));
  expect(asked).toEqual([0, 2000, 4000, 6000]);
  expect(failureOf(error!).detail).toBe("Try again in 2 seconds.");
});

test("all requests together retry ten times a minute", async () => {
  const { client, asked } = clientOf(() => later(429, { "retry-after": "1" }));
  const ask = () => client.query({ query: QUERY, fetchPolicy: "no-cache", context: { queryDeduplication: false } });
  await settle(Promise.allSettled(Array.from({ length: 6 }, ask)), 20_000);
  expect(asked).toHaveLength(6 + 10);
  await settle(Promise.allSettled([ask()]), 70_000);
  expect(asked).toHaveLength(6 + 10 + 1);
  await settle(Promise.allSettled([ask()]), 20_000);
  expect(asked).toHaveLength(6 + 10 + 1 + 4);
});

test("a fault of the server or the network is not sent again", async () => {
  const broken = clientOf(() => new Response("oh", { status: 500 }), RIGHT);
  await settle(broken.client.query({ query: QUERY }));
  expect(broken.asked).toEqual([0]);
  const away = clientOf(() => {
    throw new TypeError("no network");
  }, RIGHT);
  const { error } = await settle(away.client.query({ query: QUERY }));
  expect(away.asked).toEqual([0]);
  expect(failureOf(error!).title).toBe("The server cannot be reached");
});

test("what failed is told in words, with the request's number", () => {
  const response = later(500);
  expect(failureOf(new ServerError("x", { response, bodyText: "" }))).toEqual({
    title: "The server could not answer",
    detail: "It replied with status 500.",
    reference: "r-1",
  });
  const errors = [{ message: "internal error", extensions: { requestId: "r-2" } }];
  expect(failureOf(new CombinedGraphQLErrors({ errors }))).toMatchObject({
    detail: "internal error",
    reference: "r-2",
  });
  expect(failureOf(new SessionEnded())).toMatchObject({ title: "Your session has ended", reference: null });
  expect(retryAfterSeconds(new Error("x"))).toBeNull();
});
