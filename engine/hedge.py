"""A run as if its currencies had been hedged: no rate moved, and cash rates made the difference."""

import numpy as np

from engine.books import Books
from engine.panel import Panel
from engine.types import FloatArray


def hedged_curve(panel: Panel, books: Books) -> FloatArray | None:
    """Return the curve without currency moves and with the carry of a hedge.

    A forward sells each currency for what its cash earns less than the run's own: on every session
    what was held in it at the close before gains ``rate of the base - its rate``.

    Parameters
    ----------
    panel : Panel
        Its `cash_returns` by currency; of the books' assets, contracts included.
    books : Books
        Of the run.

    Returns
    -------
    ndarray of shape (k,) or None
        Chained from the capital. None where a rate is unknown on a session that needs it: the
        curve without carry is then all that can be said.
    """
    if panel.cash_returns is None:
        return None
    rates = panel.cash_returns[books.row[1:]]
    held = _held(panel, books)[:-1, 1:]
    earned = np.where(held != 0.0, held * (rates[:, :1] - rates[:, 1:]), 0.0).sum(axis=1)
    if np.isnan(earned).any():
        return None
    change = ((books.asset + books.costs + books.interest)[1:] + earned) / books.equity[:-1]
    curve: FloatArray = books.capital * np.cumprod(np.concatenate([[1.0], 1.0 + change]))
    return curve


def _held(panel: Panel, books: Books) -> FloatArray:
    """Return what is held in each currency at each close, cash too, (k, c), base currency."""
    held = np.array(books.abroad)
    for column, asset in enumerate(books.held.tolist()):
        held[:, panel.currency[asset]] += books.value[:, column]
    return held
