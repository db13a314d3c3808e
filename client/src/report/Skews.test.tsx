import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { Diagnostics } from "./Diagnostics";
import { Skews } from "./Skews";

const row = (skew: number, cagr: number | null) => ({
  skew,
  total_return: 0.25,
  cagr,
  volatility: 0.05,
  sharpe: 0.5,
  max_drawdown: -0.1,
  positions_closed: 36,
});
const FOUND = {
  option_skews: {
    positions_not_opened: { too_small: 3, brand_new: 1 },
    runs: [row(0, 0.05), row(-0.18, 0.04), row(-0.27, null)],
  },
};

test("a run on modelled prices says so and shows itself at three slopes", () => {
  render(<Skews run={{ diagnostics: FOUND }} />);

  expect(screen.getByText("modelled option prices")).toBeDefined();
  const rows = within(screen.getByRole("table")).getAllByRole("row").slice(1);
  expect(rows.map((one) => within(one).getByRole("rowheader").textContent)).toEqual([
    "0.00",
    "−0.18 (this run)",
    "−0.27",
  ]);
  expect(rows.map((one) => within(one).getAllByRole("cell")[1]!.textContent)).toEqual(["5.00%", "4.00%", "—"]);
  expect(screen.getAllByText(/^Not opened, because/).map((one) => one.textContent)).toEqual([
    "Not opened, because the account was too small for one contract: 3",
    "Not opened, because Brand new: 1",
  ]);
});

test.each([null, undefined, {}, { meta_label: { auc: 0.5 } }])(
  "a run on prices alone shows none of it",
  (diagnostics) => {
    const { container } = render(<Skews run={{ diagnostics }} />);

    expect(container.childElementCount).toBe(0);
  },
);

test("the slopes are not shown a second time among the diagnostics", () => {
  const { container } = render(<Diagnostics run={{ diagnostics: FOUND }} />);

  expect(container.childElementCount).toBe(0);
});
