import type { MockLink } from "@apollo/client/testing";
import { screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { BacktestListDocument, type BacktestListQuery, FilterChoicesDocument } from "../graphql/generated";
import { renderPage } from "../testing/render";
import BacktestList from "./BacktestList";

type Run = BacktestListQuery["backtests"]["nodes"][number];

const FILTERS = { request: { query: FilterChoicesDocument }, result: { data: { strategies: [], universes: [] } } };
const NO_FILTER = { search: null, strategy: null, universe: null, status: null };
const variables = (changes = {}) =>
  ({
    filter: NO_FILTER,
    orderBy: { field: "CREATED_AT", direction: "DESC" },
    first: 20,
    after: null,
    ...changes,
  }) as const;

// The cache matches fragments by type, so an answer names its own.
const run = (changes: Partial<Run>): Run & { __typename: "Backtest" } => ({
  __typename: "Backtest",
  id: "backtest_1",
  name: null,
  strategy: { key: "momentum", name: "Momentum", defaultParameters: { lookback: 252, top_n: 10 } },
  parameters: { lookback: 252, top_n: 10 },
  universe: "SAMPLE_US",
  symbols: [],
  start: "2000-01-10",
  end: "2022-12-28",
  initialCapital: "100000",
  currency: "AUD",
  createdAt: "2026-11-22T02:00:00Z",
  job: { id: "job_1", status: "SUCCEEDED", progress: 1, stage: null },
  metrics: { cagr: 0.1093, sharpe: 0.6134, maxDrawdown: -0.4712, volatility: 0.19 },
  overfitting: { deflatedSharpe: 0.8712 },
  ...changes,
});

const answer = (nodes: Run[], changes = {}): MockLink.MockedResponse => ({
  request: { query: BacktestListDocument, variables: variables(changes) },
  result: {
    data: { backtests: { nodes, pageInfo: { hasNextPage: false, endCursor: null }, totalCount: nodes.length } },
  },
});

test("nothing on record invites the first run", async () => {
  renderPage(<BacktestList />, [FILTERS, answer([])]);

  expect(screen.getByLabelText("Loading backtests").getAttribute("aria-busy")).toBe("true");
  expect((await screen.findByRole("link", { name: "Run your first backtest" })).getAttribute("href")).toBe(
    "/backtests/new",
  );
});

test("runs show the API's figures, and a dash where there are none", async () => {
  const failed = run({
    id: "backtest_2",
    name: "Too short",
    parameters: { lookback: 252, top_n: 5 },
    metrics: null,
    overfitting: null,
    job: { id: "job_2", status: "FAILED", progress: 0.1, stage: null },
  });

  renderPage(<BacktestList />, [FILTERS, answer([run({}), failed])]);
  const rows = (await screen.findAllByRole("row")).slice(1).map((row) => row.textContent);

  expect(rows[0]).toMatch(
    /^CompareMomentumSAMPLE_US · 100,000 AUDJan 2000 – Dec 2022DoneCAGR10\.9%Sharpe0\.61Drawdown−47\.1%Deflated87\.1%/,
  );
  expect(rows[1]).toMatch(
    /^Too shortMomentum · SAMPLE_US · 100,000 AUD · top_n 5Jan 2000 – Dec 2022FailedCAGR—Sharpe—Drawdown—Deflated—/,
  );
});

test("what was chosen is told in words, of another strategy's parameters too", async () => {
  const wrapped = (inner: unknown) =>
    run({
      name: null,
      strategy: { key: "meta_label", name: "Meta-labelling", defaultParameters: { primary: "momentum" } },
      parameters: { primary: "ts_momentum", primary_parameters: inner, floor: null, gap: -0.5, defensive: [] },
    });

  renderPage(<BacktestList />, [
    FILTERS,
    answer([{ ...wrapped({ lookback: 126 }) }, { ...wrapped({}), id: "backtest_2" }]),
  ]);
  const rows = (await screen.findAllByRole("row")).slice(1).map((row) => row.textContent);

  expect(rows[0]).toContain(
    "primary ts_momentum · primary_parameters lookback 126 · floor none · gap −0.5 · defensive none",
  );
  expect(rows[1]).toContain("primary_parameters standard");
});

test("a head sorts by the server, best first, then turns round", async () => {
  const bySharpe = (direction: string) =>
    answer([run({ name: direction })], { orderBy: { field: "SHARPE", direction } });
  renderPage(<BacktestList />, [FILTERS, answer([run({})]), bySharpe("DESC"), bySharpe("ASC")]);

  await userEvent.click(await screen.findByRole("button", { name: "Sharpe" }));
  await screen.findByText("DESC");
  await userEvent.click(screen.getByRole("button", { name: "Sharpe" }));

  await screen.findByText("ASC");
  expect(screen.getByRole("columnheader", { name: /Sharpe ratio/ }).getAttribute("aria-sort")).toBe("ascending");
});

test("a server out of reach is said so, and may be tried again", async () => {
  const broken = {
    request: { query: BacktestListDocument, variables: variables() },
    error: new TypeError("Failed to fetch"),
  };
  renderPage(<BacktestList />, [FILTERS, broken, answer([run({})])]);

  expect((await screen.findByRole("alert")).textContent).toContain("The server cannot be reached");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));

  await screen.findByRole("link", { name: "Momentum" });
});
