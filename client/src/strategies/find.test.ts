import { expect, test } from "vitest";
import { STRATEGIES } from "../testing/catalogue";
import { byFamily, FAMILIES, familyWords, findStrategies, inFamilies } from "./find";

const keys = (found: readonly { key: string }[]) => found.map(({ key }) => key);

test("every word must stand somewhere: in the name, the idea, an author without accents, or the data", () => {
  expect(keys(findStrategies(STRATEGIES, "", ""))).toEqual(keys(STRATEGIES));
  expect(keys(findStrategies(STRATEGIES, "pairs", ""))).toEqual(["stat_arb"]);
  expect(keys(findStrategies(STRATEGIES, "lopez", ""))).toEqual(["hrp", "meta_label", "nco"]);
  expect(keys(findStrategies(STRATEGIES, "LOPEZ vix", ""))).toEqual(["meta_label"]);
  expect(keys(findStrategies(STRATEGIES, "real yield", ""))).toEqual(["hard_assets"]);
  expect(keys(findStrategies(STRATEGIES, "  ts_momentum ", ""))).toEqual(["ts_momentum"]);
  expect(findStrategies(STRATEGIES, "astrology", "")).toEqual([]);
});

test("a family narrows what the words found", () => {
  expect(keys(findStrategies(STRATEGIES, "", "STAT_ARB"))).toEqual(["stat_arb"]);
  expect(findStrategies(STRATEGIES, "pairs", "MOMENTUM")).toEqual([]);
});

test("each strategy of the catalogue stands in one family, and none is lost", () => {
  expect(keys(inFamilies(STRATEGIES)).toSorted()).toEqual(keys(STRATEGIES).toSorted());
  expect(byFamily(STRATEGIES).map(({ family }) => family)).toEqual(FAMILIES);
  expect(familyWords("META")).toBe("Meta-labelling");
  expect(familyWords("MEAN_REVERSION")).toBe("Mean reversion");
});
