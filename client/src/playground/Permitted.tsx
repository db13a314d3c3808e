import hashes from "virtual:trusted";
import { type ReactNode, useEffect, useState } from "react";
import { type Session, useSession } from "../session/session";
import { LoadError, Notice } from "../ui/Notice";
import { SkeletonRows } from "../ui/Skeleton";
import css from "./Playground.module.css";

/** Lets its bearer send documents that are not the page's. */
const EXPLORE = "api:explore";

type Answer = { data?: { viewer: { scopes: string[] } } };

/** Asks as the page does, by the hash of its own document: whoever lacks the scope is still told so. */
async function mayExplore(session: Session): Promise<boolean> {
  if (session.state().kind === "local") return true;
  const persistedQuery = { version: 1, sha256Hash: hashes.ViewerScopes };
  const answer = await session.fetch(session.address("/graphql"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ operationName: "ViewerScopes", extensions: { persistedQuery } }),
  });
  const { data } = (await answer.json()) as Answer;
  if (!data) throw new Error(`the scopes were answered with status ${answer.status}`);
  return data.viewer.scopes.includes(EXPLORE);
}

/** What is inside, for who may use it. */
export function Permitted({ children }: { children: ReactNode }) {
  const session = useSession();
  const [tries, setTries] = useState(0);
  const [found, setFound] = useState<boolean | Error | null>(session.state().kind === "local" || null);
  useEffect(() => {
    mayExplore(session).then(setFound, setFound);
  }, [session, tries]);
  if (found === true) return children;
  return (
    <div className={css.wait}>
      {found === null && <SkeletonRows label="Loading playground" rows={3} height={140} />}
      {found === false && (
        <Notice title="The playground is not open to you">
          <p>
            This server executes the documents of its pages. To send your own, ask whoever runs it for the scope{" "}
            <code>{EXPLORE}</code>, then sign in again.
          </p>
        </Notice>
      )}
      {found instanceof Error && <LoadError error={found} onRetry={() => (setFound(null), setTries(tries + 1))} />}
    </div>
  );
}
