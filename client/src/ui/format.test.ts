import { expect, test } from "vitest";
import { STRATEGIES } from "../testing/catalogue";
import {
  ago,
  bytes,
  camel,
  decimal,
  duration,
  enumWords,
  money,
  percent,
  probability,
  ratio,
  sentence,
  words,
} from "./format";

test.each([
  [percent(-0.1234), "−12.3%"],
  [probability(0.9994), "99.9%"],
  [probability(0.99999), "over 99.9%"],
  [probability(0.0004), "under 0.1%"],
  [percent(-0.00001), "0.0%"],
  [percent(9.8734), "987.3%"],
  [ratio(0.6134), "0.61"],
  [ratio(-0.001), "0.00"],
  [money("1087340.22", "AUD"), "1,087,340 AUD"],
  [decimal("-1234567.5000"), "−1,234,567.5"],
  [decimal("1234.000000"), "1,234"],
  [decimal("34.234234", 2), "34.23"],
  [decimal("0.1"), "0.1"],
])("%s is %s", (written, expected) => {
  expect(written).toBe(expected);
});

test("an exact decimal keeps digits that a float would lose", () => {
  expect(decimal("12345678901234567890.12")).toBe("12,345,678,901,234,567,890.12");
});

test("names of the API read as words", () => {
  expect([
    words("no_trade_band"),
    words("groupCap"),
    enumWords("HRP"),
    enumWords("US_CLOSE"),
    enumWords("hrp"),
    enumWords("std"),
    camel("fx_spread_bps"),
  ]).toEqual(["No trade band", "Group cap", "HRP", "US close", "HRP", "Standard deviation", "fxSpreadBps"]);
});

test("names of panels can stand in a list that commas separate", () => {
  const names = STRATEGIES.flatMap(({ requires }) => requires).map(enumWords);
  expect(names.filter((name) => name.includes(","))).toEqual([]);
});

test("a message of the server becomes a sentence", () => {
  expect([sentence("choose a later end"), sentence("Done."), sentence("")]).toEqual([
    "Choose a later end.",
    "Done.",
    ".",
  ]);
});

test("times are told roughly", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");

  expect(
    [
      "2026-11-22T11:59:30Z",
      "2026-11-22T11:50:00Z",
      "2026-11-22T09:00:00Z",
      "2026-11-20T12:00:00Z",
      "2026-01-02T00:00:00Z",
    ].map((at) => ago(at, now)),
  ).toEqual(["just now", "10 min ago", "3 h ago", "2 d ago", "2 Jan 2026"]);
  expect([duration(0.4), duration(12.4), duration(300), duration(9000)]).toEqual([
    "under 1 s",
    "12 s",
    "5 min",
    "2.5 h",
  ]);
  expect([bytes(12), bytes(412_345), bytes(2_500_000)]).toEqual(["12 B", "412 kB", "2.5 MB"]);
});
