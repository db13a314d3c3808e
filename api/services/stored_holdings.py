"""What a run held at each close: one compressed table, written once and read by the row.

The first line is a JSON header; behind it, deflated, lie three blocks of float64, little-endian and
session by session: equity (k,), quantity (k, c) and value (k, c) of the c assets ever held.
"""

import zlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import orjson

from api.errors import InvalidInput

NAME = "holdings.f64.zz"
FASTEST = 1
# What an answer of the largest size has room for.
MOST_WEIGHTS = 400_000


@dataclass(frozen=True)
class Held:
    """One holding at a close; the value is in the run's currency."""

    symbol: str
    weight: float
    shares: float
    value: float


@dataclass(frozen=True)
class StoredHoldings:
    """Sessions oldest first, and the table's blocks as they lie."""

    dates: list[str]
    symbols: list[str]
    equity: Sequence[float]
    quantity: Sequence[float]
    value: Sequence[float]

    def on(self, day: date | None) -> list[Held]:
        """Return what was held at the last close up to a day, largest first; None is the end."""
        row = len(self.dates) if day is None else bisect_right(self.dates, day.isoformat())
        if row == 0:
            return []
        start, stop = self._cells(row - 1)
        cells = zip(self.symbols, self.quantity[start:stop], self.value[start:stop], strict=True)
        equity = self.equity[row - 1]
        held = [
            Held(symbol, worth / equity, shares, worth) for symbol, shares, worth in cells if shares
        ]
        return sorted(held, key=lambda one: (-one.value, one.symbol))

    def weights(self, most: int | None) -> tuple[list[str], dict[str, list[float]]]:
        """Return evenly spaced sessions, the first and the last among them, and weights by symbol.

        Symbols that are held on none of them are left out. Raises InvalidInput.
        """
        rows = spaced(len(self.dates), most)
        if len(rows) * len(self.symbols) > MOST_WEIGHTS:
            raise InvalidInput(
                f"{len(rows)} sessions of {len(self.symbols)} assets are too many for one answer;"
                f" pass maxPoints, at most {MOST_WEIGHTS // len(self.symbols)}",
                field=("maxPoints",),
                reason="BAD_MAX_POINTS",
            )
        table = []
        for row in rows:
            start, stop = self._cells(row)
            equity = self.equity[row]
            table.append([round(worth / equity, 6) for worth in self.value[start:stop]])
        columns = dict(zip(self.symbols, map(list, zip(*table, strict=True)), strict=True))
        held = {symbol: column for symbol, column in columns.items() if any(column)}
        return [self.dates[row] for row in rows], held

    def _cells(self, row: int) -> tuple[int, int]:
        width = len(self.symbols)
        return row * width, (row + 1) * width


def spaced(total: int, most: int | None) -> list[int]:
    """Return at most so many of the rows 0 to total - 1, both ends kept. Raises InvalidInput."""
    if most is None or most >= total:
        return list(range(total))
    if most < 2:
        raise InvalidInput(
            f"maxPoints was {most}; ask for at least 2",
            field=("maxPoints",),
            reason="BAD_MAX_POINTS",
        )
    return [round(place * (total - 1) / (most - 1)) for place in range(most)]


def write_holdings(
    dates: Sequence[str], symbols: Sequence[str], equity: bytes, quantity: bytes, value: bytes
) -> bytes:
    """Return the table's bytes, the same for the same input."""
    header = orjson.dumps({"dates": list(dates), "symbols": list(symbols)})
    return header + b"\n" + zlib.compress(equity + quantity + value, FASTEST)


def read_holdings(blob: bytes) -> StoredHoldings:
    first, _, rest = blob.partition(b"\n")
    header = orjson.loads(first)
    floats = memoryview(zlib.decompress(rest)).cast("d")
    sessions, cells = len(header["dates"]), len(header["dates"]) * len(header["symbols"])
    return StoredHoldings(
        dates=header["dates"],
        symbols=header["symbols"],
        equity=floats[:sessions],
        quantity=floats[sessions : sessions + cells],
        value=floats[sessions + cells :],
    )
