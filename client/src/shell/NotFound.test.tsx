import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { renderPage } from "../testing/render";
import { NotFound } from "./NotFound";

test.each([
  ["page", "/"],
  ["backtest", "/backtests"],
  ["sweep", "/sweeps"],
  ["walk-forward", "/sweeps"],
  ["scan", "/scanner"],
] as const)("who looked for a %s is led to %s", (what, to) => {
  renderPage(<NotFound what={what} />, []);
  expect(screen.getByRole("link").getAttribute("href")).toBe(to);
});

test.each([
  ["backtest", true],
  ["page", false],
  ["strategy", false],
] as const)("what is not found may be somebody else's: %s, %s", (what, owned) => {
  renderPage(<NotFound what={what} />, []);
  expect(screen.queryByText(/belong to somebody else/) !== null).toBe(owned);
});
