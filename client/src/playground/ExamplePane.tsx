import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useState } from "react";
import { Icon } from "../ui/Icon";
import css from "./Playground.module.css";
import { EXAMPLES } from "./examples";

/** Every operation of the API with an example; a click opens it in a tab of its own. */
function ExamplePane() {
  const open = useNewTab();
  return (
    <section aria-label="Examples" className={css.examples}>
      <h2 className="graphiql-doc-explorer-title">Examples</h2>
      {EXAMPLES.map(({ domain, examples }) => (
        <section key={domain}>
          <h3>{domain}</h3>
          <ul>
            {examples.map(({ field, title, query }) => (
              <li key={field}>
                <button type="button" onClick={() => open(query)}>
                  <code>{field}</code>
                  <span>{title}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** A tab's text is the editor's, which shows the new tab only in the next render. */
function useNewTab(): (query: string) => void {
  const { addTab } = useGraphiQLActions();
  const editor = useGraphiQL((state) => state.queryEditor);
  const tab = useGraphiQL((state) => state.activeTabIndex);
  const [wanted, setWanted] = useState<{ query: string; from: number }>();
  useEffect(() => {
    if (!wanted || !editor || tab === wanted.from) return;
    editor.setValue(wanted.query);
    setWanted(undefined);
  }, [wanted, editor, tab]);
  return (query) => {
    setWanted({ query, from: tab });
    addTab();
  };
}

export const EXAMPLES_PLUGIN = {
  title: "Examples",
  icon: () => <Icon name="book" />,
  content: ExamplePane,
};
