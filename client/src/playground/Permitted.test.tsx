import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { LOCAL, type Session, SessionContext } from "../session/session";
import { Permitted } from "./Permitted";

const signedIn = (answer: () => Response): Session => ({
  ...LOCAL,
  state: () => ({ kind: "signed-in", person: { subject: "ada", name: "Ada", email: null } }),
  fetch: async () => answer(),
});
const holding = (...scopes: string[]) => signedIn(() => Response.json({ data: { viewer: { scopes } } }));

const open = (session: Session) =>
  render(
    <SessionContext value={session}>
      <Permitted>
        <p>the editor</p>
      </Permitted>
    </SessionContext>,
  );

test("on a machine of one's own the playground is open, and nothing is asked", () => {
  open({ ...LOCAL, fetch: () => Promise.reject(new Error("nothing is to be asked")) });
  expect(screen.getByText("the editor")).toBeTruthy();
});

test("who holds the scope sees it", async () => {
  open(holding("read", "api:explore"));
  expect(await screen.findByText("the editor")).toBeTruthy();
});

test("who does not is told which scope to ask for", async () => {
  open(holding("read", "write"));
  expect(await screen.findByRole("heading", { name: "The playground is not open to you" })).toBeTruthy();
  expect(screen.getByText("api:explore")).toBeTruthy();
  expect(screen.queryByText("the editor")).toBeNull();
});

test("a server that does not answer is said, and asked again", async () => {
  let asked = 0;
  open(signedIn(() => ((asked += 1), new Response("{}", { status: 503 }))));
  (await screen.findByRole("button", { name: "Try again" })).click();
  await screen.findByRole("button", { name: "Try again" });
  expect(asked).toBe(2);
});
