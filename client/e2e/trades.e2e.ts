import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launch, overflow, PHONE, shoot, visit } from "./browser";

let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const row = (page: Page, reference: string) => page.getByRole("row").filter({ hasText: reference });

/** Answer the dialog that is open, and wait until it is gone. */
async function send(page: Page, button: string) {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: button, exact: true }).click();
  await dialog.waitFor({ state: "detached" });
}

test("a trade is written down, put right, left in part, and keeps every version of itself", async () => {
  const { page, problems, close } = await visit(browser, "/trades");
  await page.getByRole("button", { name: "New trade" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Write it down" }).click();
  await dialog.getByText("Name the symbol").waitFor();
  await dialog.getByLabel("Symbol").fill("aapl");
  await dialog.getByLabel("Entered at").fill("2022-11-16T15:30");
  await dialog.getByLabel("Quantity").fill("100");
  await dialog.getByLabel("Price", { exact: true }).fill("148.97");
  await dialog.getByLabel("Reference").fill("A-1");
  await send(page, "Write it down");
  // Its last bar of the sample is US$125.674 on 28 December: 23.296 lost on each share, and 3 of commission.
  await row(page, "A-1").getByText("−2,332.60").waitFor();

  await page.getByRole("button", { name: "AAPL" }).click();
  await page.getByRole("button", { name: "Correct" }).click();
  await dialog.getByLabel("Entry price").fill("150");
  await dialog.getByRole("button", { name: "Correct it" }).click();
  await dialog.getByText("Say why: it is kept with the version").waitFor();
  await dialog.getByLabel("Reason").fill("the broker's note says so");
  await send(page, "Correct it");
  await row(page, "A-1").getByText("150.00").waitFor();

  await page.getByRole("button", { name: "AAPL" }).click();
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await dialog.getByLabel("Left at").fill("2022-12-01T15:30");
  await dialog.getByLabel("Price", { exact: true }).fill("148");
  await dialog.getByLabel("Quantity").fill("40");
  await send(page, "Close it");
  // 2 lost on each of 40 shares, 3 of its own commission and 1.20 of the entry's.
  await row(page, "A-1/2").getByText("−84.20").waitFor();
  await row(page, "A-1/2").getByText("Closed").waitFor();

  await page
    .getByRole("row", { name: /A-1(?!\/)/ })
    .getByRole("button")
    .click();
  const versions = dialog.getByRole("region", { name: "Versions" }).getByRole("listitem");
  await versions.getByText("the broker's note says so").waitFor();
  await versions.getByText("closed in part").waitFor();
  await versions.getByText("opened").waitFor();
  await shoot(page, "trades-versions", { fullPage: false });
  expect(problems).toEqual([]);
  await close();
});

test("a file is shown before it is written, and money is recorded", async () => {
  const { page, problems, close } = await visit(browser, "/trades");
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog");
  const file = [
    "reference,symbol,side,quantity,entry_price,entry_at",
    "B-1,BHP.AX,BUY,100,45.20,2022-01-10",
    "B-2,BHP.AX,HOLD,1,45.20,2022-01-10",
  ].join("\n");
  await dialog.getByLabel("Or its text").fill(file);
  await dialog.getByRole("button", { name: "Preview" }).click();
  await dialog.getByText("1 new trade, 0 already there, 1 not taken").waitFor();
  await dialog.getByText("side was 'HOLD'; write BUY or SELL").waitFor();
  await shoot(page, "trades-import", { fullPage: false });
  await send(page, "Write 1 trade");
  // Nobody has ingested it: it has no price, and no profit of zero.
  await row(page, "B-1").getByText("no price known").waitFor();

  await page.getByRole("button", { name: "Record money" }).click();
  await dialog.getByLabel("Day").fill("2022-01-04");
  await dialog.getByLabel("Amount").fill("50000");
  await dialog.getByLabel("What it was").fill("Opening deposit");
  await send(page, "Record it");
  await page.getByRole("radio", { name: "Cash" }).check();
  await page.getByRole("row").filter({ hasText: "Opening deposit" }).getByText("50,000.00").waitFor();
  expect(problems).toEqual([]);
  await close();
});

test("on a phone the list is narrowed and nothing runs over the side", async () => {
  const { page, problems, close } = await visit(browser, "/trades?status=OPEN", PHONE);
  await page.getByRole("button", { name: "BHP.AX" }).waitFor();
  expect(await overflow(page)).toBe(0);
  await page.getByLabel("Symbol").fill("aapl");
  await page.getByRole("button", { name: "BHP.AX" }).waitFor({ state: "detached" });
  expect(new URL(page.url()).search).toContain("symbol=AAPL");
  await shoot(page, "trades-phone");
  await page.goto(new URL("/trades?at=2020-01-01", page.url()).href);
  await page.getByText("Nothing matches").waitFor();
  expect(problems).toEqual([]);
  await close();
});
