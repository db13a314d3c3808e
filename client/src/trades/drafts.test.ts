import { expect, test } from "vitest";
import type { TradeWholeFragment } from "../graphql/generated";
import {
  asItStands,
  cashFaults,
  correctFaults,
  newExit,
  newFlow,
  newTrade,
  openFaults,
  quotedIn,
  toCloseInput,
  toCorrectInput,
  toFlowInput,
  toInstant,
  toLocal,
  toOpenInput,
} from "./drafts";
import { standingAt } from "./listState";
import { changesOf } from "./versions";

const NOW = new Date("2026-11-22T02:00:00Z");

const TRADE = {
  __typename: "Trade",
  id: "trade_1",
  version: 3,
  status: "CLOSED",
  quantity: "100",
  entryPrice: "45.2",
  exitPrice: "50",
  entryAt: "2024-01-07T23:30:00Z",
  exitAt: "2024-02-05T05:00:00Z",
  commission: "3",
  exitCommission: "3",
  strategy: "momentum",
  notes: null,
  tags: ["core", "au"],
} as unknown as TradeWholeFragment;

test("an instant survives the clock of whoever looks", () => {
  expect(toInstant(toLocal(NOW))).toBe(NOW.toISOString());
});

test("amounts are sent as they were typed, digit for digit", () => {
  const draft = { ...newTrade(NOW), symbol: " BHP.AX ", quantity: "0.1", entryPrice: " 123456789012.123456789 " };
  const input = toOpenInput(draft, "k");
  expect(input).toMatchObject({ symbol: "BHP.AX", quantity: "0.1", entryPrice: "123456789012.123456789" });
  expect(input).toMatchObject({ reference: null, fxRate: null, tags: [], idempotencyKey: "k" });
});

test("labels are parted by commas, each once", () => {
  const draft = { ...newTrade(NOW), tags: "core, 2026,, core " };
  expect(toOpenInput(draft, "k").tags).toEqual(["core", "2026"]);
});

test("a share of Sydney is quoted in Australian dollars", () => {
  expect(["BHP.AX", "BTC-AUD", "AAPL", "^GSPC"].map(quotedIn)).toEqual(["AUD", "AUD", "USD", "USD"]);
});

test("what a trade lacks is said at its field", () => {
  const draft = { ...newTrade(NOW), quantity: "0", entryPrice: "1,5", entryAt: "2090-01-01T10:00" };
  expect(Object.keys(openFaults(draft, NOW)).sort()).toEqual(["entryAt", "entryPrice", "quantity", "symbol"]);
});

test("an empty quantity closes all of it", () => {
  expect(toCloseInput({ ...newExit(NOW), exitPrice: "50" }, TRADE)).toMatchObject({
    id: "trade_1",
    expectedVersion: 3,
    quantity: null,
    exitPrice: "50",
    fxRate: null,
  });
});

test("a correction sends only what was changed", () => {
  const draft = { ...asItStands(TRADE), quantity: "90", notes: "a misread fill", tags: "core", reason: " x " };
  expect(toCorrectInput(draft, TRADE)).toEqual({
    id: "trade_1",
    expectedVersion: 3,
    reason: "x",
    quantity: "90",
    notes: "a misread fill",
    tags: ["core"],
  });
});

test("a correction is given a reason, and an exit where there is one", () => {
  const draft = { ...asItStands(TRADE), exitPrice: "" };
  expect(Object.keys(correctFaults(draft, TRADE, NOW)).sort()).toEqual(["exitPrice", "reason"]);
  const open = { ...TRADE, status: "OPEN" as const };
  expect(Object.keys(correctFaults({ ...draft, reason: "x" }, open, NOW))).toEqual([]);
});

test("a withdrawal is below zero", () => {
  const draft = { ...newFlow(NOW), amount: "250.50", reason: "rent" };
  expect(toFlowInput(draft, "k").amount).toBe("250.50");
  expect(toFlowInput({ ...draft, way: "out" }, "k").amount).toBe("-250.50");
  expect(Object.keys(cashFaults({ ...draft, date: "2090-01-01", reason: " " }, NOW)).sort()).toEqual([
    "date",
    "reason",
  ]);
});

test("a day one stands at is its evening, and never the future", () => {
  expect(standingAt("2024-01-08", NOW)).toBe(new Date("2024-01-08T23:59:59.999").toISOString());
  expect([standingAt("2090-01-01", NOW), standingAt("x", NOW), standingAt(null, NOW)]).toEqual([null, null, null]);
});

test("versions differ in what they say, not in what they are", () => {
  const before = { ...TRADE, version: 1, reason: "opened", exitPrice: null, strategy: null };
  const changes = changesOf(before as never, TRADE as never);
  expect(changes).toEqual([
    { label: "Exit price", was: "—", now: "50" },
    { label: "Strategy", was: "—", now: "momentum" },
  ]);
});
