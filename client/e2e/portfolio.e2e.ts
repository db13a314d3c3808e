import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphql, launch, overflow, PHONE, shoot, visit } from "./browser";
import { serve } from "./server";

const FLOW = `mutation Flow($input: RecordCashFlowInput!) {
  recordCashFlow(input: $input) { userErrors { message } }
}`;
const OPEN = `mutation Open($input: OpenTradeInput!) { openTrade(input: $input) { userErrors { message } } }`;
const BOUGHT = { symbol: "AAPL", side: "BUY", quantity: "100", entryPrice: "150.00", currency: "USD" };

let browser: Browser;
let own: Awaited<ReturnType<typeof serve>>;
const at = (path: string) => `${own.address}${path}`;

// Books of its own: what other files record must not show in them.
beforeAll(async () => {
  [browser, own] = await Promise.all([launch(), serve()]);
});
afterAll(async () => {
  await browser?.close();
  await own?.stop();
});

async function record(document: string, input: Record<string, unknown>) {
  const answer = await graphql<Record<string, { userErrors: unknown[] }>>(document, { input }, own.address);
  expect(Object.values(answer)[0]!.userErrors).toEqual([]);
}

test("empty books say where to begin, and the navigation leads on", async () => {
  const { page, problems, close } = await visit(browser, at("/"));
  await page.getByRole("heading", { name: "Your books are empty" }).waitFor();
  await page.getByRole("link", { name: "Record a deposit" }).waitFor();
  await page.getByRole("link", { name: "Run your first backtest" }).waitFor();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Portfolio" }).click();
  await page.getByRole("heading", { name: "Begin with what you have" }).waitFor();

  expect(await page.locator("[aria-current=page]").textContent()).toBe("Portfolio");
  expect(problems).toEqual([]);
  await close();
});

test("a deposit and a purchase are worth what the API says, on any day", async () => {
  await record(FLOW, { date: "2022-01-03", amount: "50000", reason: "savings" });
  await record(OPEN, { ...BOUGHT, entryAt: "2022-06-01T15:00:00Z" });
  const { portfolio } = await graphql<{ portfolio: { totalValue: string } }>(
    `
      {
        portfolio(validAt: "2022-12-28") {
          totalValue
        }
      }
    `,
    {},
    own.address,
  );
  const value = `${Number(portfolio.totalValue).toLocaleString("en-AU", { minimumFractionDigits: 2 })} AUD`;

  const { page, problems, close } = await visit(browser, at("/portfolio?on=2022-12-28"));
  await page.getByRole("region", { name: "Key figures" }).getByText(value).waitFor();
  await page.getByRole("list", { name: "Share of each holding" }).getByText("AAPL").waitFor();
  await page.getByRole("region", { name: "Positions" }).getByRole("rowheader", { name: "AAPL" }).waitFor();
  await page.getByLabel("At the end of").fill("2022-05-31");
  await page.getByRole("heading", { name: "Nothing is held" }).waitFor();
  await page.getByRole("radio", { name: "USD" }).click();
  await page.getByText(/USD paid in/).waitFor();

  expect(new URL(page.url()).search).toBe("?on=2022-05-31&currency=USD");
  await shoot(page, "portfolio");
  expect(problems).toEqual([]);
  await close();
});

test("the dashboard shows them, and says that their prices are old", async () => {
  const { page, problems, close } = await visit(browser, at("/"));
  await page.getByRole("heading", { name: "Nothing held has a price after 28 Dec 2022" }).waitFor();
  await page.getByRole("region", { name: "Key figures" }).getByText("28 Dec 2022").waitFor();
  await page.getByRole("region", { name: "Recent trades" }).getByRole("rowheader", { name: /AAPL/ }).waitFor();
  await page.getByRole("group", { name: /^Value of the account/ }).waitFor();
  await page.getByRole("radio", { name: "5Y" }).click();
  await page.getByText("Same money in ^GSPC").waitFor();

  await shoot(page, "dashboard");
  expect(problems).toEqual([]);
  await close();
});

test.each(["/", "/portfolio?on=2022-12-28"])("on a phone %s fits, and the menu is a drawer", async (path) => {
  const { page, problems, close } = await visit(browser, at(path), PHONE);
  await page.getByRole("region", { name: "Key figures" }).waitFor();
  await page.waitForLoadState("networkidle");
  expect(await overflow(page)).toBe(0);

  const menu = page.getByRole("button", { name: "Menu", exact: true });
  await menu.click();
  await page.getByRole("dialog", { name: "Menu" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await menu.evaluate((button) => button === document.activeElement)).toBe(true);
  await menu.click();
  await page.getByRole("dialog").getByRole("link", { name: "Data" }).click();
  await page.getByRole("heading", { name: "Data", exact: true }).waitFor();

  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(problems).toEqual([]);
  await close();
});
