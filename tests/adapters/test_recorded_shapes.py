"""What providers really sent is read with its exact values, and the fakes speak in its form."""

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from api.adapters.ecb_rates import EcbRates
from api.adapters.french_factors import read_factors
from api.adapters.tiingo_prices import TiingoPrices
from api.adapters.yahoo_chart import read_chart
from api.errors import FailureKind, FetchFailed
from api.ports import BarRequest
from tests.providers.archives import COLUMNS, ecb_table, french_table, zipped
from tests.providers.loopback import Answer, serving
from tests.providers.market import EPOCH, Scenario, us_share
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import CHART, fake_yahoo

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2024, 1, 23, 12, tzinfo=UTC).timestamp()
SPLIT, DIVIDEND = date(2020, 8, 31), date(2020, 8, 7)


def recorded(name):
    return json.loads((RECORDED / name).read_text())


def nvda(start, end):
    return BarRequest(symbol="NVDA", exchange="XNAS", currency="USD", start=start, end=end)


def number(text):
    return (date.fromisoformat(text) - EPOCH).days


def test_yahoos_chart_is_read():
    asked = nvda(date(2024, 1, 16), date(2024, 1, 22))

    fetched = read_chart(recorded("yahoo_chart.json"), asked, now=NOW)

    days = ["2024-01-16", "2024-01-17", "2024-01-18", "2024-01-19", "2024-01-22"]
    assert fetched.batch.day.tolist() == [number(day) for day in days]
    close = fetched.batch.values["close"].round(2).tolist()
    assert close == [563.82, 560.53, 571.07, 594.91, 596.54]
    assert fetched.batch.values["volume"].tolist() == [
        44_958_000, 47_439_400, 49_165_000, 54_210_300, 45_213_100,
    ]  # fmt: skip
    assert fetched.actions == ()


def test_yahoos_split_ten_for_one_is_undone():
    """Since June 2024 Yahoo gives these days at a tenth of the price and ten times the volume."""
    chart = recorded("yahoo_chart.json")
    result = chart["chart"]["result"][0]
    quote = result["indicators"]["quote"][0]
    for name, cells in quote.items():
        quote[name] = [cell * 10 if name == "volume" else cell / 10 for cell in cells]
    result["timestamp"].append(1718026200)  # 2024-06-10, its first day
    for cells in (*quote.values(), result["indicators"]["adjclose"][0]["adjclose"]):
        cells.append(121.79)
    event = {"date": 1718026200, "numerator": 10.0, "denominator": 1.0, "splitRatio": "10:1"}
    result["events"] = {"splits": {"1718026200": event}}

    since = datetime(2024, 7, 1, tzinfo=UTC).timestamp()
    fetched = read_chart(chart, nvda(date(2024, 1, 16), date(2024, 1, 22)), now=since)

    close = fetched.batch.values["close"].round(2).tolist()
    assert close == [563.82, 560.53, 571.07, 594.91, 596.54]
    assert fetched.batch.values["volume"][0] == 44_958_000
    assert fetched.actions == ()


def test_yahoos_word_for_what_it_does_not_have_is_read():
    with pytest.raises(FetchFailed, match="symbol may be delisted") as caught:
        read_chart(recorded("yahoo_unknown.json"), nvda(EPOCH, EPOCH), now=NOW)

    assert caught.value.kind == FailureKind.UNKNOWN_SYMBOL


async def test_tiingos_rows_are_read():
    answer = Answer(body=(RECORDED / "tiingo_prices.json").read_bytes())

    async with serving(lambda _: answer) as fake:
        prices = TiingoPrices(url=fake.url, key="any")
        fetched = await prices.fetch(nvda(date(2021, 8, 13), date(2021, 8, 13)))
        await prices.close()

    values = {name: column.tolist() for name, column in fetched.batch.values.items()}
    assert fetched.batch.day.tolist() == [number("2021-08-13")]
    assert values == {
        "open": [199.05],
        "high": [202.1381],
        "low": [198.51],
        "close": [201.88],
        "adjusted_close": [201.88],
        "volume": [18_059_898],
    }
    assert fetched.actions == ()


async def test_tiingos_description_tells_when_a_share_was_last_traded():
    described = Answer(body=(RECORDED / "tiingo_described.json").read_bytes())
    nothing = Answer(body=b"[]")

    async with serving(lambda asked: nothing if "prices" in asked.path else described) as fake:
        prices = TiingoPrices(url=fake.url, key="any", clock=lambda: NOW)
        with pytest.raises(FetchFailed, match="last traded on 2021-08-13") as caught:
            await prices.fetch(nvda(date(2024, 1, 2), date(2024, 1, 3)))
        await prices.close()

    assert caught.value.kind == FailureKind.DELISTED


def test_frenchs_table_is_read():
    text = (RECORDED / "french_5_factors.csv").read_text()

    day, columns = read_factors(text, "FF5", "monthly", file="recorded")

    assert day.tolist() == [number("1963-07-31"), number("1963-08-31")]
    assert columns["Mkt-RF"].tolist() == [-0.39 / 100, 5.07 / 100]
    assert columns["RF"].tolist() == [0.27 / 100, 0.25 / 100]


async def test_the_ecbs_table_is_read():
    packed = Answer(body=zipped("eurofxref-hist.csv", (RECORDED / "ecb.csv").read_text()))

    async with serving(lambda _: packed) as fake:
        rates = EcbRates(url=fake.url)
        (audusd,) = await rates.fetch_rates(date(2024, 3, 8), date(2024, 3, 11))
        await rates.close()

    assert audusd.value.tolist() == [1.0932 / 1.6469, 1.0926 / 1.6546]


def shape(document):
    """Kinds of values by their place; of a list the first, and a number is a number."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    if isinstance(document, list):
        return [shape(document[0])] if document else []
    return "number" if isinstance(document, int | float) else type(document).__name__


def within(part, whole):
    """Tell whether every place of the first is one of the second, with the same kind of value."""
    if isinstance(part, dict):
        return part.keys() <= whole.keys() and all(within(part[k], whole[k]) for k in part)
    if isinstance(part, list):
        return isinstance(whole, list) and all(
            within(p, w) for p, w in zip(part, whole, strict=True)
        )
    return part == whole


def scenario():
    splits, dividends = {SPLIT: 4.0}, {DIVIDEND: 0.82}
    share = us_share(date(2020, 8, 3), date(2020, 9, 4), splits=splits, dividends=dividends)
    return Scenario(shares={"AAPL": share})


async def ask(url, headers=None):
    async with httpx.AsyncClient(headers=headers) as client:
        return (await client.get(url)).json()


async def test_the_fake_yahoo_speaks_as_yahoo_does():
    async with fake_yahoo(scenario()) as fake:
        given = await ask(f"{fake.url}{CHART}AAPL?period1=1596400000&period2=1600000000")
        unknown = await ask(f"{fake.url}{CHART}ZZZZ?period1=1596400000&period2=1600000000")

    assert within(shape(recorded("yahoo_chart.json")), shape(given))
    assert given["chart"]["result"][0]["events"] == recorded("yahoo_events.json")
    assert unknown == recorded("yahoo_unknown.json")


async def test_the_fake_tiingo_speaks_as_tiingo_does():
    made = scenario()
    key = {"authorization": f"Token {made.key}"}

    async with fake_tiingo(made) as fake:
        rows = await ask(f"{fake.url}/tiingo/daily/AAPL/prices", key)
        described = await ask(f"{fake.url}/tiingo/daily/AAPL", key)

    assert shape(rows) == shape(recorded("tiingo_prices.json"))
    assert shape(described) == shape(recorded("tiingo_described.json"))


def test_the_fake_publishers_write_as_the_real_ones_do():
    text = (RECORDED / "french_5_factors.csv").read_text()
    rows = {"196307": (-0.39, -0.41, -0.97, 0.68, -1.18, 0.27)}
    real = list(csv.DictReader(io.StringIO((RECORDED / "ecb.csv").read_text())))

    written = french_table(COLUMNS[True], rows).replace("\r\n", "\n")
    fixings = {date.fromisoformat(row["Date"]): {"USD": row["USD"]} for row in real}

    head = written.splitlines()[3:5]
    assert head == text.splitlines()[3:5]
    assert " Annual Factors: January-December " in written.splitlines()
    assert [line[:18] for line in ecb_table(fixings).splitlines()[1:]] == [
        f"{row['Date']},{row['USD']},"[:18] for row in real
    ]
