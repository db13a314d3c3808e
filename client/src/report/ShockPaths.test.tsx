import { render, screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ShockPathsPartFragment } from "../graphql/generated";
import { ShockPaths } from "./ShockPaths";

type Row = ShockPathsPartFragment["shockPaths"][number];

const row = (key: string, changes: Partial<Row> = {}): Row => ({
  scenario: { key, name: key, description: "What happens." } as Row["scenario"],
  covered: true,
  reason: null,
  draws: 8,
  benchmarkReturn: -0.35,
  atTrough: -0.21,
  atTroughSpan: [-0.25, -0.18],
  atEnd: 0.03,
  atEndSpan: [-0.01, 0.07],
  maxDrawdown: -0.22,
  turnover: 0.24,
  costs: 0.0041,
  ...changes,
});
const none = { atTrough: null, atTroughSpan: null, atEnd: null, atEndSpan: null, maxDrawdown: null };
const refused = { covered: false, draws: 0, ...none, benchmarkReturn: null, turnover: null, costs: null };

test("each shock tells the median of its draws and how far they lie apart", () => {
  render(<ShockPaths run={{ shockPaths: [row("Crash")] }} />);

  const [, crash] = screen.getAllByRole("row");
  expect([...crash!.children].slice(1).map((cell) => cell.textContent)).toEqual([
    "−35.0%",
    "−21.0%−25.0% to −18.0%",
    "3.0%−1.0% to 7.0%",
    "−22.0%",
    "24.0%",
    "0.41%",
  ]);
  expect(screen.getByText(/drawn 8 times/)).toBeTruthy();
});

test("shocks without figures say why, those of one reason together", () => {
  const why = { ...refused, reason: "how VIX would move under a shock is not guessed" };
  render(<ShockPaths run={{ shockPaths: [row("Crash", why), row("Bear", why)] }} />);

  expect(screen.queryByRole("table")).toBeNull();
  expect(screen.getByText("Crash, Bear: How VIX would move under a shock is not guessed.")).toBeTruthy();
});

test("a figure that is not known is a dash", () => {
  render(<ShockPaths run={{ shockPaths: [row("Crash", { benchmarkReturn: null })] }} />);

  expect(within(screen.getByRole("table")).getByText("—")).toBeTruthy();
});

test("nothing is shown before anything was found", () => {
  const { container } = render(<ShockPaths run={{ shockPaths: [] }} />);

  expect(container.childElementCount).toBe(0);
});
