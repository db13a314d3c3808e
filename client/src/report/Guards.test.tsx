import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { GuardsPartFragment } from "../graphql/generated";
import { Guards } from "./Guards";

const run = (verdict: string, smallestViableCapital: string): GuardsPartFragment => ({
  diagnostics: { smallest_viable_capital: { verdict } },
  guards: {
    lookaheadFree: true,
    lookaheadDetail: null,
    survivorshipGapCagr: null,
    smallestViableCapital,
    fillsOnRealBars: true,
    missingData: [],
    flags: [],
  },
});

const told = () => screen.getByText("Smallest viable capital").parentElement?.querySelector("p")?.textContent;

test.each([
  ["always", "1000", "1,000 USD, the least capital tried, already keeps up with the benchmark."],
  ["number", "25000", "Below 25,000 USD, costs and whole shares leave the run behind its benchmark."],
])("of less than was tried nothing is said (%s)", (verdict, capital, words) => {
  render(<Guards run={run(verdict, capital)} currency="USD" />);

  expect(told()?.replaceAll("\u00a0", " ")).toBe(words);
});
