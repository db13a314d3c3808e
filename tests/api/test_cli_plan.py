"""The terminal's plan: what is typed, what is printed, what is written for the broker."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
import typer

from api.cli.plan import Made, Wish, as_document, tell
from api.errors import InvalidInput, Unavailable
from api.services.backtest_request import Constraints
from tests.factories import make_job, make_plan

RUN = "0d8a1f6e-4a4e-4f0e-8a51-4f1f8a6a2b11"
NOTHING = Wish(
    strategy=None,
    backtest=None,
    universe=None,
    symbols=None,
    parameters=(),
    as_of=None,
    capital=None,
    band=0.0,
    max_turnover=None,
)
BUY = {
    "symbol": "BHP.AX",
    "currency": "AUD",
    "side": "BUY",
    "quantity": "249",
    "price": "20",
    "price_on": "2024-03-01",
    "value": "4980.00",
    "cost": "5.49",
    "current_weight": "0",
    "target_weight": "0.5",
    "held": "0",
    "skipped": None,
}
KEPT = BUY | {"symbol": "CBA.AX", "side": None, "quantity": "0", "skipped": "already near"}


def test_what_is_typed_is_what_is_asked():
    wish = replace(
        NOTHING,
        strategy="momentum",
        symbols="AAPL, XOM",
        parameters=("top_n=5",),
        as_of=date(2022, 12, 28),
        capital="100000.50",
        band=0.01,
    )

    asked = wish.request()

    assert (asked.strategy, asked.symbols, asked.parameters) == (
        "momentum",
        ("AAPL", "XOM"),
        {"top_n": 5},
    )
    assert (asked.as_of, asked.capital) == (date(2022, 12, 28), Decimal("100000.50"))
    assert asked.constraints == Constraints(no_trade_band=0.01)


def test_a_run_keeps_its_own_limits_unless_others_are_typed():
    asked = replace(NOTHING, backtest=f"backtest_{RUN}").request()

    assert (asked.backtest_id, asked.constraints) == (UUID(RUN), None)


@pytest.mark.parametrize("given", [{"backtest": "mine"}, {"capital": "much"}])
def test_what_cannot_be_read_is_refused(given):
    with pytest.raises(InvalidInput, match=next(iter(given))):
        replace(NOTHING, **given).request()


def test_orders_sums_and_notes_are_printed_and_the_file_is_written(capsys, tmp_path):
    plan = make_plan(lines=[BUY, KEPT], warnings=["ingest prices before you trade"])

    tell(Made(plan, None), as_json=False, csv=tmp_path / "orders.csv")

    told = " ".join(capsys.readouterr().out.split())
    assert "BUY BHP.AX 249 AUD 20.0000 2024-03-01 4,980.00 5.49 0.0% 50.0%" in told
    assert "Cash after A$ 5,014.51" in told
    assert "CBA.AX: already near" in told
    assert "Note: ingest prices before you trade" in told
    written = (tmp_path / "orders.csv").read_bytes().split(b"\r\n")
    assert written[1] == b"BHP.AX,BUY,249,MARKET,AUD,20,2024-03-01,4980.00,5.49"


def test_nothing_to_do_is_said(capsys):
    tell(Made(make_plan(lines=[KEPT]), None), as_json=False, csv=None)

    assert "No orders: nothing is far enough from its target." in capsys.readouterr().out


def test_a_script_reads_the_same_figures(capsys):
    plan = make_plan(lines=[BUY])

    tell(Made(plan, None), as_json=True, csv=None)

    told = json.loads(capsys.readouterr().out)
    assert told == as_document(plan)
    assert (told["cashAfter"], told["lines"][0]["quantity"]) == ("5014.51", "249")


def test_a_job_that_failed_says_why_and_leaves_one(capsys):
    job = make_job(failure_detail="cash and holdings come to A$0.00")

    with pytest.raises(typer.Exit) as left:
        tell(Made(None, job), as_json=False, csv=None)

    assert left.value.exit_code == 1
    assert capsys.readouterr().err == "parakeet: cash and holdings come to A$0.00\n"


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(Unavailable, match="name another file"):
        tell(Made(make_plan(), None), as_json=False, csv=tmp_path / "no" / "orders.csv")
