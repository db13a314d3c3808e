import type { MockLink } from "@apollo/client/testing";
import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { StrategyGuideDocument, StrategyPageDocument } from "../graphql/generated";
import { STRATEGIES, strategy } from "../testing/catalogue";
import { renderPage } from "../testing/render";
import StrategyGuide from "./StrategyGuide";
import StrategyPage from "./StrategyPage";

const ledger = (family: string) => ({
  __typename: "TrialLedger",
  family,
  count: 12,
  bestSharpe: 0.9,
  expectedMaximumSharpe: null,
});
const panel = (name: string, changes = {}) => ({
  __typename: "StrategyPanel",
  name,
  optional: false,
  when: {},
  firstDay: null,
  lastDay: null,
  ...changes,
});
/** Stored, not stored, needed by a choice only, and one that may be missing. */
const PANELS = [
  panel("VIX", { firstDay: "1990-01-02", lastDay: "2022-12-30" }),
  panel("VIX3M"),
  panel("FF5", { when: { factors: "ff5" } }),
  panel("NEWS_FLAG", { optional: true }),
];
const MOMENTUM = {
  ...strategy("momentum"),
  notes: "Its weakness is the crash.",
  requires: ["adjusted_close", "VIX", "VIX3M", "FF5", "NEWS_FLAG"],
  panels: PANELS,
  ledgers: [ledger("momentum:SAMPLE_US"), ledger("momentum:0123456789abcdef")],
};
const page = (key: string, found: unknown): MockLink.MockedResponse => ({
  request: { query: StrategyPageDocument, variables: { key } },
  result: { data: { strategy: found, strategies: STRATEGIES } as never },
});
const GUIDE: MockLink.MockedResponse = {
  request: { query: StrategyGuideDocument },
  result: {
    data: {
      strategies: STRATEGIES.map((each) => ({
        ...each,
        panels: each.key === "vrp" ? PANELS : [],
        ledgers: each.key === "momentum" ? [ledger("momentum:A"), ledger("momentum:B")] : [],
      })),
    } as never,
  },
};

test("a strategy says its idea, its needs, its settings, and what was tried", async () => {
  renderPage(<StrategyPage />, [page("momentum", MOMENTUM)], {
    at: "/strategies/momentum",
    path: "/strategies/:key",
  });
  await screen.findByRole("heading", { level: 1, name: "Momentum" });

  screen.getByText("Its weakness is the crash.");
  screen.getByText(/253 sessions before the first decision/);
  screen.getByText("stored from 2 Jan 1990 to 30 Dec 2022");
  screen.getByText("nothing is stored: parakeet import-series FILE --name VIX3M");
  screen.getByText("with factors FF5; nothing is stored: parakeet import-series FILE --name FF5");
  screen.getByText("used where it is known; nothing is stored: parakeet import-series FILE --name NEWS_FLAG");
  screen.getByText(/Jegadeesh/);
  const parameters = screen.getByRole("region", { name: "Parameters of Momentum" });
  const lookback = within(parameters).getByRole("row", { name: /^Lookback/ });
  expect(within(lookback).getAllByRole("cell").at(-1)!.textContent).toBe("21 to 756");
  const trials = screen.getByRole("region", { name: "What you have tried of Momentum" });
  expect(within(trials).getByRole("link", { name: "SAMPLE_US" }).getAttribute("href")).toBe(
    "/backtests?strategy=momentum&universe=SAMPLE_US",
  );
  within(trials).getByRole("link", { name: "Symbols of your own (012345)" });
  expect(within(trials).getAllByText("—")).toHaveLength(2);
  const here = within(screen.getByRole("navigation", { name: "Strategies" })).getByRole("link", { current: "page" });
  expect(here.textContent).toBe("Momentum");
  const beside = screen.getByRole("navigation", { name: "Neighbouring strategies" });
  expect(within(beside).getAllByRole("link")).toHaveLength(2);
});

test("a key that is no strategy's leads back to all of them", async () => {
  renderPage(<StrategyPage />, [page("nope", null)], { at: "/strategies/nope", path: "/strategies/:key" });

  await screen.findByRole("heading", { name: "No such strategy" });
  expect(screen.getByRole("link", { name: "All strategies" }).getAttribute("href")).toBe("/strategies");
});

test("the guide finds by words and family, says how many, and clears", async () => {
  renderPage(<StrategyGuide />, [GUIDE], { at: "/strategies" });
  await screen.findByText(`${STRATEGIES.length} strategies`);
  screen.getByText("24 trials");
  expect(screen.getAllByText(/not stored here$/).map((each) => each.textContent)).toEqual(["VIX3M not stored here"]);

  await userEvent.type(screen.getByLabelText("Search"), "vix");
  await userEvent.selectOptions(screen.getByLabelText("Family"), "Meta-labelling");
  await screen.findByText(`1 of ${STRATEGIES.length}`);
  expect(screen.getByRole("link", { name: "Meta-labelling" }).getAttribute("href")).toBe("/strategies/meta_label");

  await userEvent.type(screen.getByLabelText("Search"), " nothing");
  await userEvent.click(await screen.findByRole("button", { name: "Clear filters" }));
  await screen.findByText(`${STRATEGIES.length} strategies`);
});
