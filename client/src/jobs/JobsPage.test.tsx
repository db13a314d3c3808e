import type { MockLink } from "@apollo/client/testing";
import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { JobQuotaDocument, type JobRowFragment, JobsDocument, RetryJobDocument } from "../graphql/generated";
import { renderPage } from "../testing/render";
import JobsPage from "./JobsPage";
import { facts, pageOf, tookSeconds } from "./jobWords";

const QUOTA = {
  request: { query: JobQuotaDocument },
  result: {
    data: { viewer: { id: "viewer_1", quota: { jobsPerDay: 2000, jobsLeftToday: 1987, concurrentJobs: 50 } } },
  },
};
const NO_FILTER = { kind: null, status: null };

const job = (changes: Partial<JobRowFragment> = {}): JobRowFragment & { __typename: "Job" } => ({
  __typename: "Job",
  id: "job_1",
  kind: "INGEST",
  status: "FAILED",
  progress: 0.4,
  stage: null,
  etaSeconds: null,
  attempts: 3,
  createdAt: "2026-11-20T02:00:00Z",
  startedAt: "2026-11-20T02:00:10Z",
  finishedAt: "2026-11-20T02:01:40Z",
  cancelRequestedAt: null,
  computeSeconds: 12.34,
  costUsd: null,
  error: { message: "the provider was away", code: "UNAVAILABLE", reason: "ATTEMPTS_EXHAUSTED" },
  subject: null,
  ...changes,
});

const answer = (nodes: JobRowFragment[], filter = {}): MockLink.MockedResponse => ({
  request: { query: JobsDocument, variables: { filter: { ...NO_FILTER, ...filter }, first: 20, after: null } },
  result: { data: { jobs: { nodes, pageInfo: { hasNextPage: false, endCursor: null }, totalCount: nodes.length } } },
});

test("a failed job tells why, how long it took, and can be tried again", async () => {
  const again = job({ id: "job_2", status: "QUEUED", attempts: 0, error: null, startedAt: null, finishedAt: null });
  const retry = {
    request: { query: RetryJobDocument, variables: { id: "job_1" } },
    result: { data: { retryJob: { job: again, userErrors: [] } } },
  };
  renderPage(<JobsPage />, [QUOTA, answer([job()]), retry, answer([again, job()])]);

  const row = await screen.findByRole("row", { name: /Price ingest/ });
  expect(row.textContent).toContain("3 attempts");
  expect(row.textContent).toContain("The provider was away.");
  expect(row.textContent).toContain("Computed12.3 s");
  expect(row.textContent).toContain("Took2 min");
  expect(await screen.findByText("1,987 of 2,000 jobs left today, 50 at once.")).toBeDefined();

  await userEvent.click(within(row).getByRole("button", { name: /Try again/ }));

  await screen.findByText("waiting for a worker");
  expect(screen.getAllByRole("row", { name: /Price ingest/ })).toHaveLength(2);
});

test("what has been done since is not said to be queued", async () => {
  const since = job({ id: "job_2", status: "SUCCEEDED", error: null });
  const retry = {
    request: { query: RetryJobDocument, variables: { id: "job_1" } },
    result: { data: { retryJob: { job: since, userErrors: [] } } },
  };
  renderPage(<JobsPage />, [QUOTA, answer([job()]), retry, answer([since, job()])]);

  await userEvent.click(await screen.findByRole("button", { name: /Try again/ }));

  expect(await screen.findByText("Done since")).toBeDefined();
  expect(screen.queryByText("Queued anew")).toBeNull();
});

test("what the server refuses stands beside the button", async () => {
  const refused = {
    request: { query: RetryJobDocument, variables: { id: "job_1" } },
    result: {
      data: {
        retryJob: {
          job: null,
          userErrors: [{ message: "2000 jobs were submitted today", code: "LIMIT_EXCEEDED", reason: "JOBS_PER_DAY" }],
        },
      },
    },
  };
  renderPage(<JobsPage />, [QUOTA, answer([job()]), refused]);

  await userEvent.click(await screen.findByRole("button", { name: /Try again/ }));

  expect((await screen.findByRole("alert")).textContent).toBe("2000 jobs were submitted today.");
});

test("filters live in the address and ask the server", async () => {
  const done = job({ kind: "PLAN", status: "SUCCEEDED", error: null, subject: { id: "rebalance_plan_9" } });
  renderPage(<JobsPage />, [QUOTA, answer([job()]), answer([done], { kind: "PLAN" })]);
  await screen.findByRole("row", { name: /Price ingest/ });

  await userEvent.selectOptions(screen.getByLabelText("Kind"), "Rebalance plan");

  const link = await screen.findByRole("link", { name: "Rebalance plan" });
  expect(link.getAttribute("href")).toBe("/rebalance?plan=rebalance_plan_9");
  expect(screen.queryByRole("button", { name: /Try again/ })).toBeNull();
});

test("no jobs of a filter can be left by one press", async () => {
  renderPage(<JobsPage />, [QUOTA, answer([], { status: "FAILED" }), answer([job()])], { at: "/jobs?status=FAILED" });

  await userEvent.click(await screen.findByRole("button", { name: "Clear filters" }));

  await screen.findByRole("row", { name: /Price ingest/ });
});

test("a job leads to what it produced, if a page shows it", () => {
  expect(pageOf({ id: "backtest_1" })).toBe("/backtests/backtest_1");
  expect(pageOf({ id: "ingest_report_1" })).toBe("/data");
  expect(pageOf({ id: "instrument_1" })).toBeNull();
  expect(pageOf(null)).toBeNull();
});

test("where a job is, in words", () => {
  const running = { status: "RUNNING", stage: "reading_prices", etaSeconds: 120, attempts: 1 } as const;
  expect(facts(job(running))).toBe("reading prices · about 2 min left");
  expect(facts(job({ ...running, cancelRequestedAt: "2026-11-20T02:00:20Z", etaSeconds: null }))).toBe("cancelling");
  expect(tookSeconds(job())).toBe(90);
  expect(tookSeconds(job({ finishedAt: null }))).toBeNull();
});
