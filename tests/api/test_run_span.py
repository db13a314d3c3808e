from datetime import date, timedelta

import pytest

from api.services.calendars import calendar
from api.services.run_span import first_year_read

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
