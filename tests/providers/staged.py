"""The fake providers as a program of their own, for tests that are not in Python.

Run by ``python -m tests.providers.staged SYMBOL...``: prints one line of JSON with the addresses
and the key, then takes one command a line and answers each with an empty line:

* ``{"delay": 0.5}`` lets every answer wait so long;
* ``{"symbol": "TSLA", "back": 2, "close": 101.5}`` corrects the close of the third last session;
* ``{"symbol": "TSLA", "back": 2, "times": 1.001}`` multiplies it.
"""

import asyncio
import json
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from api.services.coverage import last_closed_session
from tests.providers.archives import Tables, fake_archives
from tests.providers.market import Bar, Scenario, Share, asx_share, us_share
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import fake_yahoo

HISTORY = timedelta(days=200)
# As they are in the sample market: an ingest of shares finds nothing else to revise.
THREE, FIVE = (2.96, -2.56, -2.43, 0.22), (-0.39, -0.41, -0.97, 0.68, -1.18, 0.27)
FACTORS = {
    "F-F_Research_Data_Factors_CSV.zip": {"192607": THREE},
    "F-F_Research_Data_Factors_daily_CSV.zip": {"19260701": THREE},
    "F-F_Research_Data_5_Factors_2x3_CSV.zip": {"196307": FIVE},
    "F-F_Research_Data_5_Factors_2x3_daily_CSV.zip": {"19630701": FIVE},
    "Developed_ex_US_3_Factors_CSV.zip": {"199007": THREE},
    "Developed_ex_US_5_Factors_CSV.zip": {"199007": FIVE},
    "Asia_Pacific_ex_Japan_3_Factors_CSV.zip": {"199007": THREE},
    "Asia_Pacific_ex_Japan_5_Factors_CSV.zip": {"199007": FIVE},
}


def share(symbol: str, now: datetime) -> Share:
    """Some months of a share up to its market's last closed session."""
    sydney = symbol.endswith(".AX")
    end = last_closed_session("XASX" if sydney else "XNYS", now)
    make = asx_share if sydney else us_share
    return make(end - HISTORY, end, seed=sum(symbol.encode()), name=f"{symbol} on a stage")


def series(now: datetime) -> dict[str, Share]:
    """What each ingest brings along: the Australian dollar, and how afraid the market is.

    Of the dollar the last days alone: earlier ones are in the sample market.
    """
    days = [now.date() - timedelta(days=number) for number in (5, 4, 3, 2, 1)]
    weekdays = [Bar(day, 0.65, 0.65, 0.65, 0.65, 0.0) for day in days if day.weekday() < 5]
    london = {"zone": "Europe/London", "opens": time(0), "closes": time(23)}
    pair = Share(bars=weekdays, kind="CURRENCY", **london)
    sessions = share("^VIX", now).bars
    fears = {
        symbol: [Bar(bar.day, points, points, points, points, 0.0) for bar in sessions]
        for symbol, points in (("^VIX", 15.0), ("^VIX3M", 17.0))
    }
    indices = {
        symbol: Share(bars=bars, kind="INDEX", zone="America/Chicago", opens=time(8, 30))
        for symbol, bars in fears.items()
    }
    return {"AUDUSD=X": pair} | indices


def obey(scenario: Scenario, command: dict[str, Any]) -> None:
    if "delay" in command:
        scenario.delay_seconds = command["delay"]
        return
    asked = scenario.shares[command["symbol"]]
    bar = asked.bars[-1 - command["back"]]
    close = command["close"] if "close" in command else round(bar.close * command["times"], 2)
    scenario.shares[command["symbol"]] = asked.with_close(bar.day, close)


async def run(symbols: list[str]) -> None:
    now = datetime.now(UTC)
    shares = {symbol: share(symbol, now) for symbol in symbols}
    scenario = Scenario(shares=shares | series(now))
    set_on = {bar.day: 4.35 for bar in share("BHP.AX", now).bars}
    averages = {date(2010, 12, 31): 4.75}
    tables = Tables(factors=FACTORS, cash_rates=set_on, cash_averages=averages)
    async with (
        fake_tiingo(scenario) as tiingo,
        fake_yahoo(scenario) as yahoo,
        fake_archives(scenario, tables) as archives,
    ):
        addresses = {"tiingo": tiingo.url, "yahoo": yahoo.url, "archives": archives.url}
        say(addresses | {"key": scenario.key, "days": days(shares)})
        while line := await asyncio.to_thread(sys.stdin.readline):
            obey(scenario, json.loads(line))
            sys.stdout.write("\n")
            sys.stdout.flush()


def days(shares: dict[str, Share]) -> dict[str, list[str]]:
    """Return each share's sessions, newest first: what is `back` so many is known by its day."""
    newest_first: dict[str, list[date]] = {
        symbol: [bar.day for bar in reversed(share.bars)] for symbol, share in shares.items()
    }
    return {symbol: [day.isoformat() for day in found] for symbol, found in newest_first.items()}


def say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1:]))
