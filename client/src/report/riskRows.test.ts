import { expect, test } from "vitest";
import { byIndex, coveredFirst, stateWords } from "./riskRows";

test("what has figures is parted from what has none, in order", () => {
  const [one, two, three] = [{ covered: false }, { covered: true }, { covered: false }];
  expect(coveredFirst([one, two, three])).toEqual([[two], [one, three]]);
});

test("states stand under what they are of", () => {
  const rows = [
    { of: "^GSPC", regime: "CALM" },
    { of: "VIX", regime: "VIX_LOW" },
    { of: "^GSPC", regime: "STRESS" },
  ];
  expect(byIndex(rows).map(([of, group]) => [of, group.length])).toEqual([
    ["^GSPC", 2],
    ["VIX", 1],
  ]);
});

test("states are words", () => {
  expect(["CALM", "UNKNOWN", "VIX_HIGH"].map(stateWords)).toEqual(["Calm", "Not known yet", "High third"]);
});
