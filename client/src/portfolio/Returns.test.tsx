import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { PortfolioQuery } from "../graphql/generated";
import { Returns } from "./Returns";

const books = (missingPrices: string[]) =>
  ({
    currency: "AUD",
    validAt: "2022-12-28",
    totalValue: "47810.92",
    netDeposits: "50000",
    cash: "45511.85",
    invested: "2299.08",
    realisedPnl: "803.08",
    unrealisedPnl: "-1273.44",
    dividends: "0",
    timeWeightedReturn: null,
    moneyWeightedReturn: null,
    metrics: null,
    missingPrices,
  }) as unknown as PortfolioQuery["portfolio"];

test("the gain is value less what was paid in", () => {
  render(<Returns portfolio={books([])} />);
  expect(screen.getByText("−2,189.08 AUD")).toBeDefined();
});

test("a holding without a price makes the gain unknown, not a loss of all that was paid for it", () => {
  render(<Returns portfolio={books(["NVDA"])} />);
  expect(screen.queryByText("−2,189.08 AUD")).toBeNull();
  expect(screen.getByText("a holding has no price or no rate")).toBeDefined();
});
