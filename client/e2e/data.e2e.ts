import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, overflow, PHONE, shoot, visit } from "./browser";
import { RUN, startStage, SYMBOLS } from "./stage";

const RUN_NAME = "Two shares, equally";

type PriceChange = { date: string; before: { close: number }; after: { close: number } };

let browser: Browser;
let stage: Awaited<ReturnType<typeof startStage>>;

beforeAll(async () => {
  browser = await launch();
  stage = await startStage();
});
afterAll(async () => {
  await browser?.close();
  await stage?.stop();
});

/** Fill the dialog by hand and send it. */
async function fetchPrices(page: Page, symbols: string[], { force = false } = {}) {
  await page.getByRole("button", { name: "Fetch prices" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Fetch prices" });
  await dialog.getByRole("radio", { name: "Own symbols" }).check();
  for (const symbol of symbols) {
    await dialog.getByRole("combobox", { name: "Symbols" }).fill(symbol);
    await page.keyboard.press("Enter");
  }
  if (force) await dialog.getByRole("checkbox", { name: /Ask again/ }).check();
  await dialog.getByRole("button", { name: "Fetch", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

test("prices of symbols of one's own are fetched by way of the dialog", async () => {
  const { page, problems, close } = await visit(browser, stage.at("/backtests"));
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await page.getByRole("region", { name: "Coverage by symbol" }).waitFor();
  await fetchPrices(page, SYMBOLS);
  await page.getByText("3 of 3 symbols came through.").waitFor({ timeout: 60_000 });
  await page.getByLabel("Symbol", { exact: true }).fill("tsla");

  const row = page.getByRole("row").filter({ has: page.getByRole("button", { name: "TSLA", exact: true }) });
  expect(await row.textContent()).toContain("Tiingo");
  expect(await row.textContent()).toContain("100.0%");
  expect(problems).toEqual([]);
  await close();
});

test("an ingest with one failing symbol, one revision and one quarantined row is shown as it goes", async () => {
  const { providers } = stage;
  const start = providers.days.TSLA!.at(-1);
  const input = { strategy: "equal_weight", symbols: ["TSLA", "NVDA"], benchmark: "TSLA", name: RUN_NAME };
  await stage.perform(RUN, { ...input, start, currency: "USD" });
  await providers.tell({ symbol: "TSLA", back: 2, times: 1.002 });
  await providers.tell({ symbol: "NVDA", back: 1, close: 1_000_000 });
  await providers.tell({ delay: 1.5 });

  const { page, problems, close } = await visit(browser, stage.at("/data"));
  await page.getByRole("region", { name: "Coverage by symbol" }).waitFor();
  await fetchPrices(page, [...SYMBOLS, "GONE"], { force: true });

  const progress = page.getByRole("region", { name: "Progress" });
  await progress.getByText(/^\S+, \d of 4$/).waitFor();
  await progress.getByRole("progressbar", { name: "Progress of the ingest" }).waitFor();
  await progress.getByRole("button", { name: "Cancel ingest" }).waitFor();
  await shoot(page, "data-during");

  const report = page.getByRole("region", { name: "Last ingest" });
  await report.getByText("3 of 4 symbols came through; 1 failed.").waitFor({ timeout: 60_000 });
  const failed = report.getByRole("row").filter({ hasText: "GONE" });
  expect(await failed.textContent()).toMatch(/Unknown symbol.*will not help/);
  expect(await report.locator("[data-figure=Revised] dd").first().textContent()).toBe("1 row");
  expect(await report.locator("[data-figure=Quarantined] dd").first().textContent()).toBe("1 row");

  const refused = page.getByRole("region", { name: "Quarantined rows" }).getByRole("row").filter({ hasText: "NVDA" });
  await refused.waitFor();
  expect(await refused.textContent()).toContain("1000000");
  expect(await refused.textContent()).toMatch(/high is not the highest|slipped|jumps|cents/);

  const { priceRevisions } = await stage.ask<{ priceRevisions: { nodes: PriceChange[] } }>(
    '{ priceRevisions(symbol: "TSLA") { nodes { date before { close } after { close } } } }',
  );
  const [revision] = priceRevisions.nodes;
  expect(priceRevisions.nodes.length).toBe(1);
  expect(revision!.date).toBe(providers.days.TSLA![2]);
  const revised = page.getByRole("region", { name: "Revisions" }).getByRole("row").filter({ hasText: "TSLA" });
  expect(await revised.textContent()).toContain(`Close ${revision!.before.close} → ${revision!.after.close}`);
  await shoot(page, "data");
  await revised.getByRole("link", { name: RUN_NAME }).click();
  await page.getByRole("heading", { name: RUN_NAME }).waitFor();

  expect(problems).toEqual([]);
  await close();
});

test("a price is put right by hand, and what is wrong is told at its field", async () => {
  const { page, problems, close } = await visit(browser, stage.at("/data"));
  await page.getByRole("button", { name: /^Correct TSLA/ }).click();
  const dialog = page.getByRole("dialog", { name: "Correct a price" });
  await dialog.getByText("An empty field stays as it is stored.").waitFor();
  await dialog.getByRole("button", { name: "Correct", exact: true }).click();
  await dialog.getByText("Enter at least one value").waitFor();
  await dialog.getByText("Say why: it is kept with the correction").waitFor();
  const stored = Number(await dialog.getByLabel("Close", { exact: true }).getAttribute("placeholder"));
  await dialog.getByLabel("Close", { exact: true }).fill(String(stored - 0.01));
  await dialog.getByLabel("Adjusted close").fill("5");
  await dialog.getByLabel("Reason").fill("read off the tape");
  await dialog.getByRole("button", { name: "Correct", exact: true }).click();
  await dialog.locator("[data-path=adjustedClose][aria-invalid=true]").waitFor();
  await dialog.getByLabel("Adjusted close").fill("");
  await dialog.getByRole("button", { name: "Correct", exact: true }).click();
  await dialog.waitFor({ state: "detached" });

  const newest = page.getByRole("region", { name: "Revisions" }).getByRole("row").nth(1);
  await newest.filter({ hasText: "Read off the tape." }).waitFor();
  expect(problems).toEqual([]);
  await close();
});

test("a cancelled ingest keeps what it had", async () => {
  await stage.providers.tell({ delay: 1.5 });
  const { page, problems, close } = await visit(browser, stage.at("/data"));
  await page.getByRole("region", { name: "Coverage by symbol" }).waitFor();
  await fetchPrices(page, SYMBOLS, { force: true });
  await page.getByRole("button", { name: "Cancel ingest" }).click();
  await page.getByRole("heading", { name: "The last ingest was cancelled" }).waitFor({ timeout: 60_000 });

  expect(problems).toEqual([]);
  await close();
});

test("by keyboard: a row opens, the dialog keeps the focus and gives it back", async () => {
  const { page, problems, close } = await visit(browser, stage.at("/data?universe=SAMPLE_OHLCV"));
  const first = page.getByRole("region", { name: "Coverage by symbol" }).getByRole("button", { expanded: false });
  await first.first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Correct a price" }).first().waitFor();
  const opener = page.getByRole("button", { name: "Fetch prices" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  const held = () =>
    page.evaluate(() => document.activeElement === document.body || document.activeElement!.closest("dialog") !== null);
  for (let press = 0; press < 12; press += 1) {
    await page.keyboard.press("Tab");
    expect(await held()).toBe(true);
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await opener.evaluate((button) => button === document.activeElement)).toBe(true);

  expect(problems).toEqual([]);
  await close();
});

test("five hundred symbols are filtered and sorted on the page", async () => {
  const { page, problems, close } = await visit(browser, stage.at("/data?universe=SAMPLE_OHLCV"));
  await page.getByText("1–25 of 524").waitFor();
  await page.getByLabel("Show").selectOption("gaps");
  await page.getByRole("button", { name: "Missing", exact: true }).click();
  await page
    .getByRole("columnheader", { name: /^Missing/ })
    .and(page.locator("[aria-sort=descending]"))
    .waitFor();
  await page.getByLabel("Symbol", { exact: true }).fill("nothing is called this");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("1–25 of 524").waitFor();
  await page.getByRole("button", { name: "Next" }).first().click();
  await page.getByText("26–50 of 524").waitFor();

  expect(problems).toEqual([]);
  await close();
});

test.each(["light", "dark"] as const)("on a phone nothing sticks out of the data page, %s", async (colorScheme) => {
  const { page, problems, close } = await visit(browser, stage.at("/data"), { ...PHONE, colorScheme });
  await page.locator("main [aria-busy=true]").first().waitFor({ state: "detached" });
  await page.waitForLoadState("networkidle");
  expect(await overflow(page)).toBe(0);
  await page.getByRole("button", { name: "Fetch prices" }).first().click();
  expect(await overflow(page)).toBe(0);
  await page.getByRole("button", { name: "Close the dialog" }).click();
  await shoot(page, `phone-data-${colorScheme}`);
  expect(problems).toEqual([]);
  await close();
});
