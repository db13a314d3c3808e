"""Series and orders of a finished run, read from where its worker put them."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

import orjson

from api.errors import DataError, InvalidInput, NotFound
from api.ports import ObjectStore
from api.services.results import Columns, curve_key, level_for, read_columns
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
