import { expect, test } from "vitest";
import { parseValues } from "../compose/schema";
import { rulesAddress } from "./composeAddress";

test("the rules are backtested with the parameters of the scan", () => {
  const parameters = { min_price_us: null, min_return_63: 0.3, narrowing: false, rank_base: "survivors" };
  const address = rulesAddress({ scanner: "quallamaggie", parameters, universe: "SAMPLE_US" }) ?? "";

  const asked = new URLSearchParams(address.split("?")[1]);

  expect(asked.get("scanner")).toBe("quallamaggie");
  expect(parseValues(asked.get("scanner_parameters") ?? "")).toEqual(parameters);
  expect(rulesAddress({ scanner: "quallamaggie", parameters, universe: null })).toBeNull();
});
