"""What a reader of a run has to know about its fills."""

from typing import Final

import numpy as np

from engine.account import Terms
from engine.books import Books
from engine.execution import FillPolicy
from engine.orders import CODES, Orders, Reason

STALE_SESSIONS: Final = 60  # a position valued longer at one mark is worth a warning


def ledger_flags(terms: Terms, orders: Orders, books: Books, *, unpriced: bool) -> tuple[str, ...]:
    """Name what a reader of the run has to know about its fills."""
    panel = terms.panel
    traded = (orders.decision >= 0) & (orders.filled > 0.0)
    row, asset = orders.row[traded], orders.asset[traded]
    opens = terms.policy is FillPolicy.NEXT_OPEN
    found = {
        "not_tradable": terms.policy is FillPolicy.DECISION_CLOSE,
        "volume_unknown": bool(np.isnan(panel.volume[row, asset]).any()),
        "open_unknown": opens and bool(np.isnan(panel.open[row, asset]).any()),
        "unpriced_target": unpriced,
        "stale_price": books.stale_sessions > STALE_SESSIONS,
        "delisting_assumed": _assumes_delisting(terms, orders),
        "not_lent": _ended(orders, Reason.NOT_LENT),
        "lent_everywhere": terms.shorting is not None and terms.shorting.everywhere,
        "borrowed_cash": bool((books.cash < 0.0).any()),
        "margin_call": _ended(orders, Reason.MARGIN_CALL),
    }
    return tuple(flag for flag, raised in found.items() if raised)


def _ended(orders: Orders, reason: Reason) -> bool:
    return bool((orders.code == CODES[reason]).any())


def _assumes_delisting(terms: Terms, orders: Orders) -> bool:
    ended = orders.code == CODES[Reason.DELISTED]
    return bool(np.isnan(terms.actions.terminal[orders.row[ended], orders.asset[ended]]).any())
