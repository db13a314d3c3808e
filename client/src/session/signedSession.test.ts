// @vitest-environment node
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AUDIENCE, CLIENT, startIssuer } from "../../e2e/deployed/issuer";
import { listen } from "../../e2e/deployed/listen";
import { SIGNED_IN } from "../paths";
import { readConfiguration } from "./configuration";
import { SessionEnded } from "./session";
import { SignedSession } from "./signedSession";

const PAGE = "https://page.example";
const RealChannel = globalThis.BroadcastChannel;
const MARK = "parakeet:signed-in";
type Issuer = Awaited<ReturnType<typeof startIssuer>>;

let issuer: Issuer;
let api: Awaited<ReturnType<typeof startApi>>;
let browser: ReturnType<typeof browserAt>;

beforeEach(async () => {
  issuer = await startIssuer();
  api = await startApi(issuer);
  issuer.allow([PAGE]);
  browser = browserAt("/backtests?status=FAILED");
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await Promise.all([issuer.stop(), api.stop()]);
});

/** A small API that knows the issuer's tokens, and keeps what it was shown. */
async function startApi(known: Issuer) {
  const shown: (string | undefined)[] = [];
  const knobs = { refusals: 0 };
  const server = await listen(async (request, response) => {
    const token = request.headers.authorization;
    shown.push(token);
    const good = knobs.refusals-- <= 0 && token && known.read(token.replace("Bearer ", ""));
    response.writeHead(good ? 200 : 401).end(good ? "hello" : "who?");
  });
  return { ...server, shown, knobs };
}

/** Like the browser's, whose own properties are what it holds. */
function storage(): Record<string, string> {
  const held: Record<string, string> = Object.create({
    getItem: (name: string) => held[name] ?? null,
    setItem: (name: string, value: string) => void (held[name] = value),
    removeItem: (name: string) => void delete held[name],
    clear: () => Object.keys(held).forEach((name) => delete held[name]),
  });
  return held;
}

/** The address bar: where the page is, and where it was sent. */
function browserAt(path: string) {
  let url = new URL(path, PAGE);
  const left: string[] = [];
  const leave = (address: string) => void left.push(address);
  const location = {
    origin: PAGE,
    get pathname() {
      return url.pathname;
    },
    get search() {
      return url.search;
    },
    assign: leave,
    replace: leave,
  };
  const history = { replaceState: (_state: unknown, _title: string, to: string) => (url = new URL(to, PAGE)) };
  const channel = randomUUID();
  /** One browser's tabs hear each other, and no other test's. */
  class Channel extends RealChannel {
    constructor(name: string) {
      super(name + channel);
    }
  }
  const globals = {
    BroadcastChannel: Channel,
    location,
    history,
    localStorage: storage(),
    sessionStorage: storage(),
    addEventListener: vi.fn(),
  };
  for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  return { left, path: () => url.pathname + url.search, goTo: (address: string) => (url = new URL(address)) };
}

const open = () =>
  new SignedSession(
    readConfiguration({
      apiUrl: api.origin,
      issuer: issuer.origin,
      clientId: CLIENT,
      audience: AUDIENCE,
      scope: "openid offline_access",
    })!,
    SIGNED_IN,
  );

/** Do at the provider what a person does, and come back. */
async function answerProvider(answer: "yes" | "no" = "yes") {
  await vi.waitFor(() => expect(browser.left).toHaveLength(1));
  const asked = new URL(browser.left.pop()!).searchParams;
  const form = new URLSearchParams([...asked, ["answer", answer]]);
  const answered = await fetch(`${issuer.origin}/login`, { method: "POST", body: form, redirect: "manual" });
  browser.goTo(answered.headers.get("location")!);
}

async function signedIn() {
  void open().signIn();
  await answerProvider();
  const session = open();
  await session.begin();
  expect(session.state().kind).toBe("signed-in");
  return session;
}

const hello = async (session: SignedSession) => (await session.fetch(session.address("/graphql"))).text();
const stored = () => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]);

test("signed in, the person is back where they were, and the API is shown their token", async () => {
  const session = await signedIn();

  expect(session.state()).toEqual({
    kind: "signed-in",
    person: { subject: "ada-1", name: "Ada Lovelace", email: "ada@example.com" },
  });
  expect(browser.path()).toBe("/backtests?status=FAILED");
  expect(await hello(session)).toBe("hello");
  expect(issuer.read(api.shown[0]!.replace("Bearer ", ""))?.sub).toBe("ada-1");
});

test("no token is ever in the browser's storage", async () => {
  const session = await signedIn();
  await hello(session);

  expect(issuer.knobs.seen).toHaveLength(3);
  expect(issuer.knobs.seen.filter((token) => stored().includes(token))).toEqual([]);
  expect({ ...localStorage }).toEqual({ [MARK]: "yes" });
  expect({ ...sessionStorage }).toEqual({});
});

test("the token goes to the API's origin and nowhere else", async () => {
  const session = await signedIn();
  const elsewhere = await listen(async (_, response) => void response.end());

  await expect(session.fetch(`${elsewhere.origin}/downloads/x`)).rejects.toThrow("is not the API's");
  await expect(session.fetch(session.address("//evil.example/x"))).rejects.toThrow("is not the API's");
  await elsewhere.stop();
});

test("an answer that nobody here asked for signs nobody in", async () => {
  void open().signIn();
  await answerProvider();
  const right = browser.path();
  browser.goTo(`${PAGE}${right.replace(/state=[^&]+/, "state=another")}`);
  const session = open();
  await session.begin();

  expect(session.state()).toEqual({ kind: "signed-out", reason: null });
  browser.goTo(PAGE + right);
  const late = open();
  await late.begin();
  expect(late.state().kind).toBe("signed-out");
});

test("a token over is renewed once, for however many ask", async () => {
  issuer.knobs.expiresIn = 20;
  const session = await signedIn();
  const first = issuer.knobs.seen[1]!;
  issuer.knobs.expiresIn = 3600;
  await Promise.all([hello(session), hello(session), hello(session)]);

  expect(issuer.knobs.renewals).toBe(1);
  expect(new Set(api.shown).size).toBe(1);
  expect(api.shown[0]).not.toContain(first);
});

test("a token that the API refuses is renewed, and the request sent again", async () => {
  const session = await signedIn();
  api.knobs.refusals = 1;

  expect(await hello(session)).toBe("hello");
  expect(api.shown).toHaveLength(2);
  expect(issuer.knobs.renewals).toBe(1);
});

test("refused twice, or with nothing to renew by, the session ends and asks for nothing more", async () => {
  const session = await signedIn();
  api.knobs.refusals = Infinity;
  await expect(hello(session)).rejects.toThrow(SessionEnded);
  expect(session.state().kind).toBe("ended");
  await expect(hello(session)).rejects.toThrow(SessionEnded);
  expect(api.shown).toHaveLength(2);

  issuer.knobs.givesRefresh = false;
  api.knobs.refusals = 0;
  const other = await signedIn();
  api.knobs.refusals = Infinity;
  await expect(hello(other)).rejects.toThrow(SessionEnded);
  expect(other.state().kind).toBe("ended");
});

test("a renewal that comes too late signs nobody in again", async () => {
  issuer.knobs.expiresIn = 20;
  const session = await signedIn();
  const late = hello(session);
  void session.signOut();

  await expect(late).rejects.toThrow(SessionEnded);
  expect(issuer.knobs.renewals).toBe(1);
  await expect(hello(session)).rejects.toThrow(SessionEnded);
  expect(api.shown).toEqual([]);
  await vi.waitFor(() => expect(browser.left).toHaveLength(1));
});

test("a provider that cannot be reached for a renewal does not end the session", async () => {
  issuer.knobs.expiresIn = 20;
  const session = await signedIn();
  const real = fetch;
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
  await expect(hello(session)).rejects.toThrow("no network");
  expect(session.state().kind).toBe("signed-in");

  vi.stubGlobal("fetch", real);
  issuer.knobs.expiresIn = 3600;
  expect(await hello(session)).toBe("hello");
});

test("who was here before is asked for without a word; who is gone sees the sign-in page", async () => {
  localStorage.setItem(MARK, "yes");
  void open().begin();
  await vi.waitFor(() => expect(browser.left).toHaveLength(1));
  const asked = new URL(browser.left.pop()!);
  expect(asked.searchParams.get("prompt")).toBe("none");

  const answered = await fetch(asked, { redirect: "manual" });
  browser.goTo(answered.headers.get("location")!);
  const session = open();
  await session.begin();
  expect(session.state()).toEqual({ kind: "signed-out", reason: null });
  expect(browser.path()).toBe("/backtests?status=FAILED");
  await open().begin();
  expect(browser.left).toEqual([]);
});

test("who declines is told so", async () => {
  void open().signIn();
  await answerProvider("no");
  const session = open();
  await session.begin();

  expect(session.state()).toEqual({
    kind: "signed-out",
    reason: "The sign-in was declined, so nobody is signed in.",
  });
});

test("signing out in one tab is for all of them", async () => {
  const [one, other] = [await signedIn(), await signedIn()];
  void one.signOut();

  await vi.waitFor(() => expect(browser.left).toHaveLength(2));
  expect(browser.left).toContain("/signed-out");
  expect(other.state().kind).toBe("signed-in");
});

test("signing out forgets here, revokes, and leaves by the provider's door", async () => {
  const session = await signedIn();
  localStorage.setItem("graphiql:tabState", "a query");
  localStorage.setItem("parakeet:theme", "dark");
  sessionStorage.setItem("parakeet:kept", "a form");
  void session.signOut();
  await vi.waitFor(() => expect(browser.left).toHaveLength(1));

  const next = new URL(browser.left[0]!);
  expect(next.origin + next.pathname).toBe(`${issuer.origin}/logout`);
  expect(next.searchParams.get("post_logout_redirect_uri")).toBe(`${PAGE}/signed-out`);
  expect({ ...localStorage }).toEqual({ "parakeet:theme": "dark" });
  expect({ ...sessionStorage }).toEqual({});
  await expect(hello(session)).rejects.toThrow(SessionEnded);
  expect(api.shown).toEqual([]);
});
