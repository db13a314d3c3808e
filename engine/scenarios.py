"""What a run or its holdings are put through: windows of history, and shocks. Plain Python.

The windows and their expected moves of the S&P 500 are those of the engine specification; the
moves serve as a check of stored closes.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

HISTORIC, SHOCK, CORRELATION, PATH = "HISTORIC", "SHOCK", "CORRELATION", "PATH"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One thing that happened, or could."""

    key: str
    name: str
    kind: str
    description: str
    start: date | None = None  # where it has one
    end: date | None = None


@dataclass(frozen=True, kw_only=True)
class HistoricWindow(Scenario):
    """Close of the first day to close of the last."""

    kind: str = HISTORIC
    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class Shock(Scenario):
    """Moves at one stroke, as fractions; None where a factor stands still."""

    kind: str = SHOCK
    equity: float | None = None  # of the benchmark
    audusd: float | None = None
    rates: float | None = None  # change of yields
    gold: float | None = None
    bitcoin: float | None = None
    vix: float | None = None  # its level, points


@dataclass(frozen=True, kw_only=True)
class CorrelationBreak(Scenario):
    """Every pair moves this part of the way to a correlation of 1, and volatility is multiplied."""

    kind: str = CORRELATION
    towards_one: float
    volatility: float


@dataclass(frozen=True, kw_only=True)
class PathShock(Scenario):
    """A fall over sessions and a way back, in equal steps of logarithms; changes are fractions."""

    kind: str = PATH
    equity: float  # of the benchmark, at the trough
    down: int  # sessions
    recover: int
    regained: float = 1.0  # share of the fall, in logarithms
    audusd: float = 0.0  # at the trough
    costs: float = 1.0  # multiple of the run's, all the way


def _window(key: str, name: str, start: str, end: str, what: str) -> HistoricWindow:
    return HistoricWindow(
        key=key,
        name=name,
        description=what,
        start=date.fromisoformat(start),
        end=date.fromisoformat(end),
    )


WINDOWS: Final = (
    _window(
        "dot_com", "Dot-com bust", "2000-03-24", "2002-10-09",
        "Technology shares fell for two and a half years; the S&P 500 lost 49 %.",
    ),
    _window(
        "september_2001", "September 2001", "2001-09-10", "2001-09-21",
        "New York reopened after four days closed; the S&P 500 lost 12 %.",
    ),
    _window(
        "financial_crisis", "Global financial crisis", "2007-10-09", "2009-03-09",
        "Credit failed and banks with it; the S&P 500 lost 57 %.",
    ),
    _window(
        "aud_collapse_2008", "AUD collapse 2008", "2008-07-15", "2008-10-27",
        "The Australian dollar lost 38 % against the US dollar.",
    ),
    _window(
        "momentum_crash", "Momentum crash", "2009-03-09", "2009-06-01",
        "The losers of the crisis rebounded, and past winners fell behind.",
    ),
    _window(
        "flash_crash_2010", "Euro and flash crash 2010", "2010-04-23", "2010-07-02",
        "Greece asked for help and prices fell within minutes; the S&P 500 lost 16 %.",
    ),
    _window(
        "us_downgrade_2011", "US downgrade 2011", "2011-04-29", "2011-10-03",
        "The United States lost its best rating; the S&P 500 lost 19 %.",
    ),
    _window(
        "china_oil_2015", "China and oil 2015-16", "2015-05-21", "2016-02-11",
        "China devalued and oil fell below US$30; the S&P 500 lost 14 %.",
    ),
    _window(
        "volatility_2018", "Volatility shock 2018", "2018-01-26", "2018-02-08",
        "Bets on calm were unwound in days; the S&P 500 lost 10 %.",
    ),
    _window(
        "fourth_quarter_2018", "Fourth quarter 2018", "2018-09-20", "2018-12-24",
        "Interest rates rose into slower growth; the S&P 500 lost 20 %.",
    ),
    _window(
        "covid", "COVID-19", "2020-02-19", "2020-03-23",
        "The fastest fall from a high on record; the S&P 500 lost 34 %.",
    ),
    _window(
        "covid_rebound", "COVID rebound", "2020-03-23", "2020-08-18",
        "The S&P 500 gained 52 % and was back at its high.",
    ),
    _window(
        "inflation_2022", "Inflation bear market", "2022-01-03", "2022-10-12",
        "Shares and bonds fell together; the S&P 500 lost 25 %.",
    ),
    _window(
        "yen_2024", "Yen unwinding 2024", "2024-07-16", "2024-08-05",
        "Positions borrowed in yen were closed in haste; the S&P 500 lost 8 %.",
    ),
    _window(
        "tariffs_2025", "Tariff shock 2025", "2025-02-19", "2025-04-08",
        "Tariffs were announced and shares repriced; the S&P 500 lost 19 %.",
    ),
)  # fmt: skip

_FIRST_ORDER = "each holding by its beta over the last 252 sessions, options repriced whole"

SHOCKS: Final = (
    Shock(
        key="equity_10", name="Shares fall by 10 %", equity=-0.1,
        description=f"The benchmark falls by 10 %, {_FIRST_ORDER}.",
    ),
    Shock(
        key="equity_30", name="Shares fall by 30 %", equity=-0.3,
        description=f"The benchmark falls by 30 %, {_FIRST_ORDER}.",
    ),
    Shock(
        key="equity_50", name="Shares fall by 50 %", equity=-0.5,
        description=f"The benchmark falls by 50 %, {_FIRST_ORDER}.",
    ),
    Shock(
        key="aud_up_20", name="AUD rises by 20 %", audusd=0.2,
        description="AUDUSD is worth 20 % more: what is held in US dollars is worth less.",
    ),
    Shock(
        key="aud_down_20", name="AUD falls by 20 %", audusd=-0.2,
        description="AUDUSD is worth 20 % less: what is held in US dollars is worth more.",
    ),
    Shock(
        key="rates_200", name="Yields rise by 2 points", rates=0.02,
        description="Yields rise by 200 basis points: bond funds fall by their duration.",
    ),
    Shock(
        key="gold_up_15", name="Gold rises by 15 %", gold=0.15,
        description="Gold rises by 15 %, and funds that hold it.",
    ),
    Shock(
        key="gold_down_15", name="Gold falls by 15 %", gold=-0.15,
        description="Gold falls by 15 %, and funds that hold it.",
    ),
    Shock(
        key="bitcoin_60", name="Bitcoin falls by 60 %", bitcoin=-0.6,
        description="Bitcoin falls by 60 %.",
    ),
    *(
        Shock(
            key=f"vix_{level}", name=f"VIX at {level}", vix=float(level),
            description=f"The VIX and its three-month sister stand at {level}: options that are "
            "held are repriced whole. How shares would move beside it is not guessed.",
        )
        for level in (45, 65, 80)
    ),
)  # fmt: skip

CORRELATION_BREAK: Final = CorrelationBreak(
    key="correlation_break",
    name="Correlations break down: a session in twenty",
    description="The loss of a session at 95 % (normal) when every pair of holdings moves half "
    "the way to a correlation of 1 and volatility doubles.",
    towards_one=0.5,
    volatility=2.0,
)

PATHS: Final = (
    PathShock(
        key="path_crash", name="Crash and slow return", equity=-0.35, down=24, recover=126,
        costs=3.0,
        description="The benchmark falls by 35 % in 24 sessions and is back after 126 more; every "
        "trade costs three times as much.",
    ),
    PathShock(
        key="path_rebound", name="Whipsaw", equity=-0.2, down=10, recover=21, costs=2.0,
        description="The benchmark falls by 20 % in 10 sessions and is back after 21 more; every "
        "trade costs twice as much.",
    ),
    PathShock(
        key="path_bear", name="Long bear market", equity=-0.5, down=252, recover=252,
        regained=0.5, costs=1.5,
        description="The benchmark falls by 50 % in a year and makes good half of it in another; "
        "every trade costs half as much again.",
    ),
    PathShock(
        key="path_flight", name="Crash, and the AUD with it", equity=-0.35, down=63, recover=126,
        regained=0.5, audusd=-0.3, costs=4.0,
        description="The benchmark falls by 35 % and AUDUSD by 30 % in 63 sessions; half of both "
        "is made good in 126 more; every trade costs four times as much.",
    ),
)  # fmt: skip

SCENARIOS: Final[tuple[Scenario, ...]] = (*WINDOWS, *SHOCKS, CORRELATION_BREAK, *PATHS)
BY_KEY: Final = {scenario.key: scenario for scenario in SCENARIOS}

# Funds whose value follows something else than shares. Durations are the funds' own statements
# rounded to whole years: a first-order estimate has no use for more digits.
DURATIONS: Final = {
    "TLT": 16.0, "IEF": 7.0, "IEI": 4.0, "SHY": 2.0, "AGG": 6.0, "BND": 6.0, "LQD": 8.0,
    "VAF.AX": 5.0, "IAF.AX": 5.0, "VGB.AX": 5.0,
}  # fmt: skip
GOLD: Final = frozenset({"GLD", "IAU", "GLDM", "SGOL", "GOLD.AX", "PMGOLD.AX", "QAU.AX"})
BITCOIN: Final = frozenset({"BTC-USD", "BTC-AUD"})
