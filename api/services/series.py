"""A finished run as objects: columns ready to serve, Parquet and CSV to take away."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from api.services.results import (
    FULL,
    ROLLING_NAME,
    curve_key,
    levels_of,
    rolling_column,
    write_columns,
)
from api.services.stored_holdings import NAME, write_holdings
from engine.backtest import Orders, Result
from engine.books import Books
from engine.downsample import deepest_per_bucket, largest_triangle_three_buckets
from engine.drawdowns import drawdowns
from engine.panel import AnyArray
from engine.rolling import WINDOWS, rolling_figures
from engine.types import FloatArray, IntArray

Pick = Callable[[FloatArray, int], IntArray]
Curves = Mapping[str, FloatArray]
# Rolling figures by the name under which they are asked for, and what a chart can show of them.
ROLLING = {
    "SHARPE": "sharpe",
    "SORTINO": "sortino",
    "VOLATILITY": "volatility",
    "BETA": "beta",
    "RETURN": "total_return",
}
DIGITS = 6


def objects(result: Result, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield each object of a run as its key and bytes."""
    dates = np.datetime_as_string(result.session.astype("datetime64[D]"))
    equity = {
        "net": result.equity,
        "gross": result.gross,
        "local": result.local,
        "benchmark": result.benchmark,
        "bills": result.equity[0] * np.cumprod(np.append(1.0, 1.0 + result.rf[1:])),
    }
    if result.price is not None:
        equity["price"] = result.price
    if result.hedged is not None:
        equity["hedged"] = result.hedged
    depth = {"strategy": drawdowns(result.equity), "benchmark": _depth(result.benchmark)}
    yield from curve_objects(prefix, "equity", dates, equity, largest_triangle_three_buckets)
    yield from curve_objects(prefix, "drawdown", dates, depth, deepest_per_bucket)
    yield f"{prefix}{ROLLING_NAME}", _rolling(dates, result)
    yield f"{prefix}{NAME}", _holdings(dates, result.books, result.symbols)
    orders = _order_columns(result.orders, result.traded)
    yield f"{prefix}orders.columns.gz", write_columns(orders, total_points=len(orders["date"]))
    yield f"{prefix}orders.csv", _csv(orders)
    curves = equity | {"drawdown": depth["strategy"]}
    yield f"{prefix}series.parquet", _parquet(dates, result.closed_at, curves)
    if result.learnt:
        yield f"{prefix}model.npz", _tables(result.learnt)


def _tables(learnt: Mapping[str, AnyArray]) -> bytes:
    """Return a model as plain arrays: unlike a pickle it runs nothing when it is read."""
    written = io.BytesIO()
    np.savez_compressed(written, allow_pickle=False, **learnt)
    return written.getvalue()


def curve_objects(
    prefix: str, name: str, dates: Any, curves: Curves, pick: Pick
) -> Iterator[tuple[str, bytes]]:
    """Yield each resolution; the first curve decides which rows it keeps, the others share them."""
    total = len(dates)
    leading = next(iter(curves.values()))
    for level in (*levels_of(total), total):
        rows = pick(leading, level)
        columns: dict[str, Any] = {"dates": dates[rows].tolist()}
        columns |= {label: curve[rows] for label, curve in curves.items()}
        label = FULL if level == total else str(level)
        yield curve_key(prefix, name, label), write_columns(columns, total_points=total)


def _rolling(dates: Any, result: Result) -> bytes:
    """Return all windows in one object: whoever asks for fewer points takes every so many."""
    columns: dict[str, Any] = {"dates": dates.tolist()}
    for window in WINDOWS:
        rolled = partial(rolling_figures, rf=result.rf, window=window)
        ours, theirs = rolled(result.equity, benchmark=result.benchmark), rolled(result.benchmark)
        for name, figure in ROLLING.items():
            columns[rolling_column(window, name)] = np.round(getattr(ours, figure), DIGITS)
            columns[rolling_column(window, name, benchmark=True)] = np.round(
                getattr(theirs, figure), DIGITS
            )
    return write_columns(columns, total_points=len(dates))


def _holdings(dates: Any, books: Books, symbols: Sequence[str]) -> bytes:
    blocks = [
        block.astype("<f8").tobytes() for block in (books.equity, books.quantity, books.value)
    ]
    return write_holdings(dates.tolist(), [symbols[asset] for asset in books.held], *blocks)


def _depth(level: FloatArray) -> FloatArray:
    """Return the drawdowns of a level that may begin late: NaN before its first value."""
    depth = np.full(len(level), np.nan)
    known = np.isfinite(level)
    depth[known] = drawdowns(level[known])
    return depth


def _order_columns(orders: Orders, traded: Sequence[str]) -> dict[str, list[Any]]:
    """Money and quantities as exact decimal strings: the shortest that give the float back."""
    return {
        "date": np.datetime_as_string(orders.day.astype("datetime64[D]")).tolist(),
        "symbol": list(traded),
        "side": ["BUY" if side > 0 else "SELL" for side in orders.side],
        "quantity": _decimals(orders.quantity),
        "filled": _decimals(orders.filled),
        "price": _decimals(orders.price),
        "commission": _decimals(orders.commission),
        "slippage": _decimals(orders.slippage),
        "fx_cost": _decimals(orders.fx_cost),
        "reason": list(orders.reason),
    }


def _decimals(values: FloatArray) -> list[str]:
    return [np.format_float_positional(value, trim="-") for value in np.round(values, 8)]


def _csv(columns: Mapping[str, Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


def _parquet(dates: Any, closed_at: IntArray, curves: Curves) -> bytes:
    """Write each session with the instant at which it was valued, and its curves."""
    days = {
        "date": pa.array(dates.astype("datetime64[D]")),
        "valued_at": pa.array(closed_at, pa.timestamp("ns", tz="UTC")),
    }
    table = pa.table(days | dict(curves))
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()
