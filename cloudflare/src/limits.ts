/** What a request must look like before anyone asks who sends it. */

import { Refusal } from "./answers.ts";

export interface Route {
  path: string;
  methods: readonly string[];
  needsToken: boolean;
}

export const LARGEST_BODY = 262_144;
export const BODY_MILLISECONDS = 10_000;
// What is refused anyway is not waited for longer than one slow round trip.
export const REFUSED_BODY_MILLISECONDS = 1_000;
// The gateway before the origin takes no more, request line included.
export const LARGEST_HEADERS = 10_240;

const DOWNLOAD = /^\/downloads\/[A-Za-z0-9._/-]{1,256}$/;

export function routeOf(path: string): Route {
  if (path === "/graphql") return { path, methods: ["POST"], needsToken: true };
  if (path === "/healthz") return { path, methods: ["GET"], needsToken: false };
  if (DOWNLOAD.test(path)) return { path, methods: ["GET"], needsToken: true };
  throw new Refusal(404, "BAD_REQUEST", "nothing is here; send POST /graphql");
}

export function checkMethod(method: string, route: Route): void {
  if (route.methods.includes(method)) return;
  const allow = [...route.methods, "OPTIONS"].join(", ");
  throw new Refusal(405, "BAD_REQUEST", `the method was ${method.slice(0, 20)}; send ${allow}`, { allow });
}

/** A plain form could be posted by any page; a packed body could unfold to any size. */
export function checkForm(method: string, headers: Headers): void {
  let size = 0;
  for (const [name, value] of headers) size += name.length + value.length + 4;
  if (size > LARGEST_HEADERS)
    throw new Refusal(
      431,
      "BAD_REQUEST",
      `the headers had ${String(size)} bytes; send at most ${String(LARGEST_HEADERS)}`,
    );
  const encoding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding !== "identity")
    throw new Refusal(415, "BAD_REQUEST", "content-encoding is not taken; send the body as it is");
  if (method === "POST" && !isJson(headers.get("content-type") ?? ""))
    throw new Refusal(415, "BAD_REQUEST", "send content-type application/json, in utf-8");
}

function isJson(contentType: string): boolean {
  const [media = "", ...parameters] = contentType.toLowerCase().split(";");
  const charset = parameters
    .join(";")
    .trim()
    .replace(/^charset=/, "")
    .replaceAll('"', "");
  return media.trim() === "application/json" && ["", "utf-8", "utf8"].includes(charset);
}

/** The whole body; no more than one chunk beyond the limit is ever held. */
export async function readBody(
  stream: ReadableStream<Uint8Array> | null,
  limit = LARGEST_BODY,
  milliseconds = BODY_MILLISECONDS,
): Promise<Uint8Array> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  const late = new Refusal(408, "BAD_REQUEST", "the body did not end in time; send it at once");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late);
    }, milliseconds);
  });
  try {
    return await Promise.race([readAll(reader, limit), deadline]);
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Takes in what a refused request still sends. Answered over an unread body the connection is reset: the caller may
 * lose the answer, and the next request it sends on that connection.
 */
export async function drain(request: Request, milliseconds = REFUSED_BODY_MILLISECONDS): Promise<void> {
  if (request.bodyUsed) return;
  await readBody(request.body, LARGEST_BODY, milliseconds).catch(() => undefined);
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, size);
    size += value.length;
    if (size > limit)
      throw new Refusal(413, "BAD_REQUEST", `the body was larger than ${String(limit)} bytes; send less at once`);
    chunks.push(value);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Whom an address stands for: one IPv4 address, or the /64 that one IPv6 customer gets. */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(gap).fill("0"), ...after].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
