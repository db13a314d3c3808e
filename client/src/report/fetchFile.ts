import { ServerError } from "@apollo/client/errors";
import type { Session } from "../session/session";
import { save } from "../ui/save";

/** A link cannot carry a token, so the page fetches the file itself. Raises ServerError, SessionEnded. */
export async function fetchFile(session: Session, path: string, onBytes: (count: number) => void): Promise<void> {
  const response = await session.fetch(session.address(path));
  if (!response.ok) throw new ServerError("no download", { response, bodyText: await response.text() });
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let count = 0;
  for (const reader = response.body!.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    onBytes((count += value.byteLength));
  }
  save(new Blob(parts, { type: response.headers.get("content-type") ?? "" }), nameOf(response, path));
}

/** The name that the server gives the file, if we are let see it; else the last part of its address. */
function nameOf(response: Response, path: string): string {
  const told = /filename="([^"/\\]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return told ?? path.split("/").at(-1)!;
}
