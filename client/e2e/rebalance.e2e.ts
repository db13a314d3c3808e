import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, overflow, PHONE, shoot, visit } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** Ask for a plan of two shares on the sample's last day, with a capital of one's own or without. */
async function askForPlan(page: Page, capital: string) {
  await page.getByRole("radio", { name: "A strategy, now" }).check();
  await page.getByLabel("Strategy", { exact: true }).selectOption({ label: "Equal weight" });
  await page.getByRole("radio", { name: "Own symbols" }).check();
  for (const symbol of ["AAPL", "XOM"]) {
    await page.getByRole("combobox", { name: "Symbols" }).fill(symbol);
    await page.keyboard.press("Enter");
  }
  await page.getByLabel("As of").fill("2022-12-28");
  await page.getByLabel("Capital").fill(capital);
  await page.getByRole("button", { name: "Plan orders" }).click();
}

test("a strategy's orders are planned by a job and handed to the broker", async () => {
  const { page, problems, close } = await visit(browser, "/rebalance");
  await askForPlan(page, "10000");
  await page.getByRole("heading", { name: "Orders as of 28 Dec 2022" }).waitFor({ timeout: 60_000 });

  // Half of 10,000 each, at US$125.674 and US$106.627 and 0.6753 US dollars for an Australian one.
  const shares = async (symbol: string) =>
    await page
      .getByRole("row", { name: new RegExp(`^${symbol}`) })
      .getByRole("cell")
      .nth(1)
      .textContent();
  expect([await shares("AAPL"), await shares("XOM")]).toEqual(["26", "31"]);

  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV for the broker" }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe("orders-2022-12-28.csv");
  const rows = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
  expect(rows.slice(1).map((row) => row.split(",").slice(0, 3).join(" "))).toEqual(["XOM BUY 31", "AAPL BUY 26"]);
  await shoot(page, "rebalance");
  expect(problems).toEqual([]);
  await close();
});

test("a plan without books fails as a job, and can be tried again from the list", async () => {
  const { page, problems, close } = await visit(browser, "/rebalance", PHONE);
  await askForPlan(page, "");
  await page.getByText("This plan could not be made").waitFor({ timeout: 60_000 });
  await page.getByText(/Cash and holdings come to A\$0\.00; record the deposits/).waitFor();
  expect(await overflow(page)).toBe(0);

  await page.goto(new URL("/jobs?kind=PLAN", page.url()).href);
  const failed = page.getByRole("row").filter({ hasText: "Failed" });
  await failed.getByText("Missing data").click();
  await failed.getByText(/record the deposits/).waitFor();
  await failed.getByRole("button", { name: /Try again/ }).click();
  // The new one goes the same way, and the old one stays as it ended.
  await failed.nth(1).waitFor({ timeout: 60_000 });

  expect(await overflow(page)).toBe(0);
  await shoot(page, "jobs-phone");
  expect(problems).toEqual([]);
  await close();
});
