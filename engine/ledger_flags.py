"""What a reader of a run has to know about its fills."""

from typing import Final

import numpy as np

from engine.books import Books
from engine.execution import FillPolicy
from engine.identities import MONEY
from engine.orders import CODES, Orders, Reason
from engine.panel import AnyArray
from engine.terms import Terms
from engine.types import FloatArray

STALE_SESSIONS: Final = 60  # a position valued longer at one mark is worth a warning
# Prices move a book of long and short positions off its cap every day; by more than this share
# of the cap it is no longer the book anybody decided on.
OUTGROWN: Final = 0.1


def ledger_flags(
    terms: Terms, orders: Orders, books: Books, weights: FloatArray, *, unpriced: bool
) -> tuple[str, ...]:
    """Name what a reader of the run has to know about its fills and what came of them.

    `weights` (d, m) are what each decision aimed at.
    """
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
        "successor_outside": _converts(terms, orders),
        "not_lent": _ended(orders, Reason.NOT_LENT),
        "lent_everywhere": terms.shorting is not None and terms.shorting.everywhere,
        "borrowed_cash": bool((books.home < -MONEY).any()),
        "leverage_over_cap": _outgrows(books, weights),
        "margin_call": _ended(orders, Reason.MARGIN_CALL),
    }
    return tuple(flag for flag, raised in found.items() if raised)


def _ended(orders: Orders, reason: Reason) -> bool:
    return bool((orders.code == CODES[reason]).any())


def _outgrows(books: Books, weights: FloatArray) -> bool:
    """Tell whether positions outgrew the most that any decision asked for, at least the equity."""
    cap = max(1.0, float(np.abs(weights).sum(axis=1).max(initial=0.0)))
    gross = np.abs(books.value).sum(axis=1) / books.equity
    return bool((gross > cap * (1.0 + OUTGROWN)).any())


def _assumes_delisting(terms: Terms, orders: Orders) -> bool:
    return bool(np.isnan(_at_endings(terms.actions.terminal, orders)).any())


def _converts(terms: Terms, orders: Orders) -> bool:
    """Tell whether anybody got cash for shares of a company that the panel does not hold."""
    outside, known = terms.actions.converted, ~np.isnan(_at_endings(terms.actions.terminal, orders))
    return outside is not None and bool((_at_endings(outside, orders) & known).any())


def _at_endings(values: AnyArray, orders: Orders) -> AnyArray:
    """Return cells of (n, m) where a position became cash because its listing ended."""
    ended = orders.code == CODES[Reason.DELISTED]
    cells: AnyArray = values[orders.row[ended], orders.asset[ended]]
    return cells
