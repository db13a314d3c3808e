import type { PortfolioQuery } from "../graphql/generated";
import { day, money, NOTHING, percent, ratio } from "../ui/format";
import { change, gain, orNothing, tone } from "./amounts";
import { Tile, Tiles } from "./Tile";

type Books = PortfolioQuery["portfolio"];

/** Value, gains and returns; an undefined figure says why. */
export function Returns({ portfolio }: { portfolio: Books }) {
  const { currency, metrics } = portfolio;
  const reasons = (metrics?.undefined ?? {}) as Record<string, string>;
  // The value leaves out what has no price, so that what was paid for it would look lost.
  const known = portfolio.missingPrices.length === 0;
  const total = known ? Number(portfolio.totalValue) - Number(portfolio.netDeposits) : null;
  return (
    <Tiles label="Key figures">
      <Tile label="Value" tip="Cash and market values at the end of the day." note={day(portfolio.validAt)}>
        {money(portfolio.totalValue, currency, 2)}
      </Tile>
      <Tile
        label="Gain"
        tip="Value less what was paid in, net of what was taken out."
        note={known ? `on ${money(portfolio.netDeposits, currency, 2)} paid in` : "a holding has no price or no rate"}
        tone={tone(total?.toFixed(2))}
      >
        {orNothing(total, (amount) => gain(amount, currency))}
      </Tile>
      <Tile label="Cash" tip="Deposits, withdrawals, trades with their costs, dividends.">
        {money(portfolio.cash, currency, 2)}
      </Tile>
      <Tile label="Invested" tip="Market value of what is held; short positions count below zero.">
        {money(portfolio.invested, currency, 2)}
      </Tile>
      <Tile
        label="Realised"
        tip="Profit of closed trades after costs, each side at the exchange rate of its day."
        note={`and ${money(portfolio.dividends, currency, 2)} of dividends`}
        tone={tone(portfolio.realisedPnl)}
      >
        {gain(portfolio.realisedPnl, currency)}
      </Tile>
      <Tile
        label="Unrealised"
        tip="Gain of what is held at the last known prices, entry commissions taken off."
        tone={tone(portfolio.unrealisedPnl)}
      >
        {gain(portfolio.unrealisedPnl, currency)}
      </Tile>
      <Tile
        label="Time-weighted return"
        tip="Growth of one unit of money that stayed throughout: what the decisions earned, whenever money came and went."
        note={reasons.timeWeightedReturn ?? "since the beginning"}
        tone={tone(portfolio.timeWeightedReturn)}
      >
        {orNothing(portfolio.timeWeightedReturn, change)}
      </Tile>
      <Tile
        label="Money-weighted return"
        tip="The rate your money earned, given when it came and went (XIRR). In the first year it is not per annum."
        note={reasons.moneyWeightedReturn ?? "a year, once there is one"}
        tone={tone(portfolio.moneyWeightedReturn)}
      >
        {orNothing(portfolio.moneyWeightedReturn, change)}
      </Tile>
      <Risk metrics={metrics} />
    </Tiles>
  );
}

function Risk({ metrics }: { metrics: Books["metrics"] }) {
  const why = ((metrics?.undefined ?? {}) as Record<string, string>).sharpe;
  return (
    <>
      <Tile
        label="Sharpe"
        tip="Annual return per unit of volatility, over a cash rate of zero, at the last snapshot."
        note={metrics?.sharpe == null ? why : `${metrics.sessions} days, in AUD`}
      >
        {orNothing(metrics?.sharpe, ratio)}
      </Tile>
      <Tile
        label="Deepest drawdown"
        tip="Deepest fall of the time-weighted value from its peak, at the last snapshot."
        note={metrics?.volatility == null ? "" : `volatility ${percent(metrics.volatility)} a year`}
        tone={tone(metrics?.maxDrawdown)}
      >
        {metrics?.maxDrawdown == null ? NOTHING : percent(metrics.maxDrawdown)}
      </Tile>
    </>
  );
}
