import { expect, test } from "vitest";
import { stalePrice } from "./stale";

const priced = (...days: (string | null)[]) => days.map((lastPriceDate) => ({ lastPriceDate }));

test.each([
  ["of the same week", priced("2026-11-13", "2026-11-20"), null],
  ["a week old", priced("2026-11-13"), null],
  ["older", priced("2026-11-12", "2022-12-28"), "2026-11-12"],
  ["missing", priced(null), null],
])("prices that are %s", (_, positions, last) => {
  expect(stalePrice(positions, "2026-11-20")).toBe(last);
});
