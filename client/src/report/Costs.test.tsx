import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { Costs } from "./Costs";

const FOUND = {
  growth_before_costs: 0.094,
  growth_after_costs: 0.081,
  total_return_before_costs: 1.4,
  total_return_after_costs: 1.1,
  sharpe_before_costs: 0.71,
  sharpe_after_costs: null,
  traded_times_capital: 12.34,
  paid_bps: 81.25,
  break_even_bps: 1137.4,
};

test("figures before and after costs stand side by side, with the cost that would leave nothing", () => {
  render(<Costs run={{ diagnostics: { costs: FOUND } }} />);

  const rows = screen.getAllByRole("row").map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows).toEqual([
    ["Figure", "Before", "After"],
    ["Total return", "140.0%", "110.0%"],
    ["CAGR", "9.4%", "8.1%"],
    ["Sharpe ratio", "0.71", "—"],
  ]);
  const figures = screen.getAllByRole("definition").map((figure) => figure.textContent);
  expect(figures).toEqual(["12.3 × capital", "81.3 bps", "1,137.4 bps"]);
});

test.each([null, {}, { costs: {} }])("a run that measured none shows nothing", (diagnostics) => {
  const { container } = render(<Costs run={{ diagnostics }} />);

  expect(container.childElementCount).toBe(0);
});
