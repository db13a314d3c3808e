import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { graphql, launch, overflow, PHONE, shoot, visit } from "./browser";
import { expectSameFigures, FIGURES, type Figures } from "./figures";

let browser: Browser;
const finished: { dual: string; momentum: string } = { dual: "", momentum: "" };

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const idOf = (page: Page) => new URL(page.url()).pathname.split("/").at(-1)!;

/** Press run and wait for the report, whose curve is drawn. */
async function run(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByRole("region", { name: "Key figures" }).waitFor({ timeout: 90_000 });
  await page.locator("canvas").first().waitFor();
  return idOf(page);
}

test("from an empty list, by way of the form, dual momentum in Australian dollars becomes a curve", async () => {
  const { page, problems, close } = await visit(browser, "/");
  await page.getByRole("link", { name: "Run your first backtest" }).click();
  await page.getByRole("radio", { name: /Dual momentum/ }).check();

  expect(await page.getByLabel("Currency", { exact: true }).inputValue()).toBe("AUD");
  expect(await page.locator("[data-path=universe]").inputValue()).toBe("SAMPLE_US");
  await page.getByText(/AUD prices from/).waitFor();
  expect(await page.getByLabel("Start", { exact: true }).inputValue()).toMatch(/^2000-01-/);

  await page.getByLabel("Names held").fill("3");
  finished.dual = await run(page);

  await expectSameFigures(page, finished.dual);
  await page.getByRole("columnheader", { name: "Trough" }).waitFor();
  await page.getByText("No look-ahead").waitFor();
  expect(await page.locator("table", { hasText: "JanFebMar" }).locator("tbody tr").count()).toBeGreaterThanOrEqual(22);
  await shoot(page, "report");
  expect(problems).toEqual([]);
  await close();
});

test("momentum runs too, and its orders are paged", async () => {
  const { page, problems, close } = await visit(browser, "/backtests/new?strategy=momentum");
  await page.getByText(/AUD prices from/).waitFor();
  await page.getByLabel("Names held").fill("5");
  await page.getByLabel("Name", { exact: true }).fill("Five strongest");
  finished.momentum = await run(page);

  await expectSameFigures(page, finished.momentum);
  const { backtest } = await graphql<Figures>(FIGURES, { id: finished.momentum });
  const orders = page.locator("section", { has: page.getByRole("heading", { name: "Orders" }) });
  await orders.getByText(`1–25 of ${backtest.orders.totalCount.toLocaleString("en-AU")}`).waitFor();
  await orders.getByRole("button", { name: "Next" }).click();
  await orders.getByText("26–50 of").waitFor();
  expect(problems).toEqual([]);
  await close();
});

test("the same again is answered with the stored run", async () => {
  const { page, problems, close } = await visit(browser, `/backtests/new?from=${finished.momentum}`);
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByRole("heading", { name: "Already run" }).waitFor();

  expect(idOf(page)).toBe(finished.momentum);
  expect(problems).toEqual([]);
  await close();
});

test("curve: basis, scale, range, keys, picture and table", async () => {
  const { page, problems, close } = await visit(browser, `/backtests/${finished.momentum}`);
  const chart = page.getByRole("group", { name: /^Equity of strategy/ });
  await chart.locator("canvas").first().waitFor();
  await page.getByRole("radio", { name: "Linear" }).check();
  await page.getByRole("radio", { name: "Gross" }).check();
  await page.getByText("the same run without costs").waitFor();
  await page.getByRole("button", { name: "3 years" }).click();
  await chart.focus();
  await page.keyboard.press("Home");
  await page
    .getByText(/\d+ Jan 2000/)
    .first()
    .waitFor();

  const [table] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  const [picture] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "PNG" }).click(),
  ]);
  const rows = (await readFile(await table.path(), "utf8")).trim().split("\n");
  const { backtest } = await graphql<{ backtest: { equity: { totalPoints: number } } }>(
    "query($id: ID!) { backtest(id: $id) { equity(basis: GROSS, maxPoints: 50) { totalPoints } } }",
    { id: finished.momentum },
  );

  expect(rows[0]).toBe("date,strategy,benchmark");
  expect(rows.length - 1).toBe(backtest.equity.totalPoints);
  expect((await readFile(await picture.path())).subarray(1, 4).toString()).toBe("PNG");
  expect(problems).toEqual([]);
  await close();
});

test("name and notes are kept, and the list finds and sorts them", async () => {
  const { page, problems, close } = await visit(browser, `/backtests/${finished.momentum}`);
  await page.getByRole("button", { name: "Name and notes" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Strongest five, monthly");
  await page.getByRole("textbox", { name: "Notes" }).fill("To compare with three names.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Strongest five, monthly" }).waitFor();
  await page.getByRole("link", { name: "Backtests", exact: true }).first().click();
  await page.getByRole("button", { name: "Sharpe", exact: true }).click();
  await page
    .getByRole("columnheader", { name: /^Sharpe/ })
    .and(page.locator("[aria-sort=descending]"))
    .waitFor();
  await page.getByLabel("Search").fill("Strongest");
  await page.getByText("1–1 of 1").waitFor();

  expect(await page.getByRole("row").nth(1).textContent()).toContain("Strongest five, monthly");
  await page.getByLabel("Search").fill("nothing is called this");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("row").nth(2).waitFor();
  await shoot(page, "list");
  expect(problems).toEqual([]);
  await close();
});

test("bad input is told at its field, by the page and by the server, and nothing is queued", async () => {
  const { page, problems, close } = await visit(browser, "/backtests/new");
  const total = () => graphql<{ backtests: { totalCount: number } }>("{ backtests(first: 1) { totalCount } }");
  const before = await total();
  await page.getByText(/AUD prices from/).waitFor();
  await page.getByLabel("Names held").fill("999");
  await page.getByLabel("Initial capital").fill("-5");
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByText("Must be at most 200").waitFor();
  await page.getByText("Must be at least 1", { exact: true }).waitFor();

  await page.getByLabel("Names held").fill("5");
  await page.getByLabel("Initial capital").fill("100000");
  await page.getByLabel("Start", { exact: true }).fill("1995-01-03");
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.locator("[data-path=start][aria-invalid=true]").waitFor();

  await page.getByRole("radio", { name: "Own symbols" }).check();
  await page.getByRole("combobox", { name: "Symbols" }).fill("NOPE,");
  await page.getByLabel("Start", { exact: true }).fill("2005-01-03");
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.locator("[data-path=symbols][aria-invalid=true]").waitFor();
  await shoot(page, "bad-input");

  expect(await total()).toEqual(before);
  expect(problems).toEqual([]);
  await close();
});

test("a running backtest is cancelled, and can be edited and run again", async () => {
  const { page, problems, close } = await visit(browser, "/backtests/new?strategy=hrp");
  await page.getByLabel("Currency", { exact: true }).selectOption("USD");
  await page.getByText(/USD prices from/).waitFor();
  await page.getByLabel("Rebalance", { exact: true }).selectOption("DAILY");
  await page.getByRole("button", { name: "Run backtest" }).click();
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page.getByRole("heading", { name: "This run was cancelled" }).waitFor({ timeout: 60_000 });
  await page.getByRole("link", { name: "Edit and run again" }).click();

  await page.getByText("A copy of an earlier run").waitFor();
  expect(await page.getByLabel("Rebalance", { exact: true }).inputValue()).toBe("DAILY");
  expect(problems).toEqual([]);
  await close();
});

test("what is not there, and a server out of reach, are said plainly", async () => {
  const { page, close } = await visit(browser, "/backtests/backtest_00000000-0000-4000-8000-000000000000");
  await page.getByRole("heading", { name: "No such backtest" }).waitFor();
  await page.goto(`${inject("address")}/nowhere`);
  await page.getByRole("heading", { name: "No such page" }).waitFor();
  await page.route("**/graphql", (route) => route.abort());
  await page.goto(`${inject("address")}/backtests`);
  await page.getByRole("heading", { name: "The server cannot be reached" }).waitFor();
  await shoot(page, "unreachable");
  await page.unroute("**/graphql");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("Strongest five, monthly").waitFor();
  await close();
});

test.each(["light", "dark"] as const)("on a phone nothing sticks out, %s", async (colorScheme) => {
  const pages = {
    list: "/backtests",
    form: "/backtests/new",
    report: `/backtests/${finished.momentum}`,
    guide: "/strategies",
    strategy: "/strategies/breakout",
  };
  for (const [name, path] of Object.entries(pages)) {
    const { page, problems, close } = await visit(browser, path, { ...PHONE, colorScheme });
    await page.locator("main [aria-busy=true]").first().waitFor({ state: "detached" });
    await page.waitForLoadState("networkidle");
    expect([name, await overflow(page)]).toEqual([name, 0]);
    await shoot(page, `phone-${name}-${colorScheme}`);
    expect(problems).toEqual([]);
    await close();
  }
});

test("the guide finds a strategy, keeps old links, and leads to a run of it", async () => {
  const { page, problems, close } = await visit(browser, "/strategies#dual_momentum");
  await page.getByRole("heading", { level: 1, name: "Dual momentum" }).waitFor();
  const trials = page.getByRole("region", { name: "What you have tried of Dual momentum" });
  expect(await trials.getByRole("row").nth(1).textContent()).toMatch(/^SAMPLE_US1/);
  await page.getByRole("link", { name: "Strategies", exact: true }).first().click();
  await page.getByLabel("Search").fill("volatility VIX3M");
  await page.getByText("3 of 24").waitFor();
  await page.getByRole("link", { name: "Iron condor" }).click();
  await page.getByRole("heading", { level: 1, name: "Iron condor" }).waitFor();
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.goBack();
  await page.getByText("3 of 24").waitFor();
  await page.getByRole("link", { name: "Tail hedge" }).click();
  await page.getByRole("link", { name: "Backtest this" }).click();

  await page.getByRole("radio", { name: /^Tail hedge/ }).waitFor();
  expect(await page.getByRole("radio", { name: /^Tail hedge/ }).isChecked()).toBe(true);
  expect(problems).toEqual([]);
  await close();
});

test("dark by preference, and by the toggle, which is remembered", async () => {
  const { page, problems, close } = await visit(browser, `/backtests/${finished.momentum}`);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: /^Theme: system/ }).click();
  await page.getByRole("button", { name: /^Theme: light/ }).click();
  const dark = await background();
  await page.reload();
  await page.locator("canvas").first().waitFor();

  expect(dark).not.toBe(light);
  expect(await background()).toBe(dark);
  await page.waitForLoadState("networkidle");
  await shoot(page, "report-dark");
  expect(problems).toEqual([]);
  await close();
});

test("by keyboard alone: skip the header, choose, run", async () => {
  const { page, problems, close } = await visit(browser, "/backtests/new?strategy=equal_weight");
  await page.getByText(/AUD prices from/).waitFor();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe("equal_weight");
  await page.keyboard.press("ArrowUp");
  expect(await page.getByRole("radio", { name: /Dual momentum/ }).isChecked()).toBe(true);
  await page.keyboard.press("ArrowDown");
  await page.getByRole("button", { name: "Run backtest" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "Key figures" }).waitFor({ timeout: 90_000 });

  expect(problems).toEqual([]);
  await close();
});

test("the playground runs its first example", async () => {
  const { page, problems, close } = await visit(browser, "/playground");
  await page.locator(".graphiql-query-editor .view-line", { hasText: "runBacktest(" }).waitFor({ timeout: 60_000 });
  await page.getByRole("button", { name: /Execute query/ }).click();
  await page.locator(".graphiql-response .view-line", { hasText: "backtest_" }).waitFor({ timeout: 60_000 });
  await shoot(page, "playground", { fullPage: false });
  expect(problems).toEqual([]);
  await close();
});
