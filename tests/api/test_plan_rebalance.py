"""Plans against real books: from a finished run at once, from a strategy by a job."""

import csv
import io
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from api.services.plan_csv import broker_csv
from api.services.portfolio_days import today
from models.corporate_actions import CorporateActionRepository
from models.price_bars import PriceBarRepository
from models.rebalance_plan import RebalancePlan
from models.session import unit_of_work
from tests.api.finished import finish_backtest
from tests.api.rebalancing import (
    MONDAY,
    finished_run,
    planned,
    read_plan,
    write_books,
    write_shares,
)
from tests.api.submitting import rows
from tests.factories import STRANGER, make_bar, make_delisting, make_plan, make_split


def order(plan, symbol):
    line = next(each for each in plan["lines"] if each["symbol"] == symbol)
    return line["side"], line["quantity"]


async def test_a_finished_run_is_planned_at_once(ask, app):
    await write_shares(app.sessions)
    # 20,000 in, 2,000 spent: 200 BHP at 20 are 4,000 of 22,000.
    await write_books(app.sessions, BHP_AX="200")
    run = await finished_run(app, {"CBA.AX": 0.5, "AAPL": 0.25})

    told = await planned(ask, {"backtest": run, "asOf": "2024-03-04"})

    plan = told["plan"]
    assert (told["userErrors"], told["job"]) == ([], None)
    assert (plan["equity"], plan["cashBefore"]) == ("22000.00", "18000.00")
    # Three orders keep back 9 dollars: floor(0.5 * 21991 / 100), floor(0.25 * 21991 / 240).
    assert order(plan, "BHP.AX") == ("SELL", "200")
    assert order(plan, "CBA.AX") == ("BUY", "109")
    assert order(plan, "AAPL") == ("BUY", "22")
    assert plan["totalCosts"] == "9.00"
    assert plan["cashAfter"] == "5811.00"  # 18000 + 4000 - 10900 - 5280 - 9
    assert plan["turnover"] == pytest.approx(16180 / 22000)
    assert plan["decisionBar"] == "2024-03-01T21:00:00Z"
    assert [(each["symbol"], each["priceOn"]) for each in plan["lines"]] == [
        ("BHP.AX", "2024-03-01"),
        ("CBA.AX", "2024-03-01"),
        ("AAPL", "2024-03-01"),
    ]
    assert plan["lines"][2]["estimatedPrice"] == "150"
    assert plan["lines"][2]["currency"] == "USD"
    assert plan["warnings"] == []
    assert await read_plan(ask, plan["id"]) == plan


async def test_the_broker_gets_the_orders_and_nothing_else(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="200", CBA_AX="20")
    run = await finished_run(app, {"CBA.AX": 0.0900, "AAPL": 0.25})

    plan = (
        await planned(
            ask, {"backtest": run, "asOf": "2024-03-04", "constraints": {"noTradeBand": 0.02}}
        )
    )["plan"]

    table = list(csv.DictReader(io.StringIO(plan["csv"])))
    assert [(each["Symbol"], each["Side"], each["Quantity"]) for each in table] == [
        ("AAPL", "BUY", "24"),
        ("BHP.AX", "SELL", "200"),
    ][::-1]
    assert table[1] == {
        "Symbol": "AAPL",
        "Side": "BUY",
        "Quantity": "24",
        "Order type": "MARKET",
        "Currency": "USD",
        "Estimated price": "150",
        "Price of": "2024-03-01",
        "Estimated value AUD": "5760.00",
        "Estimated cost AUD": "3.00",
    }
    kept = next(each for each in plan["lines"] if each["symbol"] == "CBA.AX")
    assert kept["skipped"] == "within the no-trade band of 2.00 %"


def test_a_symbol_is_no_formula():
    line = {"symbol": "=A1", "side": "BUY", "quantity": "1", "currency": "AUD", "price": "1"}
    line |= {"price_on": None, "value": "1.00", "cost": "0.00"}

    assert broker_csv(make_plan(lines=[line])).splitlines()[1].startswith("'=A1,")


async def test_a_bar_nobody_knows_yet_is_not_used(ask, app):
    """Dated on the day, known tomorrow: what the plan may not see, however it got in."""
    ids = await write_shares(app.sessions)
    await write_books(app.sessions)
    run = await finished_run(app, {"BHP.AX": 1.0})
    today = datetime.now(UTC)
    async with unit_of_work(app.sessions) as session:
        bars = [
            make_bar(ids["BHP.AX"], MONDAY, None, close=2.0, known_at=today + timedelta(days=1)),
        ]
        await PriceBarRepository(session).write(bars)

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]

    assert plan["lines"][0]["estimatedPrice"] == "20"
    assert plan["lines"][0]["priceOn"] == "2024-03-01"


async def test_today_ends_now(ask, app):
    """A bar of today that will be known in a minute is not known."""
    ids = await write_shares(app.sessions)
    await write_books(app.sessions)
    run = await finished_run(app, {"BHP.AX": 1.0})
    now = datetime.now(UTC)
    async with unit_of_work(app.sessions) as session:
        soon = now + timedelta(minutes=1)
        bar = make_bar(ids["BHP.AX"], now.date(), None, close=2.0, known_at=soon)
        await PriceBarRepository(session).write([bar])

    plan = (await planned(ask, {"backtest": run}))["plan"]

    assert plan["asOf"] == today(now).isoformat()
    assert plan["lines"][0]["estimatedPrice"] == "20"


async def test_a_past_day_knows_what_was_known_by_its_end(ask, app):
    ids = await write_shares(app.sessions)
    await write_books(app.sessions)
    run = await finished_run(app, {"BHP.AX": 1.0})
    async with unit_of_work(app.sessions) as session:
        known = datetime(2024, 3, 5, 0, 0, 1, tzinfo=UTC)
        late = make_bar(ids["BHP.AX"], MONDAY, None, close=25.0, known_at=known)
        await PriceBarRepository(session).write([late])

    monday = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]
    tuesday = (await planned(ask, {"backtest": run, "asOf": "2024-03-05"}))["plan"]

    assert monday["knownAt"] == "2024-03-05T00:00:00Z"
    assert monday["lines"][0]["estimatedPrice"] == "20"
    assert tuesday["lines"][0]["estimatedPrice"] == "25"


async def test_without_a_rate_the_rest_is_planned(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions)
    async with unit_of_work(app.sessions) as session:
        await session.execute(text("DELETE FROM fx_rate"))
    run = await finished_run(app, {"BHP.AX": 0.5, "AAPL": 0.5})

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]

    assert [each["symbol"] for each in plan["lines"]] == ["BHP.AX"]
    assert "no rate from USD to AUD is known: AAPL left out of the plan" in plan["warnings"]


async def test_a_share_that_split_since_its_last_bar_counts_as_it_is_now(ask, app):
    ids = await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="200")
    async with unit_of_work(app.sessions) as session:
        await CorporateActionRepository(session).write([make_split(ids["BHP.AX"], MONDAY, 4.0)])
    run = await finished_run(app, {"BHP.AX": 1.0})

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]

    assert plan["equity"] == "22000.00"
    assert (plan["lines"][0]["held"], plan["lines"][0]["estimatedPrice"]) == ("800", "5")


async def test_the_end_of_a_listing_multiplies_no_shares(ask, app):
    ids = await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="200")
    ended = make_delisting(ids["BHP.AX"], MONDAY, ratio=4.0, successor_id=ids["AAPL"])
    async with unit_of_work(app.sessions) as session:
        await CorporateActionRepository(session).write([ended])
    run = await finished_run(app, {"BHP.AX": 1.0})

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]

    assert (plan["lines"][0]["held"], plan["lines"][0]["estimatedPrice"]) == ("200", "20")


async def test_capital_stands_for_the_books(ask, app):
    await write_shares(app.sessions)
    run = await finished_run(app, {"BHP.AX": 0.5})

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-03-04", "capital": "5000"}))["plan"]

    assert (plan["equity"], plan["cashBefore"]) == ("5000.00", "5000.00")
    assert order(plan, "BHP.AX") == ("BUY", "124")  # floor(0.5 * (5000 - 3) / 20)


async def test_the_cash_left_is_the_cash_shown_less_every_order(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions, deposit="10000.006")
    run = await finished_run(app, {"BHP.AX": 0.5})

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]

    assert order(plan, "BHP.AX") == ("BUY", "249")  # floor(0.5 * (10000.01 - 3) / 20)
    assert (plan["cashBefore"], plan["cashAfter"]) == ("10000.01", "5017.01")


async def test_capital_below_what_is_held_is_refused(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="200")
    run = await finished_run(app, {"BHP.AX": 0.5})

    told = await planned(ask, {"backtest": run, "asOf": "2024-03-04", "capital": "3999.99"})

    [error] = told["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["input", "capital"])
    assert "what is held is worth 4000.00" in error["message"]
    assert await rows(app.sessions, RebalancePlan) == 0


async def test_a_decision_that_sells_short_is_no_plan(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="200")
    run = await finished_run(app, {"BHP.AX": 0.5, "CBA.AX": -0.5})

    told = await planned(ask, {"backtest": run, "asOf": "2024-03-04"})

    [error] = told["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["input"])
    assert "sells CBA.AX short" in error["message"]
    assert await rows(app.sessions, RebalancePlan) == 0


async def test_books_worth_nothing_ask_for_deposits(ask, app):
    await write_shares(app.sessions)
    run = await finished_run(app, {"BHP.AX": 0.5})

    [error] = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["userErrors"]

    assert (error["code"], error["field"]) == ("MISSING_DATA", ["input", "capital"])


async def test_what_to_know_before_sending(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="1000", CBA_AX="1", GONE_AX="5")
    run = await finished_run(app, {"^AXJO": 0.5, "AAPL": 0.4}, symbols=["AAPL", "^AXJO"])

    plan = (await planned(ask, {"backtest": run, "asOf": "2024-06-28"}))["plan"]

    told = "\n".join(plan["warnings"])
    assert "the run decided last on 2024-03-01, 119 days before 2024-06-28" in told
    assert "no price up to 2024-06-28 is known of GONE.AX" in told
    assert "the last rate to AUD is of 2024-03-01" in told
    assert "is up to 119 days old, of 2024-03-01" in told
    assert "BHP.AX, CBA.AX could not have been chosen here" in told
    assert "costs are more than 2.00 % of the order of CBA.AX" in told
    assert "the order of BHP.AX is more than 2.00 % of its last session's volume" in told
    index = next(each for each in plan["lines"] if each["symbol"] == "^AXJO")
    assert (index["side"], index["skipped"]) == (None, "an index cannot be traded")


@pytest.mark.parametrize(("mode", "told"), [("HOLD_USD", True), ("CONVERT_EACH", False)])
async def test_a_plan_says_that_it_knows_no_cash_abroad(ask, app, mode, told):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="1000")
    run = await finished_run(app, {"AAPL": 0.4}, symbols=["AAPL"])

    asked = {"backtest": run, "asOf": "2024-03-01", "costs": {"fxMode": mode}}
    plan = (await planned(ask, asked))["plan"]

    assert any("cash abroad is not in the books" in each for each in plan["warnings"]) is told


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({}, "INVALID", ["input", "backtest"]),
        ({"strategy": "momentum"}, "INVALID", ["input", "strategy"]),
        ({"universe": "SAMPLE_US"}, "INVALID", ["input", "universe"]),
        ({"symbols": ["AAPL"]}, "INVALID", ["input", "symbols"]),
        ({"parameters": {"top_n": 3}}, "INVALID", ["input", "parameters"]),
        ({"allocator": "HRP"}, "INVALID", ["input", "allocator"]),
        ({"constraints": {"maxWeight": 0.2}}, "INVALID", ["input", "constraints"]),
        ({"asOf": "2099-01-01"}, "INVALID", ["input", "asOf"]),
        ({"asOf": "2024-02-29"}, "INVALID", ["input", "asOf"]),
        ({"capital": "0"}, "INVALID", ["input", "capital"]),
        ({"capital": "1000.001"}, "INVALID", ["input", "capital"]),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(ask, app, given, code, field):
    await write_shares(app.sessions)
    await write_books(app.sessions)
    run = await finished_run(app, {"BHP.AX": 0.5})
    asked = {"backtest": run, "asOf": "2024-03-04"} | given if given else {}

    told = await planned(ask, asked)

    assert (told["plan"], told["job"]) == (None, None)
    assert (code, field) in [(each["code"], each["field"]) for each in told["userErrors"]]


async def test_a_strategy_of_entries_and_stops_has_no_weights_of_one_day(ask, app):
    await write_shares(app.sessions)
    asked = {"strategy": "breakout", "symbols": ["BHP.AX"], "asOf": "2024-03-04"}

    told = await planned(ask, asked)

    [error] = told["userErrors"]
    assert error["field"] == ["input", "strategy"]
    assert "backtest it up to that day and plan from that run" in error["message"]
    assert (told["plan"], told["job"]) == (None, None)


async def test_options_at_modelled_prices_are_no_orders(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions, BHP_AX="1000")
    condor = await finished_run(app, {}, strategy_key="iron_condor")
    hedge = await finished_run(app, {"BHP.AX": 0.5}, strategy_key="tail_hedge")

    told = await planned(ask, {"backtest": condor, "asOf": "2024-03-04"})
    asked = {"strategy": "iron_condor", "symbols": ["BHP.AX"], "asOf": "2024-03-04"}
    anew = await planned(ask, asked)
    plan = (await planned(ask, {"backtest": hedge, "asOf": "2024-03-04"}))["plan"]

    for refused, field in ((told, "backtest"), (anew, "strategy")):
        [error] = refused["userErrors"]
        assert (error["code"], error["field"]) == ("INVALID", ["input", field])
        assert "iron_condor holds options alone" in error["message"]
        assert (refused["plan"], refused["job"]) == (None, None)
    assert any("holds the shares alone" in warning for warning in plan["warnings"])


async def test_a_run_without_weights_says_what_to_do(ask, app):
    await write_books(app.sessions)
    kept_none = f"backtest_{(await finish_backtest(app)).id}"
    decided_nothing = await finished_run(app, {}, decided_at=None)

    for run in (kept_none, decided_nothing):
        [error] = (await planned(ask, {"backtest": run}))["userErrors"]
        assert (error["code"], error["field"]) == ("MISSING_DATA", ["input", "backtest"])
        assert "plan from its strategy" in error["message"]


async def test_foreign_and_unknown_runs_and_plans_look_alike(ask, app):
    await write_shares(app.sessions)
    await write_books(app.sessions)
    run = await finished_run(app, {"BHP.AX": 0.5})
    mine = (await planned(ask, {"backtest": run, "asOf": "2024-03-04"}))["plan"]["id"]

    asked = [run, f"backtest_{uuid4()}", "backtest_x", mine]
    told = [
        await planned(ask, {"backtest": each, "asOf": "2024-03-04"}, viewer_id=STRANGER)
        for each in asked
    ]

    assert [each["userErrors"][0]["code"] for each in told] == ["NOT_FOUND"] * 4
    assert all(each == told[0] for each in told)
    assert await read_plan(ask, mine, viewer_id=STRANGER) is None
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert (await ask(node, id=mine))["data"]["node"] == {"id": mine}
    assert (await ask(node, id=mine, viewer_id=STRANGER))["data"]["node"] is None
