import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { EXAMPLES_PLUGIN } from "./ExamplePane";
import { type Session, useSession } from "../session/session";
import { useShownTheme } from "../shell/theme";
import { FIRST } from "./examples";

// The reference of the schema is there already.
const PLUGINS = [EXAMPLES_PLUGIN, HISTORY_PLUGIN];

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
      defaultTabs={FIRST}
      plugins={PLUGINS}
      forcedTheme={theme}
      isHeadersEditorEnabled={false}
    />
  );
}
