import { expect, test } from "vitest";
import { partsOf } from "./parts";

// Golden G1.2b: 100 shares, US$50 to 52, AUDUSD 0.66 to 0.64, and a dividend and costs beside.
const BOOKS = {
  currency: "AUD",
  assetGain: "303.03",
  currencyGain: "236.74",
  interactionGain: "9.47",
  costs: "6.00",
  dividends: "10.00",
  totalValue: "100553.24",
  netDeposits: "100000.00",
  missingPrices: [],
};

test("the parts add up to the gain, costs below zero", () => {
  const { parts, total } = partsOf(BOOKS);

  expect(parts.map(({ amount }) => amount)).toEqual([303.03, 236.74, 9.47, 10, -6]);
  expect(total).toBeCloseTo(553.24, 9);
});

test("in another currency the cash itself gains or loses", () => {
  const { parts, total } = partsOf({ ...BOOKS, currency: "USD", totalValue: "64354.07", netDeposits: "66000.00" });

  expect(total).toBeCloseTo(-1645.93, 9);
  expect(parts.at(-1)).toMatchObject({ label: "Cash" });
  expect(parts.at(-1)!.amount).toBeCloseTo(-1645.93 - 553.24, 9);
});

test("a missing price is not told as a loss of cash", () => {
  const { parts } = partsOf({ ...BOOKS, currency: "USD", missingPrices: ["XYZ"] });

  expect(parts.map(({ label }) => label)).not.toContain("Cash");
});
