import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { GraphiQL } from "graphiql";
import { type Session, useSession } from "../session/session";
import { useShownTheme } from "../shell/theme";
import { EXAMPLES } from "./examples";

type Parameters = { query: string; variables?: unknown; operationName?: string | null };

async function ask(session: Session, parameters: Parameters) {
  const answer = await session.fetch(session.address("/graphql"), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
    body: JSON.stringify(parameters),
  });
  return answer.json();
}

/** GraphiQL, bundled: nothing of it comes from elsewhere. */
export default function Explorer() {
  const session = useSession();
  const theme = useShownTheme();
  return (
    <GraphiQL
      fetcher={(parameters) => ask(session, parameters)}
      defaultTabs={EXAMPLES}
      forcedTheme={theme}
      isHeadersEditorEnabled={false}
    />
  );
}
