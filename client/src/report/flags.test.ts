import { expect, test } from "vitest";
import { flagWords, reasonWords, verdictWords } from "./flags";

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
