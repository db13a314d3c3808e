import { expect, test } from "vitest";
import { flagWords, reasonWords, verdictWords } from "./flags";

test("what is said of missing dividends holds for a run that lacks those of some shares", () => {
  const said = ["no_corporate_actions", "benchmark_without_dividends"].map((flag) => flagWords(flag)?.detail);

  expect(said).toEqual([
    expect.stringMatching(/^Some prices .* returns on them /),
    expect.stringMatching(/; where the /),
  ]);
});

test("codes read as words, and what is new is shown as it is", () => {
  expect([reasonWords("filled"), reasonWords("cancelled_no_cash"), reasonWords("split_fraction")]).toEqual([
    "Filled",
    "Cancelled: no cash",
    "Split fraction",
  ]);
  expect(verdictWords("strong")).toMatch(/^Strong evidence against luck: /);
  expect([verdictWords("a sentence"), flagWords("brand_new"), flagWords("rf_foreign")?.title]).toEqual([
    "a sentence",
    undefined,
    "Foreign risk-free rate",
  ]);
});
