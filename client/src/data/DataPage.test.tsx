import type { MockLink } from "@apollo/client/testing";
import { screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeAll, expect, test } from "vitest";
import {
  ActionsOfDocument,
  type CoverageFragment,
  DataHealthDocument,
  DataUniversesDocument,
  IngestPricesDocument,
  KnownUniversesDocument,
  QuarantineDocument,
  RevisionsDocument,
  ViewerScopesDocument,
} from "../graphql/generated";
import { renderPage } from "../testing/render";
import type { Health } from "./DataPage";
import DataPage from "./DataPage";

// The page's document model has no modal dialogs.
beforeAll(() => {
  HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
    this.open = false;
  };
});

const line = (symbol: string, changes: Partial<CoverageFragment> = {}) => ({
  __typename: "SymbolCoverage" as const,
  symbol,
  source: "yahoo",
  firstBar: "2020-01-02",
  lastBar: "2026-11-20",
  expected: 1_736,
  present: 1_736,
  gaps: [],
  staleSessions: 0,
  suspect: 0,
  quarantined: 0,
  ...changes,
});
const ENDED = {
  __typename: "Instrument" as const,
  id: "instrument_1",
  currency: "AUD" as const,
  delistedOn: "2026-11-20",
  actions: [
    {
      __typename: "CorporateAction" as const,
      kind: "DELISTING" as const,
      exDate: "2026-11-23",
      ratio: 0.75,
      cash: null,
      successor: { __typename: "Instrument" as const, id: "instrument_2", symbol: "NEW.AX" },
    },
  ],
};
const HOLED = line("BHP.AX", { present: 1_734, gaps: ["2024-03-07", "2024-03-08"] });
const FAILED = {
  symbol: "XYZ.AX",
  kind: "TIMEOUT",
  message: "yahoo did not answer",
  retryable: true,
  attempts: 5,
  source: "yahoo",
};
const JOB = {
  __typename: "Job" as const,
  id: "job_1",
  status: "SUCCEEDED" as const,
  progress: 1,
  stage: null,
  etaSeconds: null,
  attempts: 1,
  createdAt: "2026-11-22T02:00:00Z",
  startedAt: "2026-11-22T02:00:00Z",
  finishedAt: "2026-11-22T02:00:20Z",
  cancelRequestedAt: null,
  computeSeconds: 20,
  error: null,
  subject: {
    __typename: "IngestReport" as const,
    id: "ingest_report_1",
    universe: "ASX200",
    source: "AUTO",
    requested: 200,
    succeeded: 198,
    failed: [FAILED, { ...FAILED, symbol: "OLD.AX", kind: "DELISTED", retryable: false, attempts: 1 }],
    rowsRead: 1_210,
    rowsWritten: 203,
    rowsUnchanged: 1_006,
    rowsRevised: 3,
    rowsQuarantined: 1,
    quarantinedByReason: { OHLC_ORDER: 1 },
    requestsMade: 206,
    requestsSaved: 12,
    seconds: 18.4,
  },
} as NonNullable<Health["lastIngest"]>;

const nothing = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null }, totalCount: 0 };
const universes = [{ __typename: "Universe", key: "ASX200", name: "S&P/ASX 200" }];
const page = { universe: null, first: 10, after: null };
const AROUND: MockLink.MockedResponse[] = [
  {
    request: { query: ActionsOfDocument, variables: { symbol: "BHP.AX" } },
    result: { data: { instrument: ENDED } },
    maxUsageCount: 9,
  },
  { request: { query: DataUniversesDocument }, result: { data: { universes } }, maxUsageCount: 9 },
  {
    request: { query: KnownUniversesDocument },
    result: { data: { dataHealth: { __typename: "DataHealth", knownUniverses: ["ASX200", "SPX500"] } } },
    maxUsageCount: 9,
  },
  {
    request: { query: QuarantineDocument, variables: { ...page, symbol: null } },
    result: { data: { dataHealth: { __typename: "DataHealth", quarantine: nothing } } },
    maxUsageCount: 9,
  },
  {
    request: { query: RevisionsDocument, variables: page },
    result: { data: { dataHealth: { __typename: "DataHealth", revisions: nothing } } },
    maxUsageCount: 9,
  },
];

const SUMMARY = {
  symbols: 2,
  bars: 3_470,
  coveragePct: 99.9424,
  stale: 0,
  gaps: 2,
  suspect: 0,
  quarantined: 0,
  state: "INCOMPLETE",
};

const healthy = (changes: Partial<Health> = {}): MockLink.MockedResponse => ({
  request: { query: DataHealthDocument, variables: { universe: null } },
  result: {
    data: {
      dataHealth: {
        __typename: "DataHealth",
        asOf: "2026-11-22T02:00:00Z",
        providers: [],
        summary: SUMMARY,
        coverage: [line("ANZ.AX"), HOLED],
        lastIngest: null,
        ...changes,
      },
    },
  },
  maxUsageCount: 9,
});

const viewer = (scopes: string[]): MockLink.MockedResponse => ({
  request: { query: ViewerScopesDocument },
  result: { data: { viewer: { __typename: "Viewer", id: "viewer_1", scopes } } },
});

test("a correction is offered to whoever may make it, and to nobody else", async () => {
  const { unmount } = renderPage(<DataPage />, [...AROUND, healthy(), viewer(["read", "write", "market:correct"])]);
  expect(await screen.findByRole("button", { name: "Correct a price" })).toBeTruthy();
  unmount();

  renderPage(<DataPage />, [...AROUND, healthy(), viewer(["read", "write"])]);
  await userEvent.click(await screen.findByRole("button", { name: "BHP.AX" }));
  expect(screen.getByRole("button", { name: "Ask for these again" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Correct a price" })).toBeNull();
});

test("nothing stored invites to fetch", async () => {
  const empty = { ...SUMMARY, symbols: 0, bars: 0, coveragePct: null, gaps: 0, state: "EMPTY" };
  renderPage(<DataPage />, [...AROUND, viewer([]), healthy({ coverage: [], summary: empty })]);

  expect(screen.getByLabelText("Loading the state of the data").getAttribute("aria-busy")).toBe("true");
  await screen.findByRole("heading", { name: "No prices here yet" });
  await screen.findByText("No row was refused.");
  await screen.findByText("No stored bar was ever changed.");
});

test("a row shows the API's figures and opens to its missing sessions", async () => {
  renderPage(<DataPage />, [...AROUND, viewer([]), healthy()]);
  await userEvent.click(await screen.findByRole("button", { name: "BHP.AX" }));

  const grid = screen.getByRole("region", { name: "Coverage by symbol" });
  const rows = within(grid).getAllByRole("row");
  expect(rows[2]!.textContent).toMatch(/^BHP\.AXYahoo99\.9%First bar2 Jan 2020.*Bars1,734 \/ 1,736Missing2Behind0/);
  expect(within(grid).getByRole("list", { name: "Missing sessions of BHP.AX" }).textContent).toBe(
    "7 Mar 2024 – 8 Mar 2024 2 sessions",
  );
  expect(await screen.findByText("From 23 Nov 2026 on a share was 0.75 NEW.AX: its listing had ended.")).toBeTruthy();
  expect(screen.getByText("2 sessions are missing between first and last bars.")).toBeTruthy();
});

test("what is wrong is narrowed to and sorted worst first", async () => {
  renderPage(<DataPage />, [...AROUND, viewer([]), healthy()]);
  const grid = await screen.findByRole("region", { name: "Coverage by symbol" });
  const symbols = () =>
    within(screen.getByRole("region", { name: "Coverage by symbol" }))
      .getAllByRole("rowheader")
      .map((each) => each.textContent);

  expect(symbols()).toEqual(["ANZ.AX", "BHP.AX"]);
  await userEvent.click(within(grid).getByRole("button", { name: "Missing" }));
  expect(symbols()).toEqual(["BHP.AX", "ANZ.AX"]);
  await userEvent.selectOptions(screen.getByLabelText("Show"), "gaps");
  expect(symbols()).toEqual(["BHP.AX"]);
});

test("failed symbols say why, and those that another try can help are tried again", async () => {
  const sent = {
    request: {
      query: IngestPricesDocument,
      variables: { input: { symbols: ["XYZ.AX"], start: null, end: null, source: "AUTO", force: false } },
    },
    result: {
      data: {
        ingestPrices: {
          job: null,
          userErrors: [{ message: "too many jobs are open", code: "LIMIT_EXCEEDED", field: null, reason: null }],
        },
      },
    },
  };
  renderPage(<DataPage />, [...AROUND, viewer([]), healthy({ lastIngest: JOB }), sent]);

  const failed = within(await screen.findByRole("region", { name: "Symbols that failed" })).getAllByRole("row");
  expect(failed[1]!.textContent).toBe("XYZ.AXNo answer in time · YahooYahoo did not answer.5can help");
  expect(failed[2]!.textContent).toContain("will not help");
  expect(screen.getByText("198 of 200 symbols came through; 2 failed.")).toBeTruthy();

  await userEvent.click(screen.getByRole("button", { name: "Try 1 symbol again" }));
  const dialog = screen.getByRole("dialog");
  expect(within(dialog).getByRole("button", { name: "Remove XYZ.AX" })).toBeTruthy();
  await userEvent.click(within(dialog).getByRole("button", { name: "Fetch" }));
  expect((await within(dialog).findByRole("alert")).textContent).toContain("Too many jobs are open");
});

test("a server out of reach is said so, and may be tried again", async () => {
  const broken = {
    request: { query: DataHealthDocument, variables: { universe: null } },
    error: new TypeError("Failed to fetch"),
  };
  renderPage(<DataPage />, [...AROUND, viewer([]), broken, healthy()]);

  expect((await screen.findByRole("alert")).textContent).toContain("The server cannot be reached");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));

  await screen.findByRole("region", { name: "Coverage by symbol" });
});

test("where all of an index failed, ten rows are shown at a time", async () => {
  const failed = Array.from({ length: 12 }, (_, number) => ({ ...FAILED, symbol: `S${number}.AX` }));
  const down = { ...JOB, subject: { ...JOB.subject, failed } } as typeof JOB;
  renderPage(<DataPage />, [...AROUND, viewer([]), healthy({ lastIngest: down })]);
  const region = () => screen.getByRole("region", { name: "Symbols that failed" });
  await screen.findByRole("region", { name: "Symbols that failed" });
  const symbols = () =>
    within(region())
      .getAllByRole("rowheader")
      .map((each) => each.textContent);

  expect(symbols().length).toBe(10);
  const pages = screen.getByText("1–10 of 12").closest("nav")!;
  await userEvent.click(within(pages).getByRole("button", { name: "Next" }));
  expect(symbols()).toEqual(["S10.AX", "S11.AX"]);
  expect(within(pages).getByRole("button", { name: "Next" }).hasAttribute("disabled")).toBe(true);
});
