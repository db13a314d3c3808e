import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphql, launch, overflow, PHONE, shoot, visit } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

type Funnel = { scan: { hitCount: number; funnel: { entered: number; passed: number }[]; hits: { symbol: string }[] } };
const FUNNEL = `query Found($id: ID!) {
  scan(id: $id) { hitCount funnel { entered passed } hits { symbol } }
}`;

test("a breakout scan of real bars shows its funnel, its hits and their reasons", async () => {
  const { page, problems, close } = await visit(browser, "/scanner");
  await page.getByText("No scans yet").waitFor();
  await page.getByText("Rules", { exact: true }).click();
  await page.getByLabel("Return, 63 sessions").fill("0.15");
  await page.getByLabel("Narrowing range").uncheck();
  await page.getByRole("button", { name: "Scan", exact: true }).click();
  await page.getByRole("heading", { name: "Funnel" }).waitFor({ timeout: 60_000 });

  const id = new URL(page.url()).searchParams.get("scan")!;
  const { scan } = await graphql<Funnel>(FUNNEL, { id });
  expect(scan.funnel[0]!.entered).toBe(524);
  await page.getByRole("heading", { name: `${scan.hitCount} of 524 passed every rule` }).waitFor();
  const best = scan.hits[0]!.symbol;
  await page.getByRole("button", { name: `Reasons for ${best}` }).click();
  await page.getByRole("heading", { name: "Rules passed" }).waitFor();
  await page.getByText(/Suggested: buy/).waitFor();
  await shoot(page, "scanner");

  await page.getByRole("button", { name: "Scan", exact: true }).click();
  await page.getByRole("heading", { name: "Already scanned" }).waitFor();
  await page.getByRole("link", { name: /Backtest these from/ }).click();
  await page.getByRole("radio", { name: /Equal weight/ }).waitFor();
  expect(await page.getByRole("button", { name: /^Remove / }).count()).toBe(scan.hits.length);
  expect(await page.getByLabel("Start", { exact: true }).inputValue()).toBe("2010-08-20");
  await page.goBack();
  await page.getByRole("link", { name: "Backtest the rules" }).click();
  await page.getByRole("radio", { name: /^Screen/, checked: true }).waitFor();
  expect(await page.getByLabel("Scanner", { exact: true }).inputValue()).toBe("quallamaggie");
  expect(await page.locator("[data-path=universe]").inputValue()).toBe("SAMPLE_OHLCV");
  expect(problems).toEqual([]);
  await close();
});

test("where a source has closes only, the page says which rule nobody could answer", async () => {
  const { page, problems, close } = await visit(browser, "/scanner", PHONE);
  await page.locator("[data-path=universe]").selectOption("SAMPLE_US");
  await page.getByRole("button", { name: "Scan", exact: true }).click();
  await page.getByRole("heading", { name: "Nobody passed every rule" }).waitFor({ timeout: 60_000 });

  await page.getByText(/20 could not be judged/).waitFor();
  expect(await overflow(page)).toBeLessThanOrEqual(0);
  await shoot(page, "scanner-phone");
  expect(problems).toEqual([]);
  await close();
});

test("two runs are chosen in the list and compared", async () => {
  const run = `mutation Run($key: String!) {
    runBacktest(input: { strategy: $key, universe: "SAMPLE_US", start: "2019-01-02", currency: USD }) {
      backtest { id } userErrors { message }
    }
  }`;
  for (const key of ["equal_weight", "momentum"]) await graphql(run, { key });
  const { page, problems, close } = await visit(browser, "/backtests");
  const boxes = page.getByRole("checkbox", { name: /^Compare / });
  await boxes.nth(1).waitFor({ timeout: 90_000 });
  await boxes.nth(0).check();
  await page.getByText("Tick one more to compare").waitFor();
  await boxes.nth(1).check();
  await page.getByRole("link", { name: "Compare 2" }).click();

  await page.getByRole("heading", { name: "Equity from 100" }).waitFor();
  await page.getByRole("region", { name: "Correlation" }).getByText("1.00").first().waitFor();
  await page.getByRole("region", { name: "Figures" }).getByText("Max drawdown").waitFor();
  await shoot(page, "compare");
  expect(problems).toEqual([]);
  const phone = await visit(browser, new URL(page.url()).pathname + new URL(page.url()).search, PHONE);
  await phone.page.getByRole("heading", { name: "Correlation" }).waitFor();
  expect(await overflow(phone.page)).toBeLessThanOrEqual(0);
  await shoot(phone.page, "compare-phone");
  await phone.close();
  await close();
});
