"""Ready-to-serve columns: what a worker writes once and the API hands on unparsed.

A blob is gzip over lines. The first line is a small JSON header, each further line one column as a
JSON array. The API splits lines and puts the bytes into its answer as they are.
"""

import gzip
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

# Points per stored resolution; a curve is also stored whole, under FULL.
LEVELS = (50, 100, 250, 500, 1000, 2000)
FULL = "full"
# The rolling figures of a run, all windows in one object.
ROLLING_NAME = "rolling.columns.gz"
ROLLING_WINDOWS = (63, 126, 252)


@dataclass(frozen=True)
class Columns:
    """Columns of one stored resolution, each a JSON array in bytes."""

    points: int
    total_points: int
    columns: dict[str, bytes]


def curve_key(prefix: str, name: str, level: str) -> str:
    """Object key of a curve at one resolution."""
    return f"{prefix}{name}.{level}.columns.gz"


def rolling_column(window: int, metric: str, *, benchmark: bool = False) -> str:
    """Name of a column of rolling figures."""
    return f"{metric}_{window}_benchmark" if benchmark else f"{metric}_{window}"


def level_for(max_points: int | None, total_points: int) -> str:
    """Name the finest stored level of at most `max_points` points; `None` asks for all of them."""
    if max_points is None or max_points >= total_points:
        return FULL
    if max_points < LEVELS[0]:
        raise ValueError(f"maxPoints was {max_points}; ask for at least {LEVELS[0]}")
    return str(LEVELS[bisect_right(LEVELS, max_points) - 1])


def levels_of(total_points: int) -> tuple[int, ...]:
    """Resolutions worth storing beside the whole curve."""
    return tuple(level for level in LEVELS if level < total_points)


def write_columns(columns: Mapping[str, Any], *, total_points: int) -> bytes:
    """Compress columns of equal length; NaN becomes null. The same input gives the same bytes."""
    lengths = {name: len(values) for name, values in columns.items()}
    points = next(iter(lengths.values()), 0)
    if set(lengths.values()) - {points}:
        raise ValueError(f"columns differ in length: {lengths}")
    header = {"points": points, "totalPoints": total_points, "columns": list(columns)}
    lines = [orjson.dumps(header)]
    lines += [
        orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY) for values in columns.values()
    ]
    return gzip.compress(b"\n".join(lines), compresslevel=6, mtime=0)


def read_columns(blob: bytes) -> Columns:
    """Split a blob into its columns without parsing any."""
    first, *lines = gzip.decompress(blob).split(b"\n")
    header = orjson.loads(first)
    return Columns(
        points=header["points"],
        total_points=header["totalPoints"],
        columns=dict(zip(header["columns"], lines, strict=True)),
    )
