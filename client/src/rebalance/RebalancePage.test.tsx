import type { MockLink } from "@apollo/client/testing";
import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import {
  type PlanRebalanceInput,
  PlanRebalanceDocument,
  type PlanViewFragment,
  RebalanceChoicesDocument,
  type RebalanceChoicesQuery,
  RebalancePlanDocument,
} from "../graphql/generated";
import { renderPage } from "../testing/render";
import { newPlanDraft, planFaults, toPlanInput } from "./planDraft";
import RebalancePage from "./RebalancePage";

const MOMENTUM = {
  key: "momentum",
  name: "Momentum",
  summary: "Hold the strongest.",
  parameterSchema: {
    type: "object",
    properties: { top_n: { type: "integer", title: "Names", description: "How many.", minimum: 1, maximum: 500 } },
  },
  defaultParameters: { top_n: 10 },
};
const CHOICES: RebalanceChoicesQuery = {
  strategies: [MOMENTUM],
  universes: [{ key: "SAMPLE_US", name: "Sample", memberCount: 20 }],
  backtests: {
    nodes: [
      {
        id: "backtest_1",
        name: "My run",
        universe: "SAMPLE_US",
        symbols: [],
        end: "2022-12-28",
        createdAt: "2026-11-20T00:00:00Z",
        strategy: { key: "momentum", name: "Momentum" },
      },
    ],
  },
};
const line = (changes: Partial<PlanViewFragment["lines"][number]>) => ({
  symbol: "BHP.AX",
  currency: "AUD",
  held: "200",
  currentWeight: 0.1818,
  targetWeight: 0,
  side: "SELL" as const,
  quantity: "200",
  estimatedPrice: "20",
  priceOn: "2024-03-01",
  estimatedValue: "4000.00",
  estimatedCost: "5.00",
  skipped: null,
  ...changes,
});
const PLAN: PlanViewFragment & { __typename: "RebalancePlan" } = {
  __typename: "RebalancePlan",
  id: "rebalance_plan_1",
  asOf: "2024-03-04",
  decisionBar: "2024-03-01T21:00:00Z",
  knownAt: "2024-03-05T00:00:00Z",
  equity: "22000.00",
  cashBefore: "18000.00",
  cashAfter: "21995.00",
  totalCosts: "5.00",
  turnover: 0.1818,
  warnings: ["the last rate to AUD is of 2024-02-01"],
  csv: "Symbol,Side\r\nBHP.AX,SELL\r\n",
  createdAt: "2024-03-05T00:00:00Z",
  lines: [
    line({}),
    line({ symbol: "CBA.AX", side: null, quantity: "0", skipped: "within the no-trade band of 2.00 %" }),
  ],
};

const choices = (data = CHOICES): MockLink.MockedResponse => ({
  request: { query: RebalanceChoicesDocument },
  result: { data },
});
const planning = (input: PlanRebalanceInput, payload: object): MockLink.MockedResponse => ({
  request: { query: PlanRebalanceDocument, variables: { input } },
  result: { data: { planRebalance: { plan: null, job: null, userErrors: [], ...payload } } },
});
const reading = {
  request: { query: RebalancePlanDocument, variables: { id: PLAN.id } },
  result: { data: { rebalancePlan: PLAN } },
};
const OF_RUN = { backtest: "backtest_1", asOf: null, capital: null, constraints: null, costs: null };

test("a finished run is planned and its orders are shown", async () => {
  renderPage(<RebalancePage />, [choices(), planning(OF_RUN, { plan: PLAN }), reading]);

  await userEvent.click(await screen.findByRole("button", { name: "Plan orders" }));

  const row = await screen.findByRole("row", { name: /BHP\.AX/ });
  expect(row.textContent).toBe("BHP.AXSell20020.00 AUD1 Mar 20244,000.005.0018.2%0.0%");
  expect(screen.getByRole("row", { name: /CBA\.AX/ }).textContent).toContain("Within the no-trade band of 2.00 %.");
  expect(screen.getByText("The last rate to AUD is of 2024-02-01.")).toBeDefined();
  expect(screen.getByText("21,995.00 AUD")).toBeDefined();
});

test("the server's complaint stands at its field", async () => {
  const userErrors = [
    { message: "cash and holdings come to A$0.00", code: "MISSING_DATA", field: ["input", "capital"] },
  ];
  renderPage(<RebalancePage />, [choices(), planning(OF_RUN, { userErrors })]);

  await userEvent.click(await screen.findByRole("button", { name: "Plan orders" }));

  expect((await screen.findByRole("alert")).textContent).toBe("Cash and holdings come to A$0.00");
  expect(document.activeElement).toBe(screen.getByLabelText("Capital"));
});

test("without a finished run the form begins with a strategy", async () => {
  renderPage(<RebalancePage />, [choices({ ...CHOICES, backtests: { nodes: [] } })]);

  const form = await screen.findByRole("form", { name: "Plan" });

  expect(within(form).getByLabelText<HTMLInputElement>("A strategy, now").checked).toBe(true);
  expect(within(form).getByLabelText("Strategy")).toBeDefined();
});

test("only what was typed is sent, amounts as they were typed", () => {
  const draft = { ...newPlanDraft(CHOICES, null), from: "strategy" as const, asOf: "2022-12-28", capital: " 5000 " };
  const terms = { ...draft.terms, noTradeBand: "0.01", commissionFlat: "9.50" };

  expect(toPlanInput({ ...draft, terms }, MOMENTUM)).toEqual({
    strategy: "momentum",
    parameters: { top_n: 10 },
    universe: "SAMPLE_US",
    asOf: "2022-12-28",
    capital: "5000",
    constraints: { noTradeBand: 0.01 },
    costs: { commissionFlat: "9.50" },
  });
  expect(toPlanInput(newPlanDraft(CHOICES, "backtest_9"), MOMENTUM)).toEqual({ ...OF_RUN, backtest: "backtest_9" });
});

test("what is out of bounds is told before anything is sent", () => {
  const draft = newPlanDraft(CHOICES, null);
  const terms = { ...draft.terms, noTradeBand: "1.5", maxTurnover: "0", slippageBps: "x" };

  expect(Object.keys(planFaults({ ...draft, capital: "0", terms }, MOMENTUM)).sort()).toEqual([
    "capital",
    "constraints.maxTurnover",
    "constraints.noTradeBand",
    "costs.slippageBps",
  ]);
  expect(planFaults(draft, MOMENTUM)).toEqual({});
});
