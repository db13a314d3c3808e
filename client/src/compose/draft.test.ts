import { expect, test } from "vitest";
import { afterChange } from "./draft";

const schema = { properties: { rebalance: { type: "string", enum: ["DAILY", "MONTHLY"] } } };
const STRATEGIES = [
  { key: "momentum", parameterSchema: schema, defaultParameters: { rebalance: "MONTHLY" } },
  { key: "stat_arb", parameterSchema: schema, defaultParameters: { rebalance: "DAILY" } },
];

test.each([
  ["parameters.primary", "stat_arb", "DAILY"],
  ["parameters.primary", "momentum", "MONTHLY"],
  ["parameters.primary", "unheard of", "WEEKLY"],
  ["parameters.window", "stat_arb", "WEEKLY"],
])("%s of %s leaves the calendar at %s", (path, primary, rebalance) => {
  expect(afterChange(path, { primary, rebalance: "WEEKLY" }, STRATEGIES)).toEqual({ primary, rebalance });
});
