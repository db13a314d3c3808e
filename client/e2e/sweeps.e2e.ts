import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { graphql, launch, overflow, PHONE, shoot, visit } from "./browser";

let browser: Browser;
let sweepPath = "";

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

type Found = { sweep: { trials: { totalCount: number }; overfitting: { pbo: number } } };
const FOUND = `query Found($id: ID!) { sweep(id: $id) { trials { totalCount } overfitting { pbo } } }`;

test("a sweep from the form becomes a surface, and a cell a backtest", async () => {
  const { page, problems, close } = await visit(browser, "/sweeps");
  await page.getByText("No sweeps yet").waitFor();
  await page.getByRole("link", { name: "Run your first sweep" }).click();
  await page.getByText(/AUD prices from/).waitFor();
  await page.getByRole("button", { name: "Run sweep" }).click();
  await page.getByText("Vary at least one parameter").waitFor();
  await page.getByRole("button", { name: "Vary a parameter" }).click();
  await page.getByLabel("Values").fill("63 to 189 by 63");
  await page.getByRole("button", { name: "Vary another parameter" }).click();
  await page.getByLabel("Vary", { exact: true }).nth(1).selectOption("top_n");
  await page.getByLabel("Values").nth(1).fill("2, 4, 8");
  await page.getByText("9 combinations").waitFor();
  await page.getByRole("button", { name: "Run sweep" }).click();
  await page.getByRole("heading", { name: "How far to believe it" }).waitFor({ timeout: 90_000 });

  sweepPath = new URL(page.url()).pathname;
  const { sweep } = await graphql<Found>(FOUND, { id: sweepPath.split("/").at(-1) });
  expect(sweep.trials.totalCount).toBe(9);
  await page.getByText("1–9 of 9").waitFor();
  const surface = page.getByRole("region", { name: "Surface" }).last();
  expect(await surface.getByRole("button").count()).toBe(9);
  await page.getByRole("radio", { name: "Neighbours" }).check();
  await surface.getByRole("button").first().click();
  await page.getByText(/neighbours .* on average/).waitFor();
  await shoot(page, "sweep");
  await page.getByRole("button", { name: "Open as a backtest", exact: true }).last().click();
  await page.getByRole("region", { name: "Key figures" }).waitFor({ timeout: 90_000 });
  await page.goto(new URL(sweepPath, page.url()).href);
  await page.getByRole("link", { name: "Open", exact: true }).waitFor();
  expect(problems).toEqual([]);
  await close();
});

test("a walk-forward shows its windows and its curve out of sample", async () => {
  const { page, problems, close } = await visit(browser, "/backtests/new?search=walk");
  await page.getByText(/AUD prices from/).waitFor();
  await page.getByRole("button", { name: "Vary a parameter" }).click();
  await page.getByLabel("Values").fill("63, 126");
  await page.getByRole("button", { name: "Run walk-forward" }).click();
  await page.getByRole("heading", { name: "Windows" }).waitFor({ timeout: 90_000 });

  await page.locator("canvas").first().waitFor();
  await page
    .getByRole("cell", { name: "lookback 63" })
    .or(page.getByRole("cell", { name: "lookback 126" }))
    .first()
    .waitFor();
  await page.getByRole("link", { name: "Sweeps", exact: true }).first().click();
  await page.getByRole("region", { name: "Walk-forwards" }).last().waitFor();
  expect(problems).toEqual([]);
  await close();
});

test("a phone shows a sweep without scrolling sideways", async () => {
  const { page, problems, close } = await visit(browser, sweepPath, PHONE);
  await page.getByText("1–9 of 9").waitFor();

  expect(await overflow(page)).toBe(0);
  expect(problems).toEqual([]);
  await close();
});
