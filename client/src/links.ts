import { ApolloLink, HttpLink } from "@apollo/client";
import { ServerError } from "@apollo/client/errors";
import { RetryLink } from "@apollo/client/link/retry";
import hashes from "virtual:trusted";
import { waitFor } from "./patience";
import type { Session } from "./session/session";

const MOST_TRIES = 4;
// The edge counts by the minute.
const LONGEST_WAIT_SECONDS = 60;
const BUDGET = { retries: 10, perMs: 60_000 };
const SPREAD_MS = 500;

/** The statuses by which an edge says "later". */
const LATER = [429, 503];

export function makeLink(session: Session): ApolloLink {
  return ApolloLink.from([
    makeRetryLink(),
    makeTrustedLink(hashes),
    new HttpLink({
      uri: session.address("/graphql"),
      fetch: async (input, init) => refusing(await session.fetch(String(input), init)),
    }),
  ]);
}

/** Send the hash of an operation in place of its text: a deployed API executes the page's operations and no others. */
export function makeTrustedLink(hashes: Readonly<Record<string, string>>): ApolloLink {
  return new ApolloLink((operation, forward) => {
    const sha256Hash = hashes[operation.operationName ?? ""];
    if (sha256Hash) {
      operation.extensions.persistedQuery = { version: 1, sha256Hash };
      operation.setContext({ http: { includeExtensions: true, includeQuery: false } });
    }
    return forward(operation);
  });
}

/** What stood in the way of the request is no GraphQL answer, whatever its media type says. */
async function refusing(response: Response): Promise<Response> {
  if (!LATER.includes(response.status)) return response;
  const bodyText = await response.text();
  throw new ServerError(`The server answered ${response.status}`, { response, bodyText });
}

/**
 * Wait as long as the server asked, then send again. All requests share one budget, so that a page
 * full of them cannot turn one refusal into a storm.
 */
export function makeRetryLink(): RetryLink {
  const mayRetry = makeBudget();
  return new RetryLink({
    attempts: (count, { operationType }, error) =>
      isWorthATry(error, operationType) && count < MOST_TRIES && mayRetry(),
    delay: (_count, _operation, error) => {
      const wait = retryAfterSeconds(error)! * 1000 + Math.random() * SPREAD_MS;
      waitFor(wait);
      return wait;
    },
  });
}

/** Refused for their number, nothing was done. Behind 503 a mutation may have been, and is not sent twice. */
function isWorthATry(error: unknown, operationType: string): boolean {
  const wait = retryAfterSeconds(error);
  const undone = operationType !== "mutation" || (ServerError.is(error) && error.statusCode === 429);
  return wait !== null && wait <= LONGEST_WAIT_SECONDS && undone;
}

function makeBudget(): () => boolean {
  let spent: number[] = [];
  return () => {
    const now = Date.now();
    spent = spent.filter((at) => at > now - BUDGET.perMs);
    return spent.length < BUDGET.retries && spent.push(now) > 0;
  };
}

/** How long the server asks us to wait; null where it does not ask. Retry-After is seconds or a date. */
export function retryAfterSeconds(error: unknown): number | null {
  if (!ServerError.is(error) || !LATER.includes(error.statusCode)) return null;
  const told = error.response.headers.get("retry-after")?.trim();
  if (!told) return null;
  const seconds = /^\d+$/.test(told) ? Number(told) : (Date.parse(told) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, Math.ceil(seconds));
}
