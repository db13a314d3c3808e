import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { Diagnostics } from "./Diagnostics";

const FOUND = {
  meta_label: {
    events: 412,
    auc: 0.53128,
    brier: null,
    calibration: "isotonic",
    reliability: [
      { from: 0, count: 40, predicted: 0.4512, observed: null },
      { from: 0.5, count: 12, predicted: 0.6, observed: -0.25 },
    ],
  },
};

test("figures and tables of any topic are shown as they were measured", () => {
  render(<Diagnostics run={{ diagnostics: FOUND }} />);

  expect(screen.getByRole("heading", { name: "Meta label" })).toBeDefined();
  expect(screen.getAllByRole("term").map((name) => name.textContent)).toEqual([
    "Events",
    "AUC",
    "Brier",
    "Calibration",
  ]);
  const figures = screen.getAllByRole("definition").map((figure) => figure.textContent);
  expect(figures).toEqual(["412", "0.5313", "—", "Isotonic"]);
  const rows = within(screen.getByRole("table", { name: "Reliability" })).getAllByRole("row");
  expect(
    rows.map((row) =>
      within(row)
        .queryAllByRole("cell")
        .map((cell) => cell.textContent),
    ),
  ).toEqual([[], ["0", "40", "0.4512", "—"], ["0.5", "12", "0.6", "−0.25"]]);
});

test("a matrix keeps its rows apart and names within a figure are words", () => {
  const regime = {
    transition: [
      [0.9, 0.1],
      [0.25, 0.75],
    ],
    shares: { inverse_vol: 0.3, cash: 0 },
    last_switch: "2019-03-01",
    converged: true,
  };
  render(<Diagnostics run={{ diagnostics: { regime } }} />);

  expect(screen.getAllByRole("definition").map((figure) => figure.textContent)).toEqual([
    "0.9, 0.1; 0.25, 0.75",
    "Inverse vol 0.3, Cash 0",
    "1 Mar 2019",
    "Yes",
  ]);
});

test("figures of each of several names are a table, what is grouped among them a column each", () => {
  const held = {
    GE: { score: 2.27, betas: { SMB: -0.7, HML: 0.35 }, months: 36 },
    "BRK-B": { score: null, betas: { SMB: 0.1, HML: 0.2 }, months: 36 },
  };
  render(<Diagnostics run={{ diagnostics: { residual_momentum: { factors: "FF3", held } } }} />);

  const rows = within(screen.getByRole("table", { name: "Held" })).getAllByRole("row");
  expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ["Name", "Score", "SMB", "HML", "Months"],
    ["GE", "2.27", "−0.7", "0.35", "36"],
    ["BRK-B", "—", "0.1", "0.2", "36"],
  ]);
});

test("a figure has no more digits than say something", () => {
  const found = { capital: 2206.7341, block: 11.4628, ratio: -0.03254, share: 412.55 };
  render(<Diagnostics run={{ diagnostics: { found } }} />);

  const figures = screen.getAllByRole("definition").map((figure) => figure.textContent);
  expect(figures).toEqual(["2,207", "11.46", "−0.0325", "412.6"]);
});

test("shares are told as such, and a long table stays folded", () => {
  const tried = Array.from({ length: 9 }, (_, at) => ({ capital: 1000 * (at + 1), excess_growth: 0.01 * at }));
  const found = {
    model: { net_cagr: 0.1571, paid_bps: 11.02 },
    bootstrap: { level: 0.95, max_drawdown: [-0.31, -0.1] },
  };
  render(<Diagnostics run={{ diagnostics: { ...found, smallest_viable_capital: { tried } } }} />);

  const figures = screen.getAllByRole("definition").map((figure) => figure.textContent);
  expect(figures).toEqual(["15.7%", "11.02", "0.95", "−31.0% to −10.0%"]);
  expect(screen.getByText("Tried: 9 rows").closest("details")?.open).toBe(false);
});

test("names stand at the left of their figures, a Sharpe ratio has the digits of the key figures", () => {
  const portfolios = { this_run: { sharpe: 0.47377 }, buy_and_hold: { sharpe: 0.57111 } };
  render(<Diagnostics run={{ diagnostics: { yardsticks: { portfolios } } }} />);

  const [name, sharpe] = within(screen.getByRole("row", { name: /^Buy and hold/ })).getAllByRole("cell");
  expect(name!.className).not.toBe(sharpe!.className);
  expect(sharpe!.textContent).toBe("0.57");
});

test.each([null, undefined, {}, { meta_label: {} }, []])("nothing measured shows nothing", (diagnostics) => {
  const { container } = render(<Diagnostics run={{ diagnostics }} />);

  expect(container.childElementCount).toBe(0);
});
