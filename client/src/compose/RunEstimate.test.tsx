import { expect, test } from "vitest";
import { told } from "./RunEstimate";

const ESTIMATE = { computeSeconds: 4.2, costUsd: 0.000164, measuredRuns: 0, allowed: true, userErrors: [] };

test("an estimate says what it rests on", () => {
  expect(told(ESTIMATE)).toBe(
    "About 4 s, by a usual figure, until you have run one; US$0.00016 of computing where it is charged.",
  );
  expect(told({ ...ESTIMATE, measuredRuns: 1 })).toContain("by one of your past runs; ");
  expect(told({ ...ESTIMATE, measuredRuns: 12 })).toContain("by 12 of your past runs; ");
});

test("what would be refused is said instead", () => {
  const userErrors = [{ message: "50 jobs are open, the most at once is 50", field: null }];

  expect(told({ ...ESTIMATE, allowed: false, userErrors })).toBe(
    "Nothing yet: 50 jobs are open, the most at once is 50.",
  );
});
