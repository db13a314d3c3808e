/** Which pages may read an answer: those whose origin is in the list, letter for letter. */

const METHODS = ["GET", "POST"];
const HEADERS = ["accept", "authorization", "content-type"];
const EXPOSED = "x-request-id, retry-after, content-disposition";
// Chromium keeps a preflight's answer no longer.
const MAX_AGE_SECONDS = "7200";

/** The headers for the origin that asks: the same for a refusal, or a page could not read it. */
export function corsHeaders(origin: string | null, allowed: readonly string[]): Record<string, string> {
  if (origin === null || !allowed.includes(origin)) return { vary: "Origin" };
  return { vary: "Origin", "access-control-allow-origin": origin, "access-control-expose-headers": EXPOSED };
}

/** What a preflight is told; nothing, where the request it announces would be refused. */
export function preflightHeaders(headers: Headers, allowed: readonly string[]): Record<string, string> {
  const cors = corsHeaders(headers.get("origin"), allowed);
  const method = headers.get("access-control-request-method") ?? "";
  const asked = (headers.get("access-control-request-headers") ?? "").toLowerCase().split(",");
  const known = asked.every((name) => ["", ...HEADERS].includes(name.trim()));
  if (!("access-control-allow-origin" in cors) || !METHODS.includes(method) || !known) return { vary: "Origin" };
  return {
    ...cors,
    "access-control-allow-methods": METHODS.join(", "),
    "access-control-allow-headers": HEADERS.join(", "),
    "access-control-max-age": MAX_AGE_SECONDS,
  };
}
