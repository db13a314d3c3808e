"""The stored market as one object: what a panel is cut from, kept as wide Parquet.

One row per session; a field of m assets is one column of fixed-size lists of m. Prices are in each
asset's own currency and in adjusted space (`adjust`), so one snapshot serves every run on the same
assets, whatever its dates and currency.
"""

import io
import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from engine.types import FloatArray, IntArray

# Goes into the key: raised when meaning or layout changes, so that no older object is read.
LAYOUT = 3


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Bars and rates of n sessions, m assets and k markets, oldest first, NaN where unknown."""

    session: IntArray  # (n,) days since 1970-01-01: every session of the markets
    opens_at: IntArray  # (n, k) ns UTC, NEVER where that market is closed
    closes_at: IntArray
    open: FloatArray  # (n, m)
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    known_at: IntArray  # (n, m) ns UTC, NEVER where there is no bar
    benchmark: FloatArray  # (n,) own currency, last mark carried for a week
    audusd: FloatArray  # (n,) last fixing on or before the session
    audusd_day: IntArray  # (n,) day of that fixing; 0 before the first
    audusd_known_at: IntArray  # (n,) ns UTC; NEVER before the first
    rf: FloatArray  # (n,) simple return per session
    latest: int  # last instant (ns UTC) at which anything in here became known


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


ARRAYS = tuple(entry.name for entry in fields(Snapshot) if entry.name != "latest")
BARS = ("open", "high", "low", "close", "volume")


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


def dump_snapshot(snapshot: Snapshot) -> bytes:
    """Write Parquet; a field that is nowhere known is left out."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {}
    for name in ARRAYS:
        values = getattr(snapshot, name)
        if values.dtype == np.float64 and np.isnan(values).all():
            continue
        flat = pa.array(values.ravel())
        wide = values.ndim == 2
        columns[name] = pa.FixedSizeListArray.from_arrays(flat, values.shape[1]) if wide else flat
    about = {"assets": snapshot.close.shape[1], "latest": snapshot.latest}
    table = pa.table(columns).replace_schema_metadata({"snapshot": json.dumps(about)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_statistics=False)
    return sink.getvalue()


def load_snapshot(content: bytes) -> Snapshot:
    """Read what `dump_snapshot` wrote; a field left out is NaN."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(content))
    about = json.loads(table.schema.metadata[b"snapshot"])
    n = table.num_rows
    found: dict[str, Any] = {"latest": about["latest"]}
    for name in ARRAYS:
        if name in table.column_names:
            found[name] = _matrix(table[name].combine_chunks(), n)
        else:
            found[name] = np.full((n, about["assets"]) if name in BARS else n, np.nan)
    return Snapshot(**found)


def _matrix(column: Any, n: int) -> Any:
    """Return a column as (n,), or as (n, width) where it holds lists."""
    import pyarrow as pa

    if isinstance(column, pa.FixedSizeListArray):
        return column.flatten().to_numpy(zero_copy_only=False).reshape(n, -1)
    return column.to_numpy(zero_copy_only=False)
