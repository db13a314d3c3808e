"""Yahoo's chart endpoint in the form yfinance reads, with the cookie and crumb it asks for first.

Prices, volumes and dividends are adjusted for every split after them, as Yahoo's are; a bar is
stamped with the instant its session opened.
"""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.providers.loopback import Answer, Asked, answer_json, serving
from tests.providers.market import Bar, Scenario, Share, instant

DAY = 86_400
CHART = "/v8/finance/chart/"
RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]
NOT_FOUND = "No data found, symbol may be delisted"


def fake_yahoo(scenario: Scenario):
    """Serve charts: ``async with fake_yahoo(scenario) as fake``; ``fake.count(CHART)`` of them."""
    return serving(lambda asked: _respond(scenario, asked))


def _respond(scenario: Scenario, asked: Asked) -> Answer:
    if asked.path == "/v1/test/getcrumb":
        return Answer(body=b"crumb.of/tests", headers={"content-type": "text/plain"})
    if not asked.path.startswith(CHART):  # the page that only gives a cookie
        cookie = "A3=d=tests; Path=/; Max-Age=31557600"
        return Answer(status=404, headers={"set-cookie": cookie})
    symbol = asked.path.removeprefix(CHART)
    return scenario.spoil(symbol, _well(scenario, asked, symbol))


def _well(scenario: Scenario, asked: Asked, symbol: str) -> Answer:
    share = scenario.share(symbol)
    if share is None:
        return _refusal(404, "Not Found", NOT_FOUND)
    first, last = _span(share, asked)
    near = share.between(_utc_day(first - DAY), _utc_day(last + DAY))
    bars = [bar for bar in near if first <= instant(share, bar.day, share.opens) < last]
    return answer_json(
        {"chart": {"result": [_chart(scenario, symbol, share, bars)], "error": None}}
    )


def _utc_day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def _refusal(status: int, code: str, description: str) -> Answer:
    error = {"code": code, "description": description}
    return answer_json({"chart": {"result": None, "error": error}}, status=status)


def _span(share: Share, asked: Asked) -> tuple[int, int]:
    if "period1" in asked.query:
        return int(asked.query["period1"]), int(asked.query["period2"])
    opens = instant(share, share.last, share.opens)
    return opens, opens + 1  # a range, of which only 1d is ever asked


def _chart(scenario: Scenario, symbol: str, share: Share, bars: list[Bar]) -> dict:
    chart = {"meta": _meta(scenario, symbol, share), "indicators": {"quote": [{}]}}
    if not bars:
        return chart
    events = {"dividends": _dividends(share, bars), "splits": _splits(share, bars)}
    return chart | {
        "timestamp": [_stamp(scenario, share, bar) for bar in bars],
        "events": {name: found for name, found in events.items() if found},
        "indicators": _indicators(share, bars),
    }


def _stamp(scenario: Scenario, share: Share, bar: Bar) -> int:
    """A session's bar bears its opening; one under way bears the last trade."""
    opens = instant(share, bar.day, share.opens)
    closes = share.closing(bar.day)
    now = int(scenario.now.timestamp()) if scenario.now else closes
    return now if opens < now < closes else opens


def _indicators(share: Share, bars: list[Bar]) -> dict:
    split = [share.split_after(bar.day) for bar in bars]
    quote = {
        name: [getattr(bar, name) / by for bar, by in zip(bars, split, strict=True)]
        for name in ("open", "high", "low", "close")
    }
    quote["volume"] = [round(bar.volume * by) for bar, by in zip(bars, split, strict=True)]
    adjusted = [bar.close * share.adjustment(bar.day) for bar in bars]
    return {"quote": [quote], "adjclose": [{"adjclose": adjusted}]}


def _dividends(share: Share, bars: list[Bar]) -> dict:
    stamps = {bar.day: instant(share, bar.day, share.opens) for bar in bars}
    return {
        str(stamps[day]): {"amount": cash / share.split_after(day), "date": stamps[day]}
        for day, cash in share.dividends.items()
        if day in stamps
    }


def _splits(share: Share, bars: list[Bar]) -> dict:
    stamps = {bar.day: instant(share, bar.day, share.opens) for bar in bars}
    return {
        str(stamps[day]): {"date": stamps[day], **_ratio(ratio)}
        for day, ratio in share.splits.items()
        if day in stamps
    }


def _ratio(ratio: float) -> dict:
    exact = Fraction(ratio).limit_denominator(1000)
    return {
        "numerator": float(exact.numerator),
        "denominator": float(exact.denominator),
        "splitRatio": f"{exact.numerator}:{exact.denominator}",
    }


def _meta(scenario: Scenario, symbol: str, share: Share) -> dict:
    zone = ZoneInfo(share.zone)
    closes = share.closing(share.last)
    now = int(scenario.now.timestamp()) if scenario.now else closes
    today = datetime.fromtimestamp(now, UTC).astimezone(zone).date()
    offset = int((datetime.fromtimestamp(now, zone).utcoffset() or timedelta()).total_seconds())
    opens = instant(share, today, share.opens)
    return {
        "currency": share.currency,
        "symbol": symbol,
        "exchangeName": "TST",
        "fullExchangeName": "Tests",
        "instrumentType": share.kind,
        "firstTradeDate": instant(share, share.first, share.opens),
        "regularMarketTime": min(now, closes),
        "hasPrePostMarketData": False,
        "gmtoffset": offset,
        "timezone": "TST",
        "exchangeTimezoneName": share.zone,
        "regularMarketPrice": share.bars[-1].close,
        "longName": share.name,
        "shortName": share.name[:20],
        "priceHint": 2,
        "chartPreviousClose": share.bars[0].close,
        "currentTradingPeriod": {
            "pre": _period(opens - 19_800, opens, offset),
            "regular": _period(opens, share.closing(today), offset),
            "post": _period(share.closing(today), share.closing(today) + 14_400, offset),
        },
        "dataGranularity": "1d",
        "range": "",
        "validRanges": RANGES,
    }


def _period(start: int, end: int, offset: int) -> dict:
    return {"timezone": "TST", "start": start, "end": end, "gmtoffset": offset}
