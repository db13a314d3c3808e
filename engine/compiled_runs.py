"""Entries and exits with stops, one asset and one account a column, by vectorbt's compiled engines.

What is decided at a close is filled at the next open; a gap through a stop fills at the open; of a
stop and a target within one bar the stop is taken; nothing is filled on a session that cannot be
traded. vectorbt is imported when the first of these runs is asked for, and by nothing else. Its
rules differ from `engine.signal_ledger` in one respect: on the session of a purchase no stop and
no target is looked at.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from engine.errors import InvalidParameters
from engine.types import BoolArray, FloatArray, IntArray

Compiler = Literal["rust", "numba"]
# Equal once warm; Numba compiles for most of a minute first.
FASTER: Final[Compiler] = "rust"
CAPITAL: Final = 1.0e9  # orders below 1e-12 shares are none to vectorbt


@dataclass(frozen=True, kw_only=True)
class Prices:
    """Bars of C columns over n sessions, (n, C) each; NaN where there is no bar."""

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    tradable: BoolArray


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is decided at each close, (n, C); stops and targets are fractions of the price paid."""

    entries: BoolArray
    exits: BoolArray
    stop: FloatArray | None = None  # below the price paid; NaN none
    target: FloatArray | None = None  # above it


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What came of each column: equity in units of the capital, and its fills in order of time."""

    equity: FloatArray  # (n, C)
    column: IntArray  # (f,)
    row: IntArray  # (f,)
    side: IntArray  # (f,) +1 buys, -1 sells
    price: FloatArray  # (f,)


def run_wishes(
    prices: Prices, wishes: Wishes, *, cost: float = 0.0, compiler: Compiler = FASTER
) -> Runs:
    """Trade all the money of each column in and out.

    Parameters
    ----------
    cost : float
        Share of each amount traded that is charged.
    compiler : str
        Which of vectorbt's engines; the figures are the same.

    Raises
    ------
    InvalidParameters
        Where shapes differ or vectorbt is not installed on this platform.
    """
    _require_shape(prices, wishes)
    vectorbt = _vectorbt()
    filled = _next_row(wishes, prices.tradable)
    portfolio = vectorbt.Portfolio.from_signals(
        _valued(prices),
        filled.entries,
        filled.exits,
        price=np.where(np.isfinite(prices.open), prices.open, prices.close),
        open=prices.open,
        high=prices.high,
        low=prices.low,
        sl_stop=_or_none(filled.stop),
        tp_stop=_or_none(filled.target),
        stop_entry_price="fillprice",
        stop_exit_price="stoplimit",
        fees=cost,
        init_cash=CAPITAL,
        engine=compiler,
        freq="1D",
    )
    made = portfolio.orders.records_arr
    return Runs(
        equity=np.asarray(portfolio.value(), np.float64).reshape(prices.close.shape) / CAPITAL,
        column=made["col"].astype(np.int64),
        row=made["idx"].astype(np.int64),
        side=np.where(made["side"] == 0, 1, -1),
        price=made["price"].astype(np.float64),
    )


def _vectorbt() -> Any:
    try:
        import vectorbt
    except ImportError as e:
        raise InvalidParameters("runs with stops by columns need vectorbt, which is absent") from e
    return vectorbt


def _require_shape(prices: Prices, wishes: Wishes) -> None:
    shape = prices.close.shape
    for name in ("entries", "exits", "stop", "target"):
        given = getattr(wishes, name)
        if given is not None and given.shape != shape:
            raise InvalidParameters(f"{name} was of shape {given.shape}; the prices are {shape}")


def _next_row(wishes: Wishes, tradable: BoolArray) -> Wishes:
    """Return what is wished for on each session that can be traded, a session after it was."""

    def later(values: BoolArray) -> BoolArray:
        moved = np.zeros_like(values)
        moved[1:] = values[:-1]
        return moved & tradable

    def later_levels(values: FloatArray | None) -> FloatArray | None:
        if values is None:
            return None
        moved = np.full_like(values, np.nan)
        moved[1:] = values[:-1]
        return moved

    return Wishes(
        entries=later(wishes.entries),
        exits=later(wishes.exits),
        stop=later_levels(wishes.stop),
        target=later_levels(wishes.target),
    )


def _valued(prices: Prices) -> Any:
    """Return closes as vectorbt values them: the last one known stands."""
    import pandas as pd

    return pd.DataFrame(prices.close).ffill()


def _or_none(levels: FloatArray | None) -> FloatArray | float:
    return np.nan if levels is None else levels
