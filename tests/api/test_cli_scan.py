"""A scan at the terminal: what was typed, and what is printed."""

from datetime import date
from io import StringIO

import pytest
from rich.console import Console

from api.cli.scan import Finished, Wish, as_document, print_scan
from api.errors import InvalidInput
from tests.factories import make_job, make_scan

WISH = {
    "scanner": "momentum",
    "universe": None,
    "symbols": "AAPL, MSFT",
    "as_of": date(2020, 3, 13),
    "parameters": ["top_fraction=0.2", "min_return=null", "rank_base=universe"],
    "max_results": 5,
}
STEP = {
    "code": "place",
    "name": "Place by return",
    "asked": "at most 2",
    "entered": 5,
    "passed": 1,
    "failed": 3,
    "unknown": 1,
    "because": ["1: fewer than 253 bars"],
}
HIT = {
    "symbol": "AAPL",
    "signal": "STRONG",
    "score": 87.654,
    "values": {"close": 1234.5, "currency": "USD"},
}


def test_what_was_typed_is_what_is_asked():
    request = Wish(**WISH).request()

    assert request.symbols == ("AAPL", "MSFT")
    assert request.parameters == {
        "top_fraction": 0.2,
        "min_return": None,
        "rank_base": "universe",
    }


@pytest.mark.parametrize("given", [["top_fraction"], ["=1"], ["a=1", "a=2"]])
def test_a_parameter_that_cannot_be_read_is_named(given):
    with pytest.raises(InvalidInput, match="--param"):
        Wish(**WISH | {"parameters": given}).request()


def finished(hits):
    summary = {"session": "2020-03-13", "hits": len(hits), "flags": [], "funnel": [STEP]}
    job = make_job()
    return Finished(scan=make_scan(job, summary=summary), job=job, hits=hits)


def printed(hits):
    console = Console(record=True, width=120, file=StringIO())
    print_scan(console, finished(hits))
    return console.export_text()


def test_the_funnel_and_the_hits_are_printed():
    text = printed([HIT])

    assert "momentum on SAMPLE_US, 2020-03-13" in text
    assert "Place by return at most 2" in text
    assert "1: fewer than 253 bars" in text
    assert "87.7" in text
    assert "1,234.50 USD" in text


def test_nobody_is_said_so():
    assert "Nobody passed every rule." in printed([])


def test_scripts_get_the_hits_and_the_funnel():
    document = as_document(finished([HIT]))

    assert document["asOf"] == "2020-12-31"
    assert document["funnel"] == [STEP]
    assert document["hits"] == [HIT]
