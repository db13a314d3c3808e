/** Which documents go on to the origin: a page's by its hash, any other only of who may explore. */

import { Refusal } from "./answers.ts";

// Lets its bearer send documents of his own; the origin knows it by the same name.
export const EXPLORE = "api:explore";

const HASH = /^[0-9a-f]{64}$/;

interface Asked {
  documentId?: unknown;
  extensions?: { persistedQuery?: { sha256Hash?: unknown } | null } | null;
}

/** Whether the origin lists the hash is for the origin to say. */
export function checkDocument(body: Uint8Array, scope: unknown): void {
  if (explores(scope)) return;
  const hash = hashOf(body);
  if (typeof hash === "string" && HASH.test(hash)) return;
  throw new Refusal(403, "PERSISTED_QUERY_ONLY", "only the documents of the page are executed here, by their hash");
}

function explores(scope: unknown): boolean {
  return typeof scope === "string" && scope.split(/\s+/).includes(EXPLORE);
}

function hashOf(body: Uint8Array): unknown {
  try {
    const asked = JSON.parse(new TextDecoder().decode(body)) as Asked | null;
    return asked?.documentId ?? asked?.extensions?.persistedQuery?.sha256Hash;
  } catch {
    return undefined;
  }
}
