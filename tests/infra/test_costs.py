"""The cost sheet: its arithmetic, by hand, and that the committed one is current."""

from dataclasses import replace
from pathlib import Path

import costs
import pytest

from tests.infra.cloud import build
from tests.infra.costs import shape_of, written

SHEET = Path(__file__).parents[2] / "docs" / "operations" / "costs.md"

SHAPE = costs.Shape(
    memory_mb={"query": 1024, "backtest": 2048, "ingest": 1024, "sweeper": 512, "migrate": 512},
    provisioned=1,
    polled_queues=2,
    schedules_per_minute=1,
    alarm_metrics=25,
    secrets=4,
    dashboards=1,
    keys=1,
    retention_days=73,
)


@pytest.fixture(scope="module")
def book():
    return costs.Book(costs.PRICES.read_text())


def found(book, requests, service, what, shape=SHAPE):
    (line,) = [
        line
        for line in costs.lines(shape, book, requests)
        if line.service == service and line.what.startswith(what)
    ]
    return line


@pytest.mark.parametrize(
    ("service", "what", "quantity"),
    [
        ("Lambda", "query, 1024", 80_000.0),  # 1 M x 80 ms x 1 GB
        ("Lambda", "backtest", 240_000.0),  # 20,000 x 6 s x 2 GB
        ("Lambda", "sweeper", 3_285.0),  # 43,800 minutes x 150 ms x 0.5 GB
        ("Lambda", "invocations", 1_063_844.0),  # requests, jobs, 44 ingests, sweeps
        ("Lambda", "query, 1 prov", 2_628_000.0),  # the seconds of a month
        ("SQS", "polls", 1_374_132.0),  # 2 x 15 x 43,800, and 3 x 20,044
        ("S3", "results", 240.0),  # 20,000 MB a month for a year
        ("CloudWatch", "logs kept", 2.883064 * 2.4),  # 73 days are 2.4 months
        ("X-Ray", "traces", 1_063_800.0),  # below one a second all are recorded
    ],
)
def test_a_month_of_a_million_requests(book, service, what, quantity):
    assert found(book, 1_000_000, service, what).quantity == pytest.approx(quantity)


def test_ten_times_the_requests_cost_less_than_ten_times_as_much(book):
    once, tenfold = (book.total(costs.lines(SHAPE, book, n * 1_000_000)) for n in (1, 10))
    assert once < tenfold < 10 * once
    # Above one a second, one in twenty: 2,628,000 + 5 % of 7,372,000 + 200,000 + 43,800.
    assert found(book, 10_000_000, "X-Ray", "traces").quantity == pytest.approx(3_240_400)


def test_what_a_plan_includes_is_charged_only_beyond_it(book):
    assert book.usd(found(book, 10_000_000, "Cloudflare", "Worker req")) == 0
    beyond = found(book, 20_000_000, "Cloudflare", "Worker req")
    assert book.usd(beyond) == pytest.approx(3.0)


def test_every_price_is_used_dated_and_has_a_source(book):
    used = {line.price for line in costs.lines(SHAPE, book, 1)}
    assert used == set(book.prices)
    assert book.date.year >= 2026
    assert all(price["source"].startswith("https://") for price in book.prices.values())


def test_the_shape_is_the_stacks_own(book):
    shape = shape_of(build("prod"))
    assert shape.memory_mb["backtest"] == 3_008
    assert (shape.provisioned, shape.schedules_per_minute, shape.polled_queues) == (2, 1, 2)
    dearer = replace(shape, provisioned=shape.provisioned + 1)
    assert book.total(costs.lines(dearer, book, 0)) > book.total(costs.lines(shape, book, 0))


def test_the_committed_sheet_is_current():
    assert SHEET.read_text() == written(), "run `make costs`"
