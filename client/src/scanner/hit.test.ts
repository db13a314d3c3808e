import { expect, test } from "vitest";
import { comparison, flagWords, type Measured, written } from "./hit";

const rule = (changes: Partial<Measured>): Measured => ({
  code: "return_63",
  name: "Return over 63 sessions",
  value: 0.3081,
  operator: ">=",
  threshold: 0.3,
  margin: 0.0081,
  unit: "fraction",
  ...changes,
});

test("a rule reads as a comparison in its own unit", () => {
  expect(comparison(rule({}))).toBe("30.8% ≥ 30.0%");
  expect(comparison(rule({ value: 257_080_297.4, threshold: 20_000_000, unit: "money" }))).toBe(
    "257,080,297 ≥ 20,000,000",
  );
  expect(comparison(rule({ value: 6.889909, operator: "<", threshold: 10, unit: "number" }))).toBe("6.89 < 10");
  expect(comparison(rule({ unit: "flag" }))).toBe("");
  expect(comparison(rule({ value: null }))).toBe("");
});

test("figures below zero keep their sign", () => {
  expect(written(-0.1234, "fraction")).toBe("−12.3%");
});

test("flags are words", () => {
  expect(flagWords(["gap", "other"])).toEqual(["sessions without a bar", "other"]);
});
