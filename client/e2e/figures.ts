import type { Page } from "playwright-core";
import { expect } from "vitest";
import { graphql } from "./browser";

export const FIGURES = `query Figures($id: ID!) { backtest(id: $id) {
  currency
  metrics { totalReturn cagr volatility sharpe sortino calmar omega maxDrawdown maxDrawdownDays averageDrawdown var95 cvar95 skew excessKurtosis tailRatio hitRate
    profitFactor averageWin averageLoss bestDay worstDay alpha beta informationRatio trackingError turnover exposure tradeCount totalCosts costDrag finalValue sessions sessionsAYear maxDrawdownSessions
    meanReturn downsideDeviation ulcerIndex maxDrawdownFallDays maxDrawdownFallSessions maxDrawdownRecoveryDays maxDrawdownRecoverySessions
    tradeHitRate payoffRatio expectancy sqn bestMonth worstMonth bestYear worstYear longestWinningRun longestLosingRun
    alphaTStat correlation rSquared upCapture downCapture timeInvested averageHoldings effectiveHoldings undefined }
  overfitting { psr deflatedSharpe trials }
  orders(first: 1) { totalCount }
} }`;

export type Figures = {
  backtest: {
    currency: string;
    metrics: Record<string, number | string | null>;
    overfitting: { psr: number | null; deflatedSharpe: number | null; trials: number };
    orders: { totalCount: number };
  };
};

/** Each figure on the page: the unrounded value it was given. */
const figuresOf = (page: Page) =>
  page
    .locator(
      "table [data-metric], [aria-label='Key figures'] > div > span:nth-child(2) [data-metric], [data-metric='trials']",
    )
    .evaluateAll((cells) =>
      cells
        .filter((cell) => !cell.closest("td")?.matches("td:nth-child(3)"))
        .map((cell) => {
          const { metric = "", value = "" } = (cell as HTMLElement).dataset;
          return [metric, value, cell.textContent ?? ""] as const;
        }),
    );

/** Hold every figure on the page against the API, both what it was given and what it shows. */
export async function expectSameFigures(page: Page, id: string) {
  await page.getByRole("button", { name: "All figures" }).click();
  const { backtest } = await graphql<Figures>(FIGURES, { id });
  const { undefined: reasons, ...metrics } = backtest.metrics;
  const known = Object.entries({ ...metrics, ...backtest.overfitting }).filter(([, value]) => value !== null);
  const figures = await figuresOf(page);

  expect(Object.fromEntries(figures.map(([name, value]) => [name, value]))).toEqual(
    Object.fromEntries(known.map(([name, value]) => [name, String(value)])),
  );
  expect(figures.filter(([, value, text]) => !sameNumber(value, text))).toEqual([]);
  expect(Object.keys(reasons as unknown as object).length).toBe(
    Object.values(metrics).filter((value) => value === null).length,
  );
}

/** The words shown are the value, as a percentage or as it is, to the digits written. */
function sameNumber(value: string, text: string): boolean {
  if (text.startsWith("over 99.9%")) return Number(value) >= 0.9995;
  if (text.startsWith("under 0.1%")) return Number(value) < 0.0005;
  const [, digits = "", percent = ""] = /^([−\d.,]+)(%?)/.exec(text) ?? [];
  const shown = Number(digits.replace("−", "-").replace(/,/g, "")) / (percent ? 100 : 1);
  const decimals = digits.split(".")[1]?.length ?? 0;
  return Math.abs(shown - Number(value)) <= (0.5 * 10 ** -decimals) / (percent ? 100 : 1) + 1e-9;
}
