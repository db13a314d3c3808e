import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { graphql, launch, visit } from "./browser";
import { INGEST, RUN as RUN_ON_STAGE, startStage, SYMBOLS } from "./stage";

const FOLDER = resolve(import.meta.dirname, "../../docs/pictures");
const WINDOW: BrowserContextOptions = { viewport: { width: 1200, height: 760 } };
const PHONE: BrowserContextOptions = { viewport: { width: 375, height: 760 }, isMobile: true, hasTouch: true };

const RUN = `mutation Run($input: RunBacktestInput!) { runBacktest(input: $input) { backtest { id } userErrors { message } } }`;
const STATUS = `query Status($id: ID!) { backtest(id: $id) { job { status } } }`;
const WISHES = [
  { strategy: "equal_weight", name: "Equal weight, the yardstick" },
  { strategy: "hrp", name: "Hierarchical risk parity" },
  { strategy: "dual_momentum", parameters: { top_n: 3 }, name: "Dual momentum, three names" },
  { strategy: "momentum", parameters: { top_n: 5 }, name: "Momentum, five strongest" },
];

let browser: Browser;
let newest = "";

beforeAll(async () => {
  browser = await launch();
  await mkdir(FOLDER, { recursive: true });
  for (const wish of WISHES) newest = await finished(wish);
});
afterAll(() => browser?.close());

async function finished(wish: (typeof WISHES)[number]): Promise<string> {
  const input = { universe: "SAMPLE_US", start: "2000-01-10", currency: "AUD", ...wish };
  const { runBacktest } = await graphql<{ runBacktest: { backtest: { id: string }; userErrors: unknown[] } }>(RUN, {
    input,
  });
  expect(runBacktest.userErrors).toEqual([]);
  const { id } = runBacktest.backtest;
  const succeeded = async () => {
    const { backtest } = await graphql<{ backtest: { job: { status: string } } }>(STATUS, { id });
    expect(backtest.job.status).toBe("SUCCEEDED");
  };
  await vi.waitFor(succeeded, { timeout: 90_000, interval: 200 });
  return id;
}

test.each([
  ["backtest", (): string => `/backtests/${newest}`, { ...WINDOW, viewport: { width: 1200, height: 980 } }],
  ["backtest-dark", (): string => `/backtests/${newest}`, { ...WINDOW, colorScheme: "dark" }],
  ["backtests", (): string => "/backtests", WINDOW],
  ["new", (): string => "/backtests/new", { ...WINDOW, viewport: { width: 1200, height: 980 } }],
  ["playground", (): string => "/playground", WINDOW],
  ["phone", (): string => `/backtests/${newest}`, { ...PHONE, colorScheme: "dark" }],
] as const)("picture of the %s", async (name, path, options) => {
  const { page, problems, close } = await visit(browser, path(), options);
  await page.waitForLoadState("networkidle");
  if (name === "playground") {
    await page.locator(".graphiql-query-editor .view-line", { hasText: "runBacktest(" }).waitFor();
    await page.getByRole("button", { name: /Execute query/ }).click();
    await page.locator(".graphiql-response .view-line", { hasText: "backtest_" }).waitFor();
  }
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  expect(problems).toEqual([]);
  await close();
});

test("picture of the data, during an ingest that meets a correction and a spoilt row", async () => {
  const stage = await startStage();
  const { providers } = stage;
  try {
    await stage.perform(INGEST, { symbols: SYMBOLS });
    const wish = { strategy: "equal_weight", symbols: ["TSLA", "NVDA"], benchmark: "TSLA", currency: "USD" };
    await stage.perform(RUN_ON_STAGE, { ...wish, name: "Two shares, equally", start: providers.days.TSLA!.at(-1) });
    await stage.ask(LIST, { input: { key: "MINE", name: "My three shares", symbols: SYMBOLS } });
    await providers.tell({ symbol: "TSLA", back: 2, times: 1.002 });
    await providers.tell({ symbol: "NVDA", back: 1, close: 1_000 });
    await stage.perform(INGEST, { symbols: [...SYMBOLS, "GONE"], force: true });
    await providers.tell({ delay: 4 });
    await stage.ask(INGEST, { input: { symbols: SYMBOLS, force: true } });
    const { page, problems, close } = await visit(browser, stage.at("/data?universe=MINE"), {
      viewport: { width: 1200, height: 1560 },
    });
    // While it runs the page asks how far it is: the network is never idle.
    await page.getByRole("region", { name: "Revisions" }).getByRole("link").waitFor();
    await page.getByRole("rowheader", { name: "NVDA" }).last().waitFor();
    await page.getByText(/^\S+, [12] of 3$/).waitFor();
    await page.screenshot({ path: join(FOLDER, "data.png") });
    expect(problems).toEqual([]);
    await close();
  } finally {
    await stage.stop();
  }
});

const LIST = `mutation List($input: SaveUniverseInput!) { saveUniverse(input: $input) { userErrors { message } } }`;
