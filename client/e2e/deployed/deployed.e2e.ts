import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { DESK, graphql, launch, overflow, PHONE, shoot, visit } from "../browser";
import { deploy, type Deployment } from "./deployment";

let browser: Browser;
let deployed: Deployment;

beforeAll(async () => {
  browser = await launch();
  deployed = await deploy(inject("address"));
});
beforeEach(() => {
  const { issuer, origin } = deployed;
  issuer.forgetEverybody();
  Object.assign(issuer.knobs, { expiresIn: 3600, givesRefresh: true, renewals: 0 });
  Object.assign(origin.knobs, { refuse: 0, retryAfter: "1", requests: 0, unsigned: 0 });
});
afterAll(async () => {
  await browser?.close();
  await deployed?.stop();
});

const at = (path: string) => deployed.site.origin + path;
const open = (path: string, options = DESK) => visit(browser, at(path), options);

async function signIn(page: Page) {
  await page.getByRole("button", { name: /^Sign in/ }).click();
  await page.getByRole("button", { name: "Sign in as Ada" }).click();
  await page.getByRole("button", { name: "Account of Ada Lovelace" }).waitFor();
}

const stored = (page: Page) =>
  page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));

/** The orders of the run on the page, as the server itself hands them out. */
async function storedOrders(page: Page): Promise<string> {
  const id = new URL(page.url()).pathname.split("/").at(-1)!;
  const query = "query($id: ID!) { backtest(id: $id) { downloads { label url } } }";
  const { backtest } = await graphql<{ backtest: { downloads: { label: string; url: string }[] } }>(query, { id });
  const { url } = backtest.downloads.find(({ label }) => label === "Orders (CSV)")!;
  return (await fetch(inject("address") + url)).text();
}

/** No token that the provider ever gave is where another script, or the next person, could find it. */
async function expectNoTokenIn(page: Page) {
  const text = await stored(page);
  expect(deployed.issuer.knobs.seen.filter((token) => text.includes(token))).toEqual([]);
}

test("sign in, run a backtest, see it finished, download a file, sign out", async () => {
  const { page, problems, close } = await open("/backtests/new?strategy=momentum");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(deployed.origin.knobs.requests).toBe(0);
  await signIn(page);
  expect(page.url()).toBe(at("/backtests/new?strategy=momentum"));

  await page.getByText(/AUD prices from/).waitFor();
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByRole("region", { name: "Key figures" }).waitFor({ timeout: 90_000 });
  await page.locator("canvas").first().waitFor();
  await shoot(page, "deployed-report");

  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Orders (CSV)" }).click(),
  ]);
  expect(await readFile(await file.path(), "utf8")).toBe(await storedOrders(page));
  expect(file.suggestedFilename()).toMatch(/^[0-9a-f]{8}-orders\.csv$/);
  const [picture] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "PNG" }).click(),
  ]);
  expect((await readFile(await picture.path())).subarray(1, 4).toString()).toBe("PNG");
  await expectNoTokenIn(page);

  await page.getByRole("button", { name: "Account of Ada Lovelace" }).click();
  await page.getByText("ada@example.com").waitFor();
  await shoot(page, "deployed-account", { fullPage: false });
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();
  await expectNoTokenIn(page);
  await page.goBack();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(page.url()).toContain("/backtests/backtest_");
  expect(await page.getByText("Key figures").count()).toBe(0);

  expect(deployed.origin.knobs.unsigned).toBe(0);
  expect(problems).toEqual([]);
  await close();
});

test("a reload, another tab and the playground need no second sign-in; one sign-out is for all", async () => {
  deployed.issuer.knobs.grants = "openid api:explore";
  const { page, problems, close } = await open("/strategies");
  await signIn(page);
  await page.reload();
  await page.getByRole("button", { name: "Account of Ada Lovelace" }).waitFor();
  const other = await page.context().newPage();
  await other.goto(at("/playground"));
  await other.locator(".graphiql-query-editor .view-line", { hasText: "runBacktest(" }).waitFor({ timeout: 60_000 });
  expect(other.url()).toBe(at("/playground"));
  await other.getByRole("button", { name: /Execute query/ }).click();
  await other.locator(".graphiql-response .view-line", { hasText: "backtest_" }).waitFor({ timeout: 60_000 });
  await expectNoTokenIn(other);

  await other.getByRole("button", { name: "Account of Ada Lovelace" }).click();
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "You are signed out" }).waitFor();
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();
  deployed.issuer.knobs.grants = "openid";
  expect(problems).toEqual([]);
  await close();
});

test("a token that runs out is renewed unseen, once for all requests", async () => {
  deployed.issuer.knobs.expiresIn = 2;
  const { page, problems, close } = await open("/strategies");
  await signIn(page);
  await page
    .getByRole("heading", { name: /momentum/i })
    .first()
    .waitFor();
  deployed.issuer.knobs.expiresIn = 3600;
  deployed.issuer.knobs.renewals = 0;
  await new Promise((over) => setTimeout(over, 2100));
  await page.getByRole("link", { name: "New run" }).click();
  await page.getByText(/AUD prices from/).waitFor();

  expect(deployed.issuer.knobs.renewals).toBe(1);
  expect(problems).toEqual([]);
  await close();
});

test.each([
  ["desk, light", { ...DESK, colorScheme: "light" as const }],
  ["phone, dark", { ...PHONE, colorScheme: "dark" as const }],
])("a session that ends keeps the page and what was typed, %s", async (name, options) => {
  deployed.issuer.knobs.givesRefresh = false;
  const { page, close } = await open("/backtests/new", options);
  await shootWide(page, `deployed-sign-in-${name}`);
  await signIn(page);
  await page.getByText(/AUD prices from/).waitFor();
  await page.getByLabel("Names held").fill("7");
  await page.getByLabel("Initial capital").fill("54321");
  await page.getByLabel("Name", { exact: true }).fill("Typed before the end");
  await endSession(page);
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await shootWide(page, `deployed-ended-${name}`);
  await page.getByRole("button", { name: "Not now" }).click();
  await shootWide(page, `deployed-ended-later-${name}`);
  await page.unroute(`${deployed.edge.origin}/**`);
  await signIn(page);

  expect(page.url()).toBe(at("/backtests/new"));
  await page.getByText(/AUD prices from/).waitFor();
  expect(await page.getByLabel("Names held").inputValue()).toBe("7");
  expect(await page.getByLabel("Initial capital").inputValue()).toBe("54321");
  expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("Typed before the end");
  await expectNoTokenIn(page);
  await close();
});

/** The API does not know the token any more, and the provider gives no other. */
async function endSession(page: Page) {
  deployed.issuer.forgetEverybody();
  await page.route(`${deployed.edge.origin}/**`, (route) =>
    route.request().method() === "OPTIONS"
      ? route.continue()
      : route.continue({ headers: { ...route.request().headers(), authorization: "Bearer a.b.c" } }),
  );
}

async function shootWide(page: Page, name: string) {
  await page.waitForFunction(() => [...document.images].every((image) => image.complete));
  expect(await overflow(page)).toBe(0);
  await shoot(page, name.replace(", ", "-"), { fullPage: false });
}

test("a server that asks for patience gets it, and nobody is troubled", async () => {
  const { page, problems, close } = await open("/strategies");
  await signIn(page);
  await page
    .getByRole("heading", { name: /momentum/i })
    .first()
    .waitFor();
  Object.assign(deployed.origin.knobs, { refuse: 1, requests: 0 });
  await page.getByRole("link", { name: "Backtests", exact: true }).first().click();
  await page.getByRole("row").nth(1).waitFor();

  expect(deployed.origin.knobs.requests).toBe(2);
  expect(problems.filter((problem) => !problem.includes("429"))).toEqual([]);
  await close();
});

test("while the server wants a pause, the page says so", async () => {
  const { page, close } = await open("/backtests/new", { ...PHONE, colorScheme: "dark" });
  await signIn(page);
  await page.getByText(/AUD prices from/).waitFor();
  Object.assign(deployed.origin.knobs, { refuse: 1, retryAfter: "6" });
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByText("the server asked for a pause").waitFor();
  await shootWide(page, "deployed-pause");
  await page.getByRole("region", { name: "Key figures" }).waitFor({ timeout: 90_000 });
  await page.getByText("the server asked for a pause").waitFor({ state: "detached" });
  await close();
});

test("a server that asks for too much patience is said to be busy, with the request's number", async () => {
  const { page, close } = await open("/backtests/new");
  await signIn(page);
  await page.getByText(/AUD prices from/).waitFor();
  Object.assign(deployed.origin.knobs, { refuse: 1, retryAfter: "600" });
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByRole("heading", { name: "Too many requests at once" }).waitFor();
  await page.getByText("Try again in 600 seconds.").waitFor();
  await page.getByText(/^Reference [0-9a-f]{32}$/).waitFor();
  await shoot(page, "deployed-busy");
  await close();
});

test("who declines, and a provider that is away, are met with plain words", async () => {
  const { page, close } = await open("/backtests");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Decline" }).click();
  await page.getByText("The sign-in was declined, so nobody is signed in.").waitFor();
  expect(page.url()).toBe(at("/backtests"));
  await page.route(`${deployed.issuer.origin}/**`, (route) => route.abort());
  await page.reload();
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The sign-in service cannot be reached.").waitFor();
  await shoot(page, "deployed-unreached", { fullPage: false });
  await page.unroute(`${deployed.issuer.origin}/**`);
  await signIn(page);
  await close();
});

test("a wrong configuration is told, not a blank page", async () => {
  const file = join(deployed.folder, "config.json");
  const right = await readFile(file, "utf8");
  for (const [text, told] of [
    ['{"apiUrl": "http://api.example.com", "issuer": "https://id.example.com", "clientId": "x"}', /begin with https/],
    ["<!doctype html>", /not JSON/],
  ] as const) {
    await writeFile(file, text);
    const { page, problems, close } = await open("/backtests");
    await page.getByRole("heading", { name: "This site is not set up correctly" }).waitFor();
    await page.getByText(told).waitFor();
    await shoot(page, "deployed-unconfigured", { fullPage: false });
    expect(problems).toEqual([]);
    await close();
  }
  await writeFile(file, right);
});

test("each address has its policy, and what is missing is missing", async () => {
  const head = async (path: string) => {
    const answer = await fetch(at(path));
    return { status: answer.status, policy: answer.headers.get("content-security-policy") ?? "", answer };
  };
  const connect = `connect-src 'self' ${deployed.edge.origin} ${deployed.issuer.origin}`;
  for (const path of [
    "/",
    "/backtests",
    "/backtests/new",
    "/backtests/some",
    "/strategies",
    "/strategies/momentum",
    "/signed-in",
    "/signed-out",
  ]) {
    const { status, policy, answer } = await head(path);
    expect([path, status, answer.headers.get("access-control-allow-origin")]).toEqual([path, 200, null]);
    expect(policy).toContain(connect);
    expect(policy).not.toContain("unsafe");
  }
  const playground = await head("/playground");
  expect(playground.policy).toContain(connect);
  expect(playground.policy.match(/default-src/g)).toHaveLength(1);
  expect(playground.policy).toContain("worker-src 'self' blob:");
  expect((await head("/assets/gone.js")).status).toBe(404);
  const nowhere = await open("/nowhere");
  await signIn(nowhere.page);
  await nowhere.page.getByRole("heading", { name: "No such page" }).waitFor();
  await nowhere.close();
});
