"""The same run at other slopes of the smile: how far its result hangs on an assumption."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.ledger import Ledger
from engine.metrics import measure
from engine.option_assumptions import SKEWS, Modelled
from engine.report import risk_free

TOPIC: Final = "option_skews"
FIGURES: Final = ("total_return", "cagr", "volatility", "sharpe", "max_drawdown")


def compare_skews(
    strategy: Modelled, own: Ledger, trade: Callable[[Any], Ledger]
) -> Mapping[str, Any]:
    """Return the figures of each slope as JSON values: a flat smile, the run's own, and steeper.

    `trade` decides and trades a strategy under the run's own terms.
    """
    slope = strategy.parameters.skew
    rows = [
        _row(slope * factor, own if factor == 1.0 else trade(strategy.at_skew(slope * factor)))
        for factor in SKEWS
    ]
    return {
        TOPIC: {
            "positions_not_opened": dict(own.derivatives.missed) if own.derivatives else {},
            "runs": rows,
        }
    }


def _row(skew: float, ledger: Ledger) -> dict[str, Any]:
    books = ledger.books
    metrics = measure(books.equity, books.session, rf=risk_free(ledger.panel, ledger))
    figures: dict[str, Any] = {name: getattr(metrics, name) for name in FIGURES}
    options = ledger.derivatives
    closed = 0 if options is None else len(options.round_trips().profit)
    return {"skew": skew + 0.0, **figures, "positions_closed": closed}
