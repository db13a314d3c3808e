"""The record of every order: what was asked, what was done, at what cost, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

import numpy as np

from engine.panel import AnyArray
from engine.types import BoolArray, FloatArray, IntArray


class Reason(StrEnum):
    """How an order ended. A partial fill by volume goes on under the same decision."""

    FILLED = "filled"
    STOPPED = "filled_at_stop"  # a position sold at its stop
    TARGET = "filled_at_target"  # a part of a position sold at its target
    BEFORE_EXPIRY = "filled_before_expiry"  # an option closed so many days before its end
    PARTIAL_VOLUME = "partial_volume"
    PARTIAL_CASH = "partial_cash"
    NO_CASH = "cancelled_no_cash"
    NO_FILL = "cancelled_no_fill"  # did not trade within the sessions an order waits
    NO_VOLUME = "cancelled_no_volume"  # nothing traded in it on average: impact has no measure
    UNECONOMIC = "cancelled_uneconomic"  # a sale whose costs exceed its proceeds
    MINIMUM_PARCEL = "cancelled_minimum_parcel"
    NOT_LENT = "cancelled_not_lent"  # nobody is known to lend the shares it would sell
    GAPPED = "cancelled_gap"  # opened above what the entry allows
    TOO_SMALL = "cancelled_too_small"  # below the smallest position, or not above its own stop
    NO_PLACE = "cancelled_no_place"  # as many positions as there may be
    EXPIRED = "cancelled_expired"  # remainder carried as long as allowed
    SUPERSEDED = "cancelled_superseded"  # the next decision replaced it
    RUN_ENDED = "cancelled_run_ended"
    ASSET_DELISTED = "cancelled_delisted"
    DELISTED = "delisted"  # the position became cash
    SPLIT_FRACTION = "split_fraction"  # a fraction of a share paid out after a split or merger
    SETTLED = "settled"  # an option paid out at its expiry
    MARGIN_CALL = "margin_call"  # positions reduced because equity no longer carried them
    MERGED = "merged"  # shares that became, or came of, those of another company


REASONS: Final = tuple(Reason)
CODES: Final = {reason: code for code, reason in enumerate(REASONS)}
# What an issuer or an expiry does to a position: nobody trades, and neither spread nor fee is paid.
UNTRADED: Final = tuple(
    CODES[reason]
    for reason in (Reason.MERGED, Reason.DELISTED, Reason.SPLIT_FRACTION, Reason.SETTLED)
)


@dataclass(frozen=True, kw_only=True)
class Orders:
    """One entry per order and session on which something happened to it, in time order.

    What an order had left after an entry is ``quantity - filled``; the next entry of the same
    decision and asset carries it on. Money is in the base currency, `price` in the asset's own.
    """

    row: IntArray  # panel row of the session
    day: IntArray  # days since 1970-01-01
    decision: IntArray  # panel row of the decision; -1 for what no decision caused
    asset: IntArray  # index of the asset
    side: IntArray  # +1 buy, -1 sell
    quantity: FloatArray  # outstanding before this entry, above 0
    filled: FloatArray  # at least 0
    price: FloatArray  # paid; of an unfilled order the price it was sized at
    reference: FloatArray  # the bar's price before slippage and impact
    fx: FloatArray  # base currency per unit of the asset's currency
    commission: FloatArray
    slippage: FloatArray  # distance between price and reference, impact included
    fx_cost: FloatArray
    code: IntArray  # index into REASONS

    @property
    def reason(self) -> tuple[str, ...]:
        return tuple(REASONS[code].value for code in self.code.tolist())

    @property
    def cash_flow(self) -> FloatArray:
        """Return what each entry paid into cash, base currency."""
        traded = -self.side * self.filled * self.price * self.fx
        flow: FloatArray = traded - self.commission - self.fx_cost
        return flow

    @property
    def traded(self) -> BoolArray:
        """Tell which entries moved shares in a market; mergers and payouts do not."""
        return (self.filled > 0.0) & ~np.isin(self.code, UNTRADED)

    def select(self, chosen: BoolArray) -> "Orders":
        """Return the entries that are chosen."""
        return Orders(**{entry.name: getattr(self, entry.name)[chosen] for entry in fields(self)})

    def __len__(self) -> int:
        return len(self.row)


INTEGERS: Final = frozenset({"row", "day", "decision", "asset", "side", "code"})


@dataclass
class OrderBook:
    """Collects entries as arrays and joins them once."""

    _entries: list[dict[str, Any]] = field(default_factory=list)

    def enter(self, *, row: int, asset: IntArray, reason: Reason | IntArray, **values: Any) -> None:
        """Record what happened to orders in `asset` on `row`; scalars stand for all of them."""
        if len(asset):
            code = CODES[reason] if isinstance(reason, Reason) else reason
            self._entries.append({"row": row, "asset": asset, "code": code, **values})

    def orders(self, session: IntArray) -> Orders:
        """Return all entries in order of time; within a session as they were entered."""
        sizes = np.array([len(entry["asset"]) for entry in self._entries], np.int64)
        columns: dict[str, Any] = {}
        for name in (entry.name for entry in fields(Orders) if entry.name != "day"):
            dtype = np.int64 if name in INTEGERS else np.float64
            columns[name] = _column([entry.get(name, 0) for entry in self._entries], sizes, dtype)
        in_time = np.argsort(columns["row"], kind="stable")
        columns = {name: values[in_time] for name, values in columns.items()}
        return Orders(day=session[columns["row"]], **columns)


def _column(values: Sequence[Any], sizes: IntArray, dtype: type) -> AnyArray:
    """Return what all entries say of their orders; a scalar stands for each of an entry."""
    given = [isinstance(value, np.ndarray) for value in values]
    scalars = [0 if array else value for array, value in zip(given, values, strict=True)]
    column: AnyArray = np.repeat(np.array(scalars, dtype), sizes)
    if any(given):
        arrays = [value for array, value in zip(given, values, strict=True) if array]
        column[np.repeat(given, sizes)] = np.concatenate(arrays)
    return column
