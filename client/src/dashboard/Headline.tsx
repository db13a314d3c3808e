import { change, gain, orNothing, tone } from "../portfolio/amounts";
import { Tile, Tiles } from "../portfolio/Tile";
import { day, money } from "../ui/format";
import type { Dashboard } from "./DashboardPage";

const AUD = (amount: string) => gain(amount, "AUD");
const UNKNOWN = "a price or a rate is missing";
const STALE = "nothing held was priced in it";

export function Headline({ dashboard }: { dashboard: Dashboard }) {
  const { portfolio, lastSession } = dashboard;
  const reasons = (portfolio.metrics?.undefined ?? {}) as Record<string, string>;
  const why = portfolio.missingPrices.length ? UNKNOWN : STALE;
  return (
    <Tiles label="Key figures">
      <Tile label="Value" tip="Cash and market values at the last known prices.">
        {money(portfolio.totalValue, "AUD", 2)}
      </Tile>
      <Tile
        label="Last session"
        tip="Gain of the last day on which a price or a trade changed the value; deposits and withdrawals are not gains."
        note={lastSession ? day(lastSession) : "no price or trade yet"}
        tone={tone(dashboard.todayPnl)}
      >
        {orNothing(dashboard.todayPnl, AUD)}
      </Tile>
      <Tile
        label="7 days"
        tip="Gain of the last 7 days, deposits and withdrawals apart."
        note={dashboard.weekPnl === null ? why : ""}
        tone={tone(dashboard.weekPnl)}
      >
        {orNothing(dashboard.weekPnl, AUD)}
      </Tile>
      <Tile
        label="1 month"
        tip="Gain since this day of last month, deposits and withdrawals apart."
        note={dashboard.monthPnl === null ? why : ""}
        tone={tone(dashboard.monthPnl)}
      >
        {orNothing(dashboard.monthPnl, AUD)}
      </Tile>
      <Tile
        label="Time-weighted return"
        tip="Growth of one unit of money that stayed throughout."
        note={reasons.timeWeightedReturn ?? "since the beginning"}
        tone={tone(portfolio.timeWeightedReturn)}
      >
        {orNothing(portfolio.timeWeightedReturn, change)}
      </Tile>
      <Tile
        label="Money-weighted return"
        tip="The rate your money earned, given when it came and went (XIRR)."
        note={reasons.moneyWeightedReturn ?? "a year, once there is one"}
        tone={tone(portfolio.moneyWeightedReturn)}
      >
        {orNothing(portfolio.moneyWeightedReturn, change)}
      </Tile>
    </Tiles>
  );
}
