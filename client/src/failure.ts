import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { retryAfterSeconds } from "./links";
import { SessionEnded } from "./session/session";

/** What an API answers to a document of a page older than those it serves. */
const OUTDATED = "PERSISTED_QUERY_NOT_FOUND";

/** What an API says of what was asked for: it did answer, and asking again changes nothing. */
const OF_THE_REQUEST = ["INVALID", "NOT_FOUND", "UNKNOWN_SYMBOL", "MISSING_DATA", "INSUFFICIENT_HISTORY", "FORBIDDEN"];

/** What went wrong in words; the reference finds the request in the server's records. */
export type Failure = { title: string; detail: string; reference: string | null };

export function failureOf(error: Error): Failure {
  if (CombinedGraphQLErrors.is(error)) {
    if (error.errors.some(({ extensions }) => extensions?.code === OUTDATED))
      return { title: "This page is out of date", detail: "Reload it to go on.", reference: null };
    const detail = error.errors.map((each) => each.message).join("; ");
    const reference = error.errors.map((each) => each.extensions?.requestId).find((id) => typeof id === "string");
    const asked = error.errors.every(({ extensions }) => OF_THE_REQUEST.includes(String(extensions?.code)));
    const title = asked ? "This cannot be shown" : "The server could not answer";
    return { title, detail, reference: (reference as string | undefined) ?? null };
  }
  if (ServerError.is(error)) return { ...refusal(error), reference: error.response.headers.get("x-request-id") };
  if (error instanceof SessionEnded)
    return { title: "Your session has ended", detail: "Sign in again to go on.", reference: null };
  return {
    title: "The server cannot be reached",
    detail: "Check that it is running and that you are online.",
    reference: null,
  };
}

function refusal(error: ServerError): Pick<Failure, "title" | "detail"> {
  const wait = retryAfterSeconds(error);
  const later =
    wait === null ? "Try again in a while." : `Try again in ${wait === 1 ? "a second" : `${wait} seconds`}.`;
  if (error.statusCode === 429) return { title: "Too many requests at once", detail: later };
  if (error.statusCode === 503) return { title: "The server is busy", detail: later };
  return { title: "The server could not answer", detail: `It replied with status ${error.statusCode}.` };
}
