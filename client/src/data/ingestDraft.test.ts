import { expect, test } from "vitest";
import { findFaults, newIngest, toInput } from "./ingestDraft";
import { stepOf } from "./words";

test.each([
  [newIngest(), { universe: "Choose a universe" }],
  [newIngest({ target: "symbols" }), { symbols: "Add at least one symbol" }],
  [newIngest({ source: "SAMPLE" }), {}],
  [newIngest({ universe: "ASX200", start: "2026-11-23" }), { start: "Prices of days to come are not known yet" }],
  [
    newIngest({ symbols: ["BHP.AX"], start: "2024-03-08", end: "2024-03-07" }),
    { end: "The end must not come before the start" },
  ],
  [newIngest({ symbols: ["BHP.AX"], start: "2024-03-07", end: "2024-03-07" }), {}],
])("what is wrong with a request stands at its field, %#", (draft, faults) => {
  expect(findFaults(draft, "2026-11-22")).toEqual(faults);
});

test("either a universe or symbols are sent, and the sample needs neither", () => {
  const plain = { start: null, end: null, source: "AUTO", force: false };

  expect(toInput(newIngest({ universe: "ASX200", symbols: [] }))).toEqual({ ...plain, universe: "ASX200" });
  expect(toInput(newIngest({ universe: "ASX200", symbols: ["BHP.AX"], force: true }))).toEqual({
    ...plain,
    symbols: ["BHP.AX"],
    force: true,
  });
  expect(toInput(newIngest({ universe: "ASX200", source: "SAMPLE" }))).toEqual({ ...plain, source: "SAMPLE" });
});

test("a stage that names a symbol is a step; another is not", () => {
  expect(stepOf("BHP.AX 12 of 200")).toEqual({ symbol: "BHP.AX", number: 12, of: 200 });
  expect([stepOf("reading prices"), stepOf(null)]).toEqual([null, null]);
});
