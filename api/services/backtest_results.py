"""Series and orders of a finished run, read from where its worker put them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import orjson

from api.errors import DataError, InvalidInput, NotFound
from api.ports import ObjectStore
from api.services.results import (
    ROLLING_NAME,
    ROLLING_WINDOWS,
    Columns,
    curve_key,
    level_for,
    read_columns,
    rolling_column,
)
from api.services.stored_holdings import NAME, StoredHoldings, read_holdings, spaced
from models.backtest import Backtest

DOWNLOAD = re.compile(r"results/([0-9a-f-]{36})/(\d{1,9})/[a-z0-9_]{1,64}\.[a-z0-9]{1,8}")


@dataclass(frozen=True)
class OrderRow:
    """An order as the ledger wrote it: money exact, price in the share's own currency."""

    date: date
    symbol: str
    side: str
    quantity: Decimal
    filled: Decimal
    price: Decimal
    commission: Decimal
    slippage: Decimal
    fx_cost: Decimal
    reason: str


@dataclass(frozen=True)
class Rolled:
    """A rolling figure by session, None where undefined, beside the benchmark's own."""

    dates: list[str]
    strategy: list[float | None]
    benchmark: list[float | None]
    total_points: int


MOST_BINS = 200
EXACT = ("quantity", "filled", "price", "commission", "slippage", "fx_cost")


async def read_curve(
    store: ObjectStore, run: Backtest, name: str, *, max_points: int | None
) -> Columns | None:
    """Return a curve at the finest stored resolution within the wish; None before it exists.

    Raises InvalidInput below the coarsest resolution.
    """
    if run.result_prefix is None or run.summary is None:
        return None
    try:
        level = level_for(max_points, run.summary["points"])
    except ValueError as e:
        raise InvalidInput(str(e), field=("maxPoints",), reason="BAD_MAX_POINTS") from e
    return read_columns(await _get(store, curve_key(run.result_prefix, name, level)))


async def read_orders(
    store: ObjectStore, run: Backtest, *, after: int, limit: int
) -> list[OrderRow]:
    """Return orders `after + 1` and on, in the order they were given."""
    if run.result_prefix is None:
        return []
    blob = await _get(store, f"{run.result_prefix}orders.columns.gz")
    stored = read_columns(blob).columns
    columns = {name: orjson.loads(column)[after : after + limit] for name, column in stored.items()}
    return [
        _order(dict(zip(columns, row, strict=True))) for row in zip(*columns.values(), strict=True)
    ]


async def read_rolling(
    store: ObjectStore, run: Backtest, metric: str, window: int, *, max_points: int | None
) -> Rolled | None:
    """Return a rolling figure from its first session on; None for a run that stored none.

    Raises InvalidInput for a window that is not stored.
    """
    if window not in ROLLING_WINDOWS:
        raise InvalidInput(
            f"window was {window}; choose {', '.join(map(str, ROLLING_WINDOWS))} sessions",
            field=("window",),
            reason="BAD_WINDOW",
        )
    if not _has_tables(run):
        return None
    stored = read_columns(await _get(store, f"{run.result_prefix}{ROLLING_NAME}"))
    rows = [window + row for row in spaced(max(stored.points - window, 0), max_points)]

    def column(name: str) -> list[Any]:
        values = orjson.loads(stored.columns[name])
        return [values[row] for row in rows]

    return Rolled(
        dates=column("dates"),
        strategy=column(rolling_column(window, metric)),
        benchmark=column(rolling_column(window, metric, benchmark=True)),
        total_points=max(stored.points - window, 0),
    )


async def read_held(store: ObjectStore, run: Backtest) -> StoredHoldings | None:
    """Return what the run held at each close; None for a run that stored no table."""
    if not _has_tables(run):
        return None
    return read_holdings(await _get(store, f"{run.result_prefix}{NAME}"))


async def read_returns(store: ObjectStore, run: Backtest) -> list[float] | None:
    """Return the net return of each session after the first; None before the run has any."""
    stored = await read_curve(store, run, "equity", max_points=None)
    if stored is None:
        return None
    equity = orjson.loads(stored.columns["net"])
    return [after / before - 1.0 for before, after in pairwise(equity)]


def histogram(values: Sequence[float], bins: int) -> tuple[list[float], list[int]]:
    """Return edges (bins + 1,) of equal width from least to most, and how many lie in each.

    A value on an edge counts to its right, the last one to its left. Raises InvalidInput.
    """
    if not 1 <= bins <= MOST_BINS:
        raise InvalidInput(
            f"bins was {bins}; ask for 1 to {MOST_BINS}", field=("bins",), reason="BAD_BINS"
        )
    low, high = min(values), max(values)
    width = (high - low) / bins
    counts = [0] * bins
    for value in values:
        counts[min(int((value - low) / width), bins - 1) if width else 0] += 1
    return [low + place * width for place in range(bins)] + [high], counts


def _has_tables(run: Backtest) -> bool:
    """Tell whether the run was stored with its tables: older ones were not."""
    return run.summary is not None and "tables" in run.summary


def download_owner(key: str) -> tuple[UUID, str] | None:
    """Return the job and prefix a result's key belongs to; None for any other key."""
    found = DOWNLOAD.fullmatch(key)
    if found is None:
        return None
    try:
        return UUID(found[1]), f"results/{found[1]}/{found[2]}/"
    except ValueError:
        return None


async def _get(store: ObjectStore, key: str) -> bytes:
    """Return an object of a published run: when it is gone, the fault is ours."""
    try:
        return await store.get(key)
    except NotFound as e:
        raise DataError(f"{key} is published but not stored") from e


def _order(values: dict[str, str]) -> OrderRow:
    amounts = {name: Decimal(values[name]) for name in EXACT}
    return OrderRow(
        date=date.fromisoformat(values["date"]),
        symbol=values["symbol"],
        side=values["side"],
        reason=values["reason"],
        **amounts,
    )
