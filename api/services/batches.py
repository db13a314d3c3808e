"""Bars put together and taken apart, each row as it came."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from api.ports import BarBatch
from api.services.bar_rows import FIELDS
from engine.types import BoolArray, FloatArray, IntArray
from models.price_bars import BarColumns

NEVER = np.iinfo(np.int64).min


def joined(symbol: str, batches: Iterable[BarBatch]) -> BarBatch:
    """Return the batches one behind the other; what one of them lacks is unknown there."""
    return reduce(_join, batches, nothing(symbol))


def cut(batch: BarBatch, rows: BoolArray) -> BarBatch:
    """Return only the rows taken."""
    return replace(
        batch,
        row_number=batch.row_number[rows],
        day=batch.day[rows],
        values={name: column[rows] for name, column in batch.values.items()},
        raw=[text for text, taken in zip(batch.raw, rows.tolist(), strict=True) if taken],
        stamped_at=None if batch.stamped_at is None else batch.stamped_at[rows],
    )


def without(batch: BarBatch, names: Sequence[str]) -> BarBatch:
    """Return the batch without these columns."""
    left = {name: column for name, column in batch.values.items() if name not in names}
    return replace(batch, values=left)


def stored_batch(symbol: str, columns: BarColumns | None) -> BarBatch:
    """Return stored bars as a batch, of no file and of no rows in one."""
    if columns is None:
        return nothing(symbol)
    return BarBatch(
        symbol=symbol,
        file="stored",
        row_number=np.zeros(len(columns.days), np.int64),
        day=np.array(columns.days, dtype=np.int64),
        values={name: np.array(getattr(columns, name), dtype=np.float64) for name in FIELDS},
        raw=[""] * len(columns.days),
    )


def nothing(symbol: str) -> BarBatch:
    none: IntArray = np.array([], np.int64)
    return BarBatch(symbol=symbol, file="", row_number=none, day=none, values={}, raw=[])


def _join(one: BarBatch, other: BarBatch) -> BarBatch:
    names = dict.fromkeys([*one.values, *other.values])
    return BarBatch(
        symbol=one.symbol,
        file=other.file or one.file,
        row_number=np.concatenate([one.row_number, other.row_number]),
        day=np.concatenate([one.day, other.day]),
        values={name: np.concatenate([_column(one, name), _column(other, name)]) for name in names},
        raw=[*one.raw, *other.raw],
        stamped_at=_stamps(one, other),
    )


def _stamps(one: BarBatch, other: BarBatch) -> IntArray | None:
    """Return the stamps of both; what has none counts as stamped before any close."""
    if one.stamped_at is None and other.stamped_at is None:
        return None
    given = [
        np.full(len(each.day), NEVER) if each.stamped_at is None else each.stamped_at
        for each in (one, other)
    ]
    return np.concatenate(given)


def _column(batch: BarBatch, name: str) -> FloatArray:
    found = batch.values.get(name)
    return np.full(len(batch.day), np.nan) if found is None else found
