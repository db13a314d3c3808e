import { expect, test } from "vitest";
import { change, gain, orNothing } from "./amounts";

test.each([
  ["1234.5", "+1,234.50 AUD"],
  ["-1234.5", "−1,234.50 AUD"],
  ["0.00", "0.00 AUD"],
  ["0.001", "0.00 AUD"],
])("a gain of %s reads %s", (value, text) => {
  expect(gain(value, "AUD")).toBe(text);
});

test.each([
  [0.0123, "+1.23%"],
  [-0.0123, "−1.23%"],
  [0, "0.00%"],
])("a change of %s reads %s", (value, text) => {
  expect(change(value)).toBe(text);
});

test("what is unknown is a dash, and zero is not", () => {
  expect(orNothing(null, String)).toBe("—");
  expect(orNothing(0, String)).toBe("0");
});
