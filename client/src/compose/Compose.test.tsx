import type { MockLink } from "@apollo/client/testing";
import { screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import {
  ComposeCatalogueDocument,
  MarketSpanDocument,
  RunBacktestDocument,
  type RunBacktestMutation,
  UniverseMembersDocument,
} from "../graphql/generated";
import { STRATEGIES, strategy } from "../testing/catalogue";
import { renderPage } from "../testing/render";
import Compose from "./Compose";
import { newDraft, toInput } from "./draft";

const UNIVERSE = {
  __typename: "Universe",
  key: "SAMPLE_US",
  name: "Twenty US shares",
  description: "",
  region: "US",
  benchmark: "^GSPC",
  memberCount: 1,
  survivorshipFree: false,
} as const;
const CATALOGUE: MockLink.MockedResponse = {
  request: { query: ComposeCatalogueDocument },
  result: { data: { strategies: STRATEGIES, universes: [UNIVERSE] } },
};
const MEMBERS: MockLink.MockedResponse = {
  request: { query: UniverseMembersDocument, variables: { key: "SAMPLE_US" } },
  result: { data: { universe: { __typename: "Universe", key: "SAMPLE_US", members: [{ symbol: "AAPL" }] } } },
};
const SPAN: MockLink.MockedResponse = {
  request: { query: MarketSpanDocument, variables: { symbols: ["AAPL"], currency: "AUD" } },
  result: { data: { prices: [{ symbol: "AAPL", dates: ["1999-01-04", "2022-12-28"] }] } },
};
const INPUT = toInput(newDraft(strategy("momentum"), "SAMPLE_US"), strategy("momentum"), { start: "2000-01-09" });

const answer = (payload: Partial<RunBacktestMutation["runBacktest"]>): MockLink.MockedResponse => ({
  request: { query: RunBacktestDocument, variables: { input: INPUT } },
  result: { data: { runBacktest: { backtest: null, job: null, reused: false, userErrors: [], ...payload } } },
});

test("the form is the strategy's schema: titles, defaults, bounds", async () => {
  renderPage(<Compose />, [CATALOGUE, MEMBERS, SPAN]);
  const lookback = await screen.findByLabelText<HTMLInputElement>("Lookback");

  expect(lookback.value).toBe("252");
  expect(document.getElementById(lookback.getAttribute("aria-describedby")!)?.textContent).toContain("21 to 756");
  await userEvent.click(screen.getByRole("radio", { name: /Dual momentum/ }));

  expect(screen.getByRole<HTMLInputElement>("checkbox", { name: /Cash floor/ }).checked).toBe(true);
  expect(screen.getByRole("combobox", { name: "Defensive assets" })).toBeDefined();
});

test("where only the chosen strategy is in sight, the others are asked for, and go when one is taken", async () => {
  renderPage(<Compose />, [CATALOGUE, MEMBERS, SPAN]);
  const more = await screen.findByRole("button", { name: `Choose among ${STRATEGIES.length}` });
  expect(more.getAttribute("aria-expanded")).toBe("false");

  await userEvent.click(more);
  expect(screen.getByRole("button", { name: "Keep this one" }).getAttribute("aria-expanded")).toBe("true");
  await userEvent.click(screen.getByRole("radio", { name: /^Dual momentum/ }));

  screen.getByRole("button", { name: `Choose among ${STRATEGIES.length}` });
});

test("what is out of bounds is told at the field, and nothing is sent", async () => {
  renderPage(<Compose />, [CATALOGUE, MEMBERS, SPAN]);
  const held = await screen.findByLabelText("Names held");

  await userEvent.clear(held);
  await userEvent.type(held, "999");
  await userEvent.click(screen.getByRole("button", { name: "Run backtest" }));

  expect(held.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText("Must be at most 200")).toBeDefined();
  expect(document.activeElement).toBe(held);
});

test("a fault that shows cannot move the button away under the mouse", async () => {
  renderPage(<Compose />, [CATALOGUE, MEMBERS, SPAN]);
  const held = await screen.findByLabelText("Names held");
  await userEvent.clear(held);
  const button = screen.getByRole("button", { name: "Run backtest" });

  await userEvent.pointer({ keys: "[MouseLeft>]", target: button });

  expect(document.activeElement).toBe(held);
  expect(held.getAttribute("aria-invalid")).not.toBe("true");

  // A field that has the focus already is not scrolled to: the click takes it first.
  const taken: unknown[] = [];
  button.addEventListener("focus", () => taken.push(document.activeElement));
  await userEvent.click(button);

  expect([...taken, document.activeElement]).toEqual([button, held]);
});

test("the server's complaint lands at its field", async () => {
  const complaint = {
    message: "no rate before 1999-01-04",
    code: "MISSING_DATA",
    field: ["input", "start"],
    reason: null,
  } as const;
  renderPage(<Compose />, [
    CATALOGUE,
    MEMBERS,
    SPAN,
    answer({ userErrors: [{ ...complaint, field: [...complaint.field] }] }),
  ]);
  await screen.findByDisplayValue("2000-01-09");

  await userEvent.click(screen.getByRole("button", { name: "Run backtest" }));

  await screen.findByText("No rate before 1999-01-04");
  expect(screen.getByLabelText("Start").getAttribute("aria-invalid")).toBe("true");
});

test("an accepted run leads to its page", async () => {
  renderPage(<Compose />, [
    CATALOGUE,
    MEMBERS,
    SPAN,
    answer({ backtest: { id: "backtest_1" }, job: { id: "job_1", status: "QUEUED" } }),
  ]);
  await screen.findByDisplayValue("2000-01-09");

  await userEvent.click(screen.getByRole("button", { name: "Run backtest" }));

  await screen.findByText("report of the run");
});
