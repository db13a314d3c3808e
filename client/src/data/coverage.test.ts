import { expect, test } from "vitest";
import type { CoverageFragment } from "../graphql/generated";
import { chosen, needsAttention, runsOf, shareOf, sorted } from "./coverage";

const row = (symbol: string, changes: Partial<CoverageFragment> = {}): CoverageFragment => ({
  symbol,
  source: "yahoo",
  firstBar: "2020-01-02",
  lastBar: "2024-12-31",
  expected: 100,
  present: 100,
  gaps: [],
  staleSessions: 0,
  suspect: 0,
  quarantined: 0,
  ...changes,
});
const EMPTY = row("NEW.AX", { firstBar: null, lastBar: null, expected: 0, present: 0 });
const HOLED = row("BHP.AX", { present: 98, gaps: ["2024-03-07", "2024-03-08"] });
const LATE = row("CBA.AX", { staleSessions: 3 });
const WHOLE = row("ANZ.AX", { staleSessions: 1, suspect: 2, quarantined: 4 });
const ROWS = [WHOLE, HOLED, LATE, EMPTY];

const names = (rows: CoverageFragment[]) => rows.map((each) => each.symbol);

test("a share of nothing is unknown, not zero", () => {
  expect([shareOf(HOLED), shareOf(EMPTY)]).toEqual([0.98, null]);
});

test("what is missing asks for attention; a session on its way, a suspect bar and a refused row do not", () => {
  expect(ROWS.filter(needsAttention).map((each) => each.symbol)).toEqual(["BHP.AX", "CBA.AX", "NEW.AX"]);
});

test("a view is narrowed by what lacks and by letters of the symbol", () => {
  expect(names(chosen(ROWS, "all", " .ax "))).toEqual(["ANZ.AX", "BHP.AX", "CBA.AX", "NEW.AX"]);
  expect(names(chosen(ROWS, "gaps", ""))).toEqual(["BHP.AX"]);
  expect(names(chosen(ROWS, "stale", ""))).toEqual(["CBA.AX"]);
  expect(names(chosen(ROWS, "quarantined", "cba"))).toEqual([]);
});

test("a sort keeps the unknown last both ways and equals in order of symbol", () => {
  expect(names(sorted(ROWS, { column: "share", descending: false }))).toEqual(["BHP.AX", "ANZ.AX", "CBA.AX", "NEW.AX"]);
  expect(names(sorted(ROWS, { column: "share", descending: true }))).toEqual(["ANZ.AX", "CBA.AX", "BHP.AX", "NEW.AX"]);
  expect(names(sorted(ROWS, { column: "stale", descending: true }))).toEqual(["CBA.AX", "ANZ.AX", "BHP.AX", "NEW.AX"]);
});

test("missing sessions run on over a weekend, not over a weekday that is there", () => {
  expect(runsOf(["2024-03-07", "2024-03-08", "2024-03-11", "2024-03-13"])).toEqual([
    { first: "2024-03-07", last: "2024-03-11", sessions: 3 },
    { first: "2024-03-13", last: "2024-03-13", sessions: 1 },
  ]);
  expect(runsOf([])).toEqual([]);
});
