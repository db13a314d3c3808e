from datetime import date, timedelta

import pytest

from api.errors import MissingData
from api.services.backtest_request import BacktestRequest
from api.services.calendars import calendar
from api.services.run_span import RunSpan, first_year_read, resolve_span, stored_rows
from api.services.strategies import catalogue, complete_parameters
from models.backtest import Currency
from models.instruments import InstrumentRepository
from models.session import unit_of_work
from tests.api.two_markets import write_pair
from tests.factories import OWNER

EPOCH = date(1970, 1, 1)


@pytest.mark.parametrize("code", ["XNYS", "XASX"])
@pytest.mark.parametrize("warmup", [1, 249, 250, 252, 253, 504, 756, 1260])
def test_no_row_of_a_warm_up_lies_before_the_years_that_are_digested(code, warmup):
    """The first of 2013 is 252 sessions after one of 2011: New York had 250 in 2012."""
    session = calendar(code).session
    for year in range(1967, 2026):
        start = date(year, 1, 1)
        first = int((session < (start - EPOCH).days).sum())
        if first > warmup:
            read = EPOCH + timedelta(days=int(session[first - warmup]))
            assert first_year_read(start, warmup) <= read.year


def test_a_years_warm_up_does_not_reach_far_behind():
    assert first_year_read(date(2013, 1, 2), 253) == 2011


def ranked_by(strategy):
    """Return a run of a share quoted in Sydney, in Australian dollars, and its strategy."""
    entry = catalogue()[strategy]
    request = BacktestRequest(
        strategy=entry.key,
        parameters=complete_parameters(entry, {}),
        symbols=("BHP.AX",),
        benchmark="BHP.AX",
        start=date(2024, 1, 15),
        end=date(2024, 1, 22),
        currency=Currency.AUD,
    )
    return request, entry


@pytest.mark.parametrize(("strategy", "read"), [("momentum", False), ("residual_momentum", True)])
async def test_factors_in_us_dollars_make_rates_part_of_what_is_read(sessions, strategy, read):
    await write_pair(sessions)
    request, entry = ranked_by(strategy)
    async with unit_of_work(sessions) as session:
        [share] = await InstrumentRepository(session).by_symbols(["BHP.AX"])
        span = RunSpan(assets=(share,), benchmark=share, end=date(2024, 1, 22))

        found = await stored_rows(session, span, request, entry)

    assert ("AUDUSD" in {each.key for each in found.inputs}) is read


async def test_rates_that_begin_too_late_for_such_factors_are_named(sessions):
    await write_pair(sessions)
    request, entry = ranked_by("residual_momentum")

    async with unit_of_work(sessions) as session:
        with pytest.raises(MissingData, match="rates to AUD begin on 2024-01-12") as caught:
            await resolve_span(session, request, entry, owner_id=OWNER)

    assert caught.value.reason == "MISSING_FX"
