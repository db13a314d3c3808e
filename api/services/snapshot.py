"""The stored market as objects: what a panel is cut from, kept as wide Parquet.

A year is one object with one row per session; a field of m assets is one column of fixed-size
lists of m. What runs through the years (a benchmark, exchange rates, versions of bars that were
since corrected) is one object beside them. Each says in its metadata which rows it was made from:
it is fresh or it is not, and only what changed is made again.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, IntArray

# Goes into the key: raised when meaning or layout changes, so that no older object is read.
LAYOUT = 7

BARS = ("open", "high", "low", "close", "volume")
# What a cell of a column that was left out holds.
ABSENT = {"split": 1.0, "dividend": 0.0}

Part = TypeVar("Part", "Year", "Beside")


@dataclass(frozen=True, kw_only=True)
class Year:
    """Bars of n sessions and m assets in k markets, oldest first, NaN where unknown.

    Prices are in each asset's own currency: as traded where its actions are known, else in the
    space of the adjusted close (`adjust`).
    """

    session: IntArray  # (n,) days since 1970-01-01: every session of the markets in the year
    opens_at: IntArray  # (n, k) ns UTC, NEVER where that market is closed
    closes_at: IntArray
    open: FloatArray  # (n, m)
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    known_at: IntArray  # (n, m) ns UTC, NEVER where there is no bar
    split: FloatArray  # (n, m) new shares per old, 1.0 = none
    dividend: FloatArray  # (n, m) cash per post-split share, 0.0 = none
    paid_on: FloatArray  # (n, m) day on which that cash is paid, NaN where unknown
    rf: FloatArray  # (n,) simple return per session
    rf_known_at: IntArray  # (n,) ns UTC, NEVER where there is no rate

    WIDE: ClassVar[tuple[str, ...]] = (*BARS, "split", "dividend", "paid_on")


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What goes with the bars, each series as its own columns, oldest first, no NaN."""

    benchmark_day: IntArray  # (b,) days since 1970-01-01
    benchmark: FloatArray  # level with dividends where they are known, own currency
    benchmark_known_at: IntArray  # ns UTC
    audusd_day: IntArray
    audusd: FloatArray
    audusd_known_at: IntArray
    # Versions of bars that were corrected later, (r,): believed from known_at to known_to.
    was_day: IntArray
    was_asset: IntArray  # column of the assets
    was_open: FloatArray
    was_high: FloatArray
    was_low: FloatArray
    was_close: FloatArray
    was_volume: FloatArray
    was_known_at: IntArray
    was_known_to: IntArray
    # The last instant, (1,), at which an action became known or a version was corrected, the
    # benchmark's included.
    told_at: IntArray


@dataclass(frozen=True, kw_only=True)
class Bars:
    """Stored bars of one instrument as columns, (n_bars,), oldest first, NaN where null."""

    day: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    adjusted_close: FloatArray
    volume: FloatArray
    known_at: IntArray


def adjust(bars: Bars) -> dict[str, FloatArray]:
    """Return open, high, low, close and volume in the space of the adjusted close.

    Where there is an adjusted close, prices are scaled by adjusted over raw and volume by its
    inverse, so that price times volume stays the money that changed hands. Elsewhere the raw bar
    stands. An unknown open, high, low or volume stays unknown.
    """
    known = np.isfinite(bars.adjusted_close)
    close = np.where(known, bars.adjusted_close, bars.close)
    factor = np.where(known, bars.adjusted_close / bars.close, 1.0)
    return {
        "open": bars.open * factor,
        "high": bars.high * factor,
        "low": bars.low * factor,
        "close": close,
        "volume": bars.volume / factor,
    }


def dump_year(year: Year, *, made_from: str) -> bytes:
    """Write Parquet; a field that is nowhere known, and actions where there are none, stay out."""
    about = {"made_from": made_from, "assets": year.close.shape[1]}
    columns = {name: getattr(year, name) for name in _names(Year)}
    kept = {name: values for name, values in columns.items() if not _absent(name, values)}
    return _write({name: _rows(values) for name, values in kept.items()}, about)


def load_year(content: bytes, *, made_from: str) -> Year | None:
    """Read what `dump_year` wrote; None where it was made from other rows."""
    found = _read(content, made_from)
    if found is None:
        return None
    about, columns = found
    shape = len(columns["session"]), about["assets"]
    absent = {name: np.full(shape, ABSENT.get(name, np.nan)) for name in Year.WIDE}
    return Year(**absent | dict(columns))


def dump_beside(beside: Beside, *, made_from: str) -> bytes:
    """Write Parquet of one row: each column is a list of its own length."""
    columns = {name: _row(getattr(beside, name)) for name in _names(Beside)}
    return _write(columns, {"made_from": made_from})


def load_beside(content: bytes, *, made_from: str) -> Beside | None:
    """Read what `dump_beside` wrote; None where it was made from other rows."""
    found = _read(content, made_from)
    if found is None:
        return None
    columns = found[1]
    return Beside(**columns)


def _names(part: type[Part]) -> Sequence[str]:
    return [entry.name for entry in fields(part)]


def _write(columns: Mapping[str, Any], about: Mapping[str, Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    metadata = {"about": json.dumps(about)}
    # Instants repeat; for prices a dictionary would only cost time.
    repeated = [f"{name}.list.element" for name in columns if "_at" in name]
    sink = io.BytesIO()
    pq.write_table(
        pa.table(dict(columns)).replace_schema_metadata(metadata),
        sink,
        compression="zstd",
        compression_level=1,
        use_dictionary=repeated,
        write_statistics=False,
    )
    return sink.getvalue()


def _absent(name: str, values: NDArray[Any]) -> bool:
    if name not in Year.WIDE:
        return False
    if name in ABSENT:
        return bool((values == ABSENT[name]).all())
    return bool(np.isnan(values).all())


def _row(values: NDArray[Any]) -> Any:
    """Return a column of one row, which holds all the values."""
    import pyarrow as pa

    return pa.ListArray.from_arrays(np.array([0, len(values)], np.int32), pa.array(values))


def _rows(values: NDArray[Any]) -> Any:
    """Return a column of one number, or of one list of numbers, a row."""
    import pyarrow as pa

    flat = pa.array(values.ravel())
    if values.ndim == 1:
        return flat
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _read(content: bytes, made_from: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(content))
    about: dict[str, Any] = json.loads(file.schema_arrow.metadata[b"about"])
    if about["made_from"] != made_from:
        return None
    table = file.read()
    return about, {name: _matrix(table[name].combine_chunks()) for name in table.column_names}


def _matrix(column: Any) -> NDArray[Any]:
    """Return a column as (n,), or as (n, width) where it holds lists of one width."""
    import pyarrow as pa

    lists = pa.types.is_list(column.type) or pa.types.is_fixed_size_list(column.type)
    flat: NDArray[Any] = (column.flatten() if lists else column).to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(column.type):
        return flat.reshape(len(column), column.type.list_size)
    return flat
