"""Tiingo's end-of-day endpoint, https://www.tiingo.com/documentation/end-of-day."""

from datetime import date

from tests.providers.loopback import Answer, Asked, answer_json, serving
from tests.providers.market import Bar, Scenario, Share


def fake_tiingo(scenario: Scenario):
    """Serve ``/tiingo/daily/<ticker>[/prices]``: ``async with fake_tiingo(scenario) as fake``."""
    return serving(lambda asked: _respond(scenario, asked))


def _respond(scenario: Scenario, asked: Asked) -> Answer:
    ticker, _, rest = asked.path.removeprefix("/tiingo/daily/").partition("/")
    symbol = ticker.upper()
    return scenario.spoil(symbol, _well(scenario, asked, symbol, rest))


def _well(scenario: Scenario, asked: Asked, symbol: str, rest: str) -> Answer:
    if asked.headers.get("authorization") != f"Token {scenario.key}":
        return answer_json({"detail": "Invalid token."}, status=401)
    share = scenario.share(symbol)
    if share is None:
        return answer_json({"detail": f"Error: Ticker '{symbol}' not found"}, status=404)
    if rest != "prices":
        return answer_json(_described(symbol, share))
    start = date.fromisoformat(asked.query.get("startDate", share.last.isoformat()))
    end = date.fromisoformat(asked.query.get("endDate", share.last.isoformat()))
    return answer_json([_row(share, bar) for bar in share.between(start, end)])


def _described(symbol: str, share: Share) -> dict:
    return {
        "ticker": symbol,
        "name": share.name,
        "exchangeCode": "NYSE",
        "startDate": share.first.isoformat(),
        "endDate": share.last.isoformat(),
        "description": f"{share.name} makes examples.",
    }


def _row(share: Share, bar: Bar) -> dict:
    factor, split = share.adjustment(bar.day), share.split_after(bar.day)
    return {
        "date": f"{bar.day}T00:00:00.000Z",
        "close": bar.close,
        "high": bar.high,
        "low": bar.low,
        "open": bar.open,
        "volume": int(bar.volume),
        "adjClose": bar.close * factor,
        "adjHigh": bar.high * factor,
        "adjLow": bar.low * factor,
        "adjOpen": bar.open * factor,
        "adjVolume": int(bar.volume * split),
        "divCash": share.dividends.get(bar.day, 0.0),
        "splitFactor": share.splits.get(bar.day, 1.0),
    }
