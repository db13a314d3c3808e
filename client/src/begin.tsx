import "./ui/tokens.css";
import "./ui/base.css";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { fetchConfiguration } from "./session/configuration";
import { LOCAL, type Session, SessionContext } from "./session/session";

type Page = (session: Session) => ReactNode;

/** Start a document: read the configuration, know who is asking, draw. `callback` is where a sign-in comes back to. */
export async function begin(callback: string, page: Page): Promise<void> {
  const root = createRoot(document.getElementById("root")!);
  const draw = (content: ReactNode) => root.render(<StrictMode>{content}</StrictMode>);
  try {
    const configuration = await fetchConfiguration();
    if (!configuration) return draw(page(LOCAL));
    // A local page pays nothing for accounts.
    const { Arriving, Gate, SignedSession } = await import("./session/signed");
    draw(<Arriving />);
    const session = new SignedSession(configuration, callback);
    await session.begin();
    draw(
      <SessionContext value={session}>
        <Gate>{page(session)}</Gate>
      </SessionContext>,
    );
  } catch (error) {
    const { Unconfigured } = await import("./session/Unconfigured");
    draw(<Unconfigured error={error} />);
  }
}
