import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import { GraphiQL } from "graphiql";
import { useShownTheme } from "../shell/theme";
import { EXAMPLES } from "./examples";

type Parameters = { query: string; variables?: unknown; operationName?: string | null };

async function ask(parameters: Parameters) {
  const answer = await fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json" },
    body: JSON.stringify(parameters),
  });
  return answer.json();
}

/** GraphiQL, bundled: nothing of it comes from elsewhere. */
export default function Explorer() {
  return <GraphiQL fetcher={ask} defaultTabs={EXAMPLES} forcedTheme={useShownTheme()} isHeadersEditorEnabled={false} />;
}
