"""Books and a small market to plan against, and how a plan is asked for."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from api.services.jobs import perform
from api.services.plan_strategy import plan_strategy
from api.services.plan_terms import Asset
from api.services.publish_plan import publish_plan
from api.services.work import Steps
from models.backtests import BacktestRepository
from models.cash_flows import CashFlowRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import AssetClass, Exchange
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository, FxRow
from models.session import unit_of_work
from models.trades import TradeRepository
from tests.api.finished import SUMMARY, finish_backtest
from tests.api.job_rows import FAST
from tests.factories import make_bar, make_cash_flow, make_instrument, make_trade

FRIDAY = date(2024, 3, 1)
MONDAY = date(2024, 3, 4)
PLAN = """
mutation Plan($input: PlanRebalanceInput!) {
  planRebalance(input: $input) {
    plan { ...All }
    job { id kind status }
    userErrors { code field reason message }
  }
}
"""
READ = "query Read($id: ID!) { rebalancePlan(id: $id) { ...All } }"
OF_JOB = (
    "query OfJob($id: ID!) { job(id: $id) { status error { code message } subject { ...All } } }"
)
ALL = """
fragment All on RebalancePlan {
  id asOf decisionBar knownAt equity cashBefore cashAfter totalCosts turnover warnings csv
  lines {
    symbol currency held currentWeight targetWeight side quantity estimatedPrice priceOn
    estimatedValue estimatedCost skipped
  }
}
"""


def share(symbol="BHP.AX", price="20", held="0", **given) -> Asset:
    """Return what a plan knows of one holding or purchase."""
    usual = {"symbol": symbol, "price": Decimal(price), "held": Decimal(held), "price_on": FRIDAY}
    return Asset(**usual | given)


async def planned(ask, input, **more):
    body = await ask(PLAN + ALL, input=input, **more)
    assert "errors" not in body, body
    return body["data"]["planRebalance"]


async def read_plan(ask, plan_id, **more):
    return (await ask(READ + ALL, id=plan_id, **more))["data"]["rebalancePlan"]


async def plan_of_job(ask, job_id):
    return (await ask(OF_JOB + ALL, id=job_id))["data"]["job"]


async def perform_plan(app, job_id):
    """Do the job in this process, as a worker would."""

    async def work(job, pulse):
        return await plan_strategy(job, pulse, sessions=app.sessions, store=app.store)

    steps = {"PLAN": Steps(work=work, publish=publish_plan)}
    await perform(job_id, steps, app.sessions, timing=FAST)


async def write_books(sessions, *, deposit="20000", **held) -> None:
    """Deposit an amount, then hold so many of each share, bought for 10 dollars without fees."""
    async with unit_of_work(sessions) as session:
        if deposit is not None:
            await CashFlowRepository(session).add(make_cash_flow(amount=Decimal(deposit)))
        for name, quantity in held.items():
            await TradeRepository(session).add(
                make_trade(
                    symbol=name.replace("_", "."),
                    instrument_id=await _id_of(session, name.replace("_", ".")),
                    quantity=Decimal(quantity),
                    entry_price=Decimal(10),
                    commission=Decimal(0),
                )
            )


async def _id_of(session, symbol):
    found = await InstrumentRepository(session).by_symbols([symbol])
    return found[0].id if found else None


async def write_shares(sessions) -> dict[str, int]:
    """Two Australian shares at 20 and 100 dollars, an American one at 150, an index."""
    australian = {"exchange": Exchange.XASX, "currency": "AUD", "fields": ["close", "actions"]}
    shares = [
        make_instrument("BHP.AX", **australian),
        make_instrument("CBA.AX", **australian),
        make_instrument("AAPL", exchange=Exchange.XNAS, fields=["close", "actions"]),
        make_instrument(
            "^AXJO", asset_class=AssetClass.INDEX, exchange=Exchange.INDEX, currency="AUD"
        ),
    ]
    closes = dict(
        zip(("BHP.AX", "CBA.AX", "AAPL", "^AXJO"), (20.0, 100.0, 150.0, 7700.0), strict=True)
    )
    async with unit_of_work(sessions) as session:
        ids = await InstrumentRepository(session).upsert(shares)
        days = [FRIDAY - timedelta(days=back) for back in (2, 1, 0)]
        bars = [
            make_bar(ids[symbol], day, None, close=close, volume=10_000.0)
            for symbol, close in closes.items()
            for day in days
        ]
        await PriceBarRepository(session).write(bars)
        known = datetime(2024, 3, 1, 16, tzinfo=UTC)
        await FxRateRepository(session).write([FxRow("AUDUSD", FRIDAY, 0.625, "test", known)])
        prints = FingerprintRepository(session)
        await prints.refresh(Scope.BARS, list(ids.values()))
        await prints.refresh(Scope.FX, ["AUDUSD"])
    return ids


async def finished_run(app, weights, *, decided_at="2024-03-01T21:00:00+00:00", **given):
    """A run that has succeeded and whose last decision wanted these weights."""
    symbols = given.pop("symbols", ["BHP.AX", "CBA.AX", "AAPL"])
    costs = {"commission_flat": 3.0, "slippage_bps": 0.0, "fx_spread_bps": 0.0}
    run = await finish_backtest(
        app, **{"universe_key": None, "symbols": symbols, "currency": "AUD", "costs": costs} | given
    )
    targets = {"decided_at": decided_at, "weights": weights}
    async with unit_of_work(app.sessions) as session:
        await BacktestRepository(session).publish(
            run.id,
            result_prefix="results/x/1/",
            summary=SUMMARY | {"targets": targets},
            sharpe=1.0,
            cagr=0.1,
            max_drawdown=-0.1,
        )
    return f"backtest_{run.id}"
