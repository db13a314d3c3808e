import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphql, launch, overflow, PHONE, shoot, visit } from "./browser";

const RUN = `mutation ($input: RunBacktestInput!) {
  runBacktest(input: $input) { backtest { id } userErrors { message } }
}`;

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const numbers = (cells: string[]) => cells.map((cell) => Number(cell.replace("%", "")));

test("the regimes of the sample are computed by themselves and shown as they were known", async () => {
  const { page, problems, close } = await visit(browser, "/regimes");
  // A fresh server computes them; the page waits for that.
  await page.getByRole("heading", { name: "Probabilities over time" }).waitFor({ timeout: 90_000 });

  await page.getByText("The last close of ^GSPC is").waitFor();
  const rows = page.getByRole("region", { name: "Transition matrix" }).locator("tbody tr");
  for (const row of await rows.all()) {
    const [stay, leave] = numbers((await row.locator("td").allTextContents()).slice(0, 2));
    expect(stay! + leave!).toBeCloseTo(100, 0);
  }
  const suggested = page.getByRole("region", { name: "Suggested allocation and what it is based on" });
  const shares = await suggested.locator("tbody tr td:last-child strong").allTextContents();
  expect(numbers(shares).reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);

  // The crash of March 2020, from what was known on the 20th.
  await page.getByLabel("As known on").fill("2020-03-20");
  await page.getByText("20 Mar 2020").first().waitFor();
  expect(await page.locator("[aria-label='Current state'] dd").first().textContent()).toBe("Stress");
  expect(page.url()).toContain("known=2020-03-20");
  await shoot(page, "regimes");

  await page.getByLabel("As known on").fill("1990-06-01");
  await page.getByRole("button", { name: "Show what is known now" }).click();
  await page.getByText("28 Dec 2022").first().waitFor();
  expect(problems).toEqual([]);
  await close();
});

test("the page fits a phone", async () => {
  const { page, problems, close } = await visit(browser, "/regimes", PHONE);
  await page.getByRole("heading", { name: "Suggested allocation" }).waitFor({ timeout: 90_000 });
  expect(await overflow(page)).toBe(0);
  expect(problems).toEqual([]);
  await close();
});

test("a run's page shows its crises, shocks and regimes", async () => {
  const input = {
    strategy: "equal_weight",
    symbols: ["AAPL", "JNJ"],
    start: "2019-01-02",
    end: "2022-06-30",
    currency: "AUD",
  };
  const { runBacktest } = await graphql<{ runBacktest: { backtest: { id: string } } }>(RUN, { input });
  const { page, problems, close } = await visit(browser, `/backtests/${runBacktest.backtest.id}`);

  const crises = page.getByLabel("Crises", { exact: true }).and(page.locator("[tabindex]"));
  await crises.waitFor({ timeout: 90_000 });
  expect(await crises.locator("[data-scenario]").count()).toBe(2);
  const covid = await crises.locator("[data-scenario='covid'] td").allTextContents();
  expect(covid.slice(-2)).toEqual(["19 Feb 2020", "23 Mar 2020"]);
  expect(covid[0]).toMatch(/^−\d+\.\d%$/);
  await page.getByText("Not covered whole by the run").waitFor();
  await page.getByText("Shares fall by 30 %").waitFor();
  await page
    .getByRole("region", { name: "By regime of ^GSPC" })
    .getByRole("row", { name: /^Stress/ })
    .waitFor();
  expect(problems).toEqual([]);
  await close();
});
