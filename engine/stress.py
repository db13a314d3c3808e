"""A run in the windows of history, and its last holdings under shocks.

A window the run does not cover whole has no figures at all: part of a crash under its full name
would flatter or frighten. A shock is first order: each holding moves by its beta, its currency and
what it stands for, and nothing is traded on the way. Options are repriced whole.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist
from typing import Final

import numpy as np

from engine import ratios
from engine.drawdowns import drawdowns
from engine.option_risk import OpenContracts
from engine.returns import simple_returns
from engine.scenarios import (
    BITCOIN,
    DURATIONS,
    GOLD,
    CorrelationBreak,
    HistoricWindow,
    Shock,
)
from engine.types import FloatArray, IntArray

EPOCH: Final = date(1970, 1, 1)
BETA_SESSIONS: Final = 252
LEAST_FOR_BETA: Final = 126
DEFAULT_BETA: Final = 1.0  # of a share too young for its own
LEVEL: Final = 0.95
POINTS: Final = 100.0  # of a volatility index in a volatility of one
TO_NOTHING: Final = -0.999  # an index falls no further: a price is above 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one scenario does; fractions, None where it cannot be told."""

    key: str
    covered: bool
    total_return: float | None = None
    max_drawdown: float | None = None
    benchmark_return: float | None = None
    asset_return: float | None = None
    currency_return: float | None = None
    costs: float | None = None
    turnover: float | None = None
    days_to_recover: int | None = None


@dataclass(frozen=True, kw_only=True)
class Curves:
    """A run by session, (k,) each; money in base currency."""

    session: IntArray
    equity: FloatArray
    gross: FloatArray
    local: FloatArray  # currency taken out
    benchmark: FloatArray  # NaN where it is absent
    turnover: FloatArray


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """What a run holds at its end, m assets."""

    symbols: tuple[str, ...]
    weight: FloatArray  # (m,) fraction of equity
    returns: FloatArray  # (n, m) recent session returns in each asset's own currency, NaN = none
    home: FloatArray  # (n, m) the same in base currency
    benchmark: FloatArray  # (n,) returns of the benchmark in its own currency, NaN = none
    abroad: FloatArray  # (m,) how AUDUSD moves a holding: 0 at home, -1 dollars at home in AUD
    benchmark_abroad: float  # the same of the benchmark
    contracts: OpenContracts | None = None  # options on one of the assets, which may weigh nothing
    equity: float = 1.0  # base currency


def in_window(curves: Curves, window: HistoricWindow) -> Outcome:
    """Return the run between the closes of both days, or nothing where it covers only a part."""
    first, last = ((day - EPOCH).days for day in (window.start, window.end))
    session = curves.session
    if not len(session) or session[0] > first or session[-1] < last:
        return Outcome(key=window.key, covered=False)
    a, b = (np.searchsorted(session, [first, last], side="right") - 1).tolist()
    total, local, gross = (
        _change(curve, a, b) for curve in (curves.equity, curves.local, curves.gross)
    )
    benchmark = _change(curves.benchmark, a, b)
    return Outcome(
        key=window.key,
        covered=True,
        total_return=total,
        max_drawdown=float(drawdowns(curves.equity[a : b + 1]).min()),
        benchmark_return=benchmark if math.isfinite(benchmark) else None,
        asset_return=local,
        currency_return=total - local,
        costs=gross - total,
        turnover=float(curves.turnover[a + 1 : b + 1].sum()),
        days_to_recover=_days_to_recover(curves, a, b),
    )


def _change(curve: FloatArray, a: int, b: int) -> float:
    return float(curve[b] / curve[a] - 1.0)


def _days_to_recover(curves: Curves, a: int, b: int) -> int | None:
    """Return the calendar days from the window's end until the equity of its start is back."""
    back = np.flatnonzero(curves.equity[b:] >= curves.equity[a])
    return int(curves.session[b + back[0]] - curves.session[b]) if len(back) else None


def betas(holdings: Holdings) -> tuple[FloatArray, tuple[str, ...]]:
    """Return each asset's beta (m,), and which had too few returns for one of their own."""
    return betas_of(holdings.symbols, holdings.returns, holdings.benchmark)


def betas_of(
    symbols: Sequence[str], returns: FloatArray, market: FloatArray
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the betas of returns (n, m) to those of a market (n,), as `betas` does."""
    returns, market = returns[-BETA_SESSIONS:], market[-BETA_SESSIONS:]
    found, assumed = np.empty(len(symbols)), []
    for i, symbol in enumerate(symbols):
        both = np.isfinite(returns[:, i]) & np.isfinite(market)
        own = ratios.beta(returns[both, i], market[both]) if both.sum() >= LEAST_FOR_BETA else None
        if own is None or math.isnan(own):
            other = symbol in DURATIONS or symbol in GOLD or symbol in BITCOIN
            own = 0.0 if other else DEFAULT_BETA
            assumed.append(symbol)
        found[i] = own
    return found, tuple(assumed)


def under(shock: Shock, holdings: Holdings, beta: FloatArray) -> Outcome:
    """Return the sum over the holdings of weight times move.

    It is not covered where the shock is about something of which nothing is held: the holdings
    may well react to it, but this model does not know how.
    """
    moves, touched = np.zeros(len(beta)), False
    market: float | None = None  # of rates, gold and bitcoin it has no known part
    options = 0.0
    if shock.equity is not None:
        moves, touched = moves + beta * shock.equity, True
        market = shock.equity
        options += _repriced(holdings, beta, shock.equity)
    if shock.audusd is not None:
        moves, touched = moves + _currency(shock.audusd, holdings.abroad), True
        options += _converted(holdings, shock.audusd)
        abroad = np.array(holdings.benchmark_abroad)
        market = (market or 0.0) + float(_currency(shock.audusd, abroad))
    if shock.vix is not None and holdings.contracts is not None:
        options, touched = options + _revalued(holdings.contracts, holdings.equity, shock.vix), True
    for change, exposure in (
        (shock.rates, -_of(holdings.symbols, DURATIONS)),
        (shock.gold, _of(holdings.symbols, dict.fromkeys(GOLD, 1.0))),
        (shock.bitcoin, _of(holdings.symbols, dict.fromkeys(BITCOIN, 1.0))),
    ):
        if change is not None:
            moves = moves + exposure * change
            touched = touched or bool((exposure * holdings.weight).any())
    if not touched:
        return Outcome(key=shock.key, covered=False)
    return Outcome(
        key=shock.key,
        covered=True,
        total_return=float(holdings.weight @ moves) + options,
        benchmark_return=market,
    )


def _repriced(holdings: Holdings, beta: FloatArray, market: float) -> float:
    """Return what options gain when their index moves by its beta, as a fraction of equity."""
    contracts = holdings.contracts
    if contracts is None:
        return 0.0
    move = max(float(beta[holdings.symbols.index(contracts.symbol)]) * market, TO_NOTHING)
    return (contracts.worth(move) - contracts.worth()) / holdings.equity


def _revalued(contracts: OpenContracts, equity: float, vix: float) -> float:
    """Return what options gain when both volatility indices stand at so many points."""
    return (contracts.worth(volatility=vix / POINTS) - contracts.worth()) / equity


def _converted(holdings: Holdings, audusd: float) -> float:
    contracts = holdings.contracts
    if contracts is None:
        return 0.0
    abroad = holdings.abroad[[holdings.symbols.index(contracts.symbol)]]
    return contracts.worth() / holdings.equity * float(_currency(audusd, abroad)[0])


def _currency(audusd: float, abroad: FloatArray) -> FloatArray:
    """Return the move of each holding: dollars at home in AUD lose 1 - 1/(1 + s) when AUD rises."""
    return np.where(abroad < 0.0, 1.0 / (1.0 + audusd) - 1.0, abroad * audusd)


def _of(symbols: Sequence[str], known: dict[str, float]) -> FloatArray:
    return np.array([known.get(symbol, 0.0) for symbol in symbols])


def when_correlated(scenario: CorrelationBreak, holdings: Holdings) -> Outcome:
    """Return the loss of a session at 95 % under normal returns with closer correlations."""
    held = np.flatnonzero(holdings.weight != 0.0)
    returns, market = holdings.home[-BETA_SESSIONS:, held], holdings.benchmark[-BETA_SESSIONS:]
    whole = np.isfinite(returns).all(axis=1)
    if not len(held) or whole.sum() < LEAST_FOR_BETA:
        return Outcome(key=scenario.key, covered=False)
    covariance = np.atleast_2d(np.cov(returns[whole], rowvar=False, ddof=1))
    covariance = covariance * scenario.volatility**2
    sd = np.sqrt(np.diag(covariance))
    closer = covariance + (np.outer(sd, sd) - covariance) * scenario.towards_one
    weight = holdings.weight[held]
    worst = NormalDist().inv_cdf(LEVEL)
    own = ratios.deviation(market[np.isfinite(market)]) * scenario.volatility
    return Outcome(
        key=scenario.key,
        covered=True,
        total_return=-worst * math.sqrt(float(weight @ closer @ weight)),
        benchmark_return=-worst * own if math.isfinite(own) else None,
    )


def recent_returns(level: FloatArray) -> FloatArray:
    """Return the returns of levels (n, m) over the sessions a beta looks at."""
    return simple_returns(level[-BETA_SESSIONS - 1 :])
