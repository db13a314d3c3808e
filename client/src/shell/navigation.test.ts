import { describe, expect, test } from "vitest";
import { HOME, PAGE_PATHS, PLAYGROUND } from "../paths";
import { entryOf, GROUPS } from "./navigation";

const entries = GROUPS.flatMap((group) => group.entries);

test("every entry leads to a page that there is, and each only once", () => {
  const addresses = entries.map(({ to }) => to);
  expect(addresses.filter((to) => ![HOME, ...PAGE_PATHS, PLAYGROUND].includes(to as never))).toEqual([]);
  expect(new Set(addresses).size).toBe(addresses.length);
});

describe("the entry that is marked", () => {
  test.each(entries.map(({ to }) => to))("%s marks itself", (to) => {
    expect(entryOf(to)).toBe(to);
  });

  test.each([
    ["/backtests/backtest_6ab1", "/backtests"],
    ["/backtests/newest", "/backtests"],
    ["/backtestsx", undefined],
    ["/nowhere", undefined],
  ])("%s marks %s", (path, to) => {
    expect(entryOf(path)).toBe(to);
  });
});
