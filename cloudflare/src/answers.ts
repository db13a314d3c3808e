/** What the edge itself answers, and the headers on every answer. */

export type Code =
  "BAD_REQUEST" | "UNAUTHENTICATED" | "PERSISTED_QUERY_ONLY" | "RATE_LIMITED" | "UNAVAILABLE" | "INTERNAL";

/** A request that goes no further. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: Code;
  readonly headers: Record<string, string>;

  constructor(status: number, code: Code, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export const SECURITY: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

// Whatever else the origin or the gateway before it says stays inside.
const PASSED_ON = [
  "allow",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-type",
  "retry-after",
  "www-authenticate",
];

export function refused(refusal: Refusal, requestId: string): Response {
  const extensions = { code: refusal.code, requestId };
  return Response.json(
    { errors: [{ message: refusal.message, extensions }] },
    { status: refusal.status, headers: { "cache-control": "no-store", ...refusal.headers } },
  );
}

/** The answer as the caller gets it. */
export function headed(answer: Response, requestId: string, cors: Record<string, string>): Response {
  const headers = new Headers({ ...SECURITY, ...cors, "x-request-id": requestId });
  for (const name of PASSED_ON) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(answer.body, { status: answer.status, headers });
}
