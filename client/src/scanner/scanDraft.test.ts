import { expect, test } from "vitest";
import { SCANNERS } from "../testing/catalogue";
import { draftOfScan, newScanDraft, scanFaults, toScanInput } from "./scanDraft";

const scanner = (key: string) => SCANNERS.find((each) => each.key === key)!;

test("a new draft sends the defaults, and the day is left to the server", () => {
  const momentum = scanner("momentum");
  const input = toScanInput(newScanDraft(momentum, "SAMPLE_US"), momentum);

  expect(input).toEqual({
    scanner: "momentum",
    universe: "SAMPLE_US",
    asOf: null,
    parameters: momentum.defaultParameters,
    maxResults: 50,
  });
});

test("an emptied field is sent as null, which leaves its rule out", () => {
  const breakout = scanner("quallamaggie");
  const draft = newScanDraft(breakout, "SAMPLE_US");
  const emptied = { ...draft, parameters: { ...draft.parameters, min_price_us: "" } };

  expect(scanFaults(emptied, breakout)).toEqual({});
  expect(toScanInput(emptied, breakout).parameters).toMatchObject({ min_price_us: null, min_price_au: 0.5 });
});

test("a scan that left a rule out is opened without it again", () => {
  const breakout = scanner("quallamaggie");
  const parameters = { ...(breakout.defaultParameters as object), min_turnover_us: null, min_return_63: 0.2 };
  const draft = draftOfScan(
    { universe: null, symbols: ["AAPL"], asOf: "2020-03-14", maxResults: 10, parameters },
    breakout,
  );

  expect(draft).toMatchObject({ source: "symbols", symbols: ["AAPL"], asOf: "2020-03-14", maxResults: "10" });
  expect(toScanInput(draft, breakout).parameters).toEqual(parameters);
});

test("bounds are told before anything is sent", () => {
  const momentum = scanner("momentum");
  const draft = newScanDraft(momentum, "");
  const wrong = { ...draft, maxResults: "501", parameters: { ...draft.parameters, skip: "300" } };

  expect(scanFaults(wrong, momentum)).toEqual({
    "parameters.skip": "Must be at most 63",
    universe: "Choose a universe",
    maxResults: "Must be at most 500",
  });
});
