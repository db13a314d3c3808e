import type { MetricsPartFragment } from "../graphql/generated";
import { decimal, integer, percent, ratio } from "../ui/format";

export type MetricName = Exclude<keyof MetricsPartFragment, "undefined">;
export type Unit = "percent" | "ratio" | "count" | "money";
export type MetricSpec = { name: MetricName; label: string; unit: Unit; per?: string; definition: string };

const metric = (name: MetricName, label: string, unit: Unit, definition: string, per?: string): MetricSpec => ({
  name,
  label,
  unit,
  definition,
  ...(per && { per }),
});

export type MetricGroup = { title: string; alone?: true; metrics: MetricSpec[] };

/** A group that is `alone` has no counterpart of the benchmark. */
export const GROUPS: MetricGroup[] = [
  {
    title: "Return",
    metrics: [
      metric("totalReturn", "Total return", "percent", "Final value over initial capital, less one, after all costs."),
      metric(
        "cagr",
        "CAGR",
        "percent",
        "Compound annual growth rate: the constant yearly return that gives the same final value.",
        "p.a.",
      ),
      metric(
        "meanReturn",
        "Mean return",
        "percent",
        "Arithmetic mean of session returns times 252: above the CAGR by what their swings cost.",
        "p.a.",
      ),
      metric(
        "finalValue",
        "Final value",
        "money",
        "What the initial capital had become at the last close, after all costs.",
      ),
      metric("sessions", "Sessions", "count", "Trading sessions in the run."),
      metric(
        "sessionsAYear",
        "Sessions a year",
        "ratio",
        "Sessions of the run over its calendar years. Figures are annualised by 252 whatever it had: where it had many more, as coins do, volatility and ratios are understated.",
      ),
    ],
  },
  {
    title: "Sessions, months and years",
    metrics: [
      metric("hitRate", "Sessions won", "percent", "Share of sessions with a gain, among those that moved."),
      metric("bestDay", "Best session", "percent", "Highest return of one session."),
      metric("worstDay", "Worst session", "percent", "Lowest return of one session."),
      metric("bestMonth", "Best month", "percent", "Highest return of a calendar month, the first and last in part."),
      metric("worstMonth", "Worst month", "percent", "Lowest return of a calendar month, the first and last in part."),
      metric("bestYear", "Best year", "percent", "Highest return of a calendar year, the first and last in part."),
      metric("worstYear", "Worst year", "percent", "Lowest return of a calendar year, the first and last in part."),
      metric(
        "longestWinningRun",
        "Longest winning run",
        "count",
        "Most sessions in a row with a return above zero.",
        "sessions",
      ),
      metric(
        "longestLosingRun",
        "Longest losing run",
        "count",
        "Most sessions in a row with a return below zero.",
        "sessions",
      ),
    ],
  },
  {
    title: "Risk",
    metrics: [
      metric(
        "volatility",
        "Volatility",
        "percent",
        "Standard deviation of session returns, annualised with 252 sessions.",
        "p.a.",
      ),
      metric(
        "downsideDeviation",
        "Downside deviation",
        "percent",
        "Root mean square of how far session returns fell short of the risk-free rate, over all sessions, annualised.",
        "p.a.",
      ),
      metric("var95", "Value at risk, 95%", "percent", "Loss that 95% of sessions stay within, as a positive number."),
      metric(
        "cvar95",
        "Expected shortfall, 95%",
        "percent",
        "Mean loss of the worst 5% of sessions, as a positive number.",
      ),
      metric(
        "skew",
        "Skewness",
        "ratio",
        "Asymmetry of session returns: negative means that big losses are commoner than big gains.",
      ),
      metric(
        "excessKurtosis",
        "Excess kurtosis",
        "ratio",
        "Weight of the tails of session returns beyond that of a normal distribution.",
      ),
      metric(
        "tailRatio",
        "Tail ratio",
        "ratio",
        "95th percentile of session returns over the size of the 5th: above one, good surprises are the bigger.",
      ),
    ],
  },
  {
    title: "Drawdown",
    metrics: [
      metric(
        "maxDrawdown",
        "Max drawdown",
        "percent",
        "Deepest fall of the equity from a running peak; zero or below.",
      ),
      metric(
        "maxDrawdownDays",
        "Peak to recovery",
        "count",
        "Calendar days from the peak of the deepest drawdown until it was reached again, or until the end of the run.",
        "days",
      ),
      metric(
        "maxDrawdownSessions",
        "Peak to recovery",
        "count",
        "Trading sessions from the peak of the deepest drawdown until it was reached again, or until the end of the run.",
        "sessions",
      ),
      metric(
        "maxDrawdownFallDays",
        "Peak to trough",
        "count",
        "Calendar days from the peak of the deepest drawdown to its trough.",
        "days",
      ),
      metric(
        "maxDrawdownFallSessions",
        "Peak to trough",
        "count",
        "Trading sessions from the peak of the deepest drawdown to its trough.",
        "sessions",
      ),
      metric(
        "maxDrawdownRecoveryDays",
        "Trough to recovery",
        "count",
        "Calendar days from the trough of the deepest drawdown until its peak was reached again.",
        "days",
      ),
      metric(
        "maxDrawdownRecoverySessions",
        "Trough to recovery",
        "count",
        "Trading sessions from the trough of the deepest drawdown until its peak was reached again.",
        "sessions",
      ),
      metric("averageDrawdown", "Average drawdown", "percent", "Mean depth of all drawdowns; zero or below."),
      metric(
        "ulcerIndex",
        "Ulcer index",
        "percent",
        "Root mean square of every session's drawdown: deep and long falls weigh most.",
      ),
    ],
  },
  {
    title: "Return for the risk",
    metrics: [
      metric(
        "sharpe",
        "Sharpe ratio",
        "ratio",
        "Mean excess return over its volatility, annualised. The excess is over the risk-free rate.",
      ),
      metric(
        "sortino",
        "Sortino ratio",
        "ratio",
        "Annual excess return over the downside deviation: only falls count as risk.",
      ),
      metric(
        "calmar",
        "Calmar ratio",
        "ratio",
        "CAGR over the maximum drawdown, without sign, both of the whole run; Young's own is of its last 36 months.",
      ),
      metric("omega", "Omega ratio", "ratio", "Sum of the sessions' gains over the sum of their losses."),
    ],
  },
  {
    title: "Against the benchmark",
    alone: true,
    metrics: [
      metric(
        "alpha",
        "Alpha",
        "percent",
        "Annual return beyond what the exposure to the benchmark explains (intercept of the regression of excess returns).",
        "p.a.",
      ),
      metric(
        "alphaTStat",
        "Alpha, t-statistic",
        "ratio",
        "Alpha over its standard error (Newey and West, lag of 5 sessions); beyond 2 either way is rare by chance in a single trial, and less rare among many.",
      ),
      metric("beta", "Beta", "ratio", "How much the run moves when the benchmark moves by one."),
      metric("correlation", "Correlation", "ratio", "Of session returns with the benchmark's, from −1 to 1."),
      metric(
        "rSquared",
        "R²",
        "percent",
        "Share of the variance of excess returns that the regression on the benchmark explains.",
      ),
      metric(
        "upCapture",
        "Up capture",
        "percent",
        "Mean monthly return over the benchmark's, in the months in which the benchmark rose; geometric means.",
      ),
      metric(
        "downCapture",
        "Down capture",
        "percent",
        "Mean monthly return over the benchmark's, in the months in which the benchmark fell; below 100% the run lost less.",
      ),
      metric("trackingError", "Tracking error", "percent", "Volatility of the return against the benchmark.", "p.a."),
      metric(
        "informationRatio",
        "Information ratio",
        "ratio",
        "Mean active return against the benchmark over the tracking error, annualised.",
      ),
    ],
  },
  {
    title: "Closed round trips",
    alone: true,
    metrics: [
      metric("tradeHitRate", "Hit rate", "percent", "Share of closed round trips with a profit, net of every fee."),
      metric(
        "averageWin",
        "Average win",
        "percent",
        "Mean return of the closed round trips that won: from buying a holding to having sold it.",
      ),
      metric("averageLoss", "Average loss", "percent", "Mean return of the closed round trips that lost."),
      metric("payoffRatio", "Payoff ratio", "ratio", "Average win over the average loss, without sign."),
      metric(
        "profitFactor",
        "Profit factor",
        "ratio",
        "Gains of the closed round trips that won over the losses of those that lost.",
      ),
      metric(
        "expectancy",
        "Expectancy",
        "ratio",
        "Mean profit of the closed round trips, each in multiples of what its first stop put at risk.",
        "R",
      ),
      metric(
        "sqn",
        "System quality",
        "ratio",
        "Van Tharp's SQN: mean of those multiples over its standard error, which grows with their number.",
      ),
    ],
  },
  {
    title: "Trading and costs",
    alone: true,
    metrics: [
      metric("turnover", "Turnover", "percent", "One-way value traded over equity, per year.", "p.a."),
      metric("exposure", "Exposure", "percent", "Average share of the equity that was invested."),
      metric("timeInvested", "Time invested", "percent", "Share of sessions that closed with any position."),
      metric(
        "averageHoldings",
        "Average holdings",
        "ratio",
        "Mean number of positions at the close; sessions all in cash count as none.",
      ),
      metric(
        "effectiveHoldings",
        "Effective holdings",
        "ratio",
        "One over the sum of squared shares of what was invested: how many equal positions would be as concentrated.",
      ),
      metric("tradeCount", "Orders filled", "count", "Number of orders that were filled, whole or in part."),
      metric(
        "totalCosts",
        "Total costs",
        "money",
        "Commission, slippage, impact and currency spread over the whole run.",
      ),
      metric("costDrag", "Cost drag", "percent", "Return that costs took each year.", "p.a."),
    ],
  },
];

const WRITERS: Record<Unit, (value: number | string) => string> = {
  percent: (value) => percent(Number(value)),
  ratio: (value) => ratio(Number(value)),
  count: (value) => integer(Number(value)),
  money: (value) => integer(Number(value)),
};

export const write = (spec: MetricSpec, value: number | string) => WRITERS[spec.unit](value);

/** All the digits, for the tooltip: what the API said, unrounded. */
export const exact = (value: number | string) => (typeof value === "string" ? decimal(value) : String(value));

export function whyUndefined(reasons: unknown, name: string): string {
  const snake = name.replace(/([A-Z]|\d+)/g, "_$1").toLowerCase();
  const found = reasons as Record<string, string> | null;
  return found?.[name] ?? found?.[snake] ?? "the run is older than this figure";
}
