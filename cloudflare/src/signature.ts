/** The proof that a request came through here; api/services/signature.py checks it. */

import { base64url } from "jose";

export interface EdgeKey {
  id: string;
  key: Uint8Array;
}

export interface Signing {
  method: string;
  path: string;
  body: Uint8Array;
  subject: string;
}

const LEAST_BYTES = 32;

/** The key that signs now, of the secret both sides hold. */
export function currentKey(secret: string): EdgeKey {
  const { current } = JSON.parse(secret) as { current: { id: string; key: string } };
  const key = Uint8Array.from(atob(current.key), (letter) => letter.charCodeAt(0));
  if (key.length < LEAST_BYTES) throw new TypeError(`an edge key needs ${String(LEAST_BYTES)} bytes`);
  return { id: current.id, key };
}

export async function signed(
  { method, path, body, subject }: Signing,
  { id, key }: EdgeKey,
  timestamp: number,
  nonce: string,
): Promise<Record<string, string>> {
  const digest = hex(await crypto.subtle.digest("SHA-256", body));
  const text = [method, path, digest, timestamp, nonce, subject].join("\n");
  const hmac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", hmac, new TextEncoder().encode(text));
  return {
    "x-parakeet-key": id,
    "x-parakeet-timestamp": String(timestamp),
    "x-parakeet-nonce": nonce,
    "x-parakeet-signature": base64url.encode(new Uint8Array(signature)),
  };
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
