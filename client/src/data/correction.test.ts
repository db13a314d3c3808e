import { expect, test } from "vitest";
import { changesOf, type Draft, findFaults, newCorrection, storedBar, toInput } from "./correction";

const STORED = { open: 10, high: 11, low: 9, close: 10.5, adjustedClose: null, volume: 1000 };
const draft = (values: Partial<Draft["values"]>, rest: Partial<Draft> = {}): Draft => {
  const plain = newCorrection("BHP.AX", "2024-03-07");
  return { ...plain, reason: "the exchange's own figure", ...rest, values: { ...plain.values, ...values } };
};

test("a day without a bar has none; a field the source does not know stays unknown", () => {
  const day = {
    dates: ["2024-03-07"],
    open: [10],
    high: [11],
    low: [9],
    close: [10.5],
    adjustedClose: [null],
    volume: [1000],
  };
  const none = { dates: [], open: [], high: [], low: [], close: [], adjustedClose: [], volume: [] };

  expect(storedBar(day)).toEqual(STORED);
  expect([storedBar(none), storedBar(undefined)]).toEqual([null, null]);
});

test("a difference says from what to what, and by how much", () => {
  expect(changesOf(STORED, { ...STORED, close: 10.29, volume: null })).toEqual([
    { label: "Close", before: 10.5, after: 10.29, move: "−2.0%" },
    { label: "Volume", before: 1000, after: null, move: null },
  ]);
  expect(changesOf(null, { ...STORED, open: null, high: null, low: null, volume: null })).toEqual([
    { label: "Close", before: null, after: 10.5, move: null },
  ]);
  expect(changesOf(STORED, { ...STORED, close: 10.5021 })[0]?.move).toBe("+0.020%");
});

test.each([
  [draft({}), { close: "Enter at least one value" }],
  [draft({ close: "10.2" }, { reason: " " }), { reason: "Say why: it is kept with the correction" }],
  [draft({ close: "ten" }), { close: "“ten” is not a number" }],
  [draft({ close: "0" }), { close: "Must be above 0" }],
  [draft({ volume: "-1" }), { volume: "Must be at least 0" }],
  [draft({ close: "12" }), { high: "The high is below the open or the close" }],
  [draft({ low: "10.2" }), { low: "The low is above the open or the close" }],
  [draft({ close: "10.2" }, { symbol: "", date: "" }), { symbol: "Name the symbol", date: "Choose the session" }],
  [draft({ close: "10.2", volume: "0" }), {}],
])("what is wrong with a correction stands at its field, %#", (given, faults) => {
  expect(findFaults(given, STORED)).toEqual(faults);
});

test("only what was typed is sent", () => {
  expect(toInput(draft({ close: " 10.2 " }))).toEqual({
    symbol: "BHP.AX",
    date: "2024-03-07",
    reason: "the exchange's own figure",
    close: 10.2,
  });
});
