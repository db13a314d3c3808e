"""What hindsight about membership would have added: the same run on those who are members now."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.backtest import Request, account, decided
from engine.decide import Checkpoint
from engine.metrics import Metrics, measure
from engine.panel import Panel
from engine.report import risk_free

UNCONTROLLED: Final = "survivorship_not_controlled"


@dataclass(frozen=True, kw_only=True)
class Survivorship:
    """Figures with hindsight less figures as known; None where one of the two is undefined.

    A positive gap of return is what a list of survivors would have promised and nobody earned.
    """

    gap_cagr: float | None
    gap_sharpe: float | None
    gap_max_drawdown: float | None
    names_gone: int  # members of some session that are no longer at the last


def measure_survivorship(
    panel: Panel, request: Request, *, checkpoint: Checkpoint
) -> Survivorship | None:
    """Run a request as known on each date, and on the last date's members held back through time.

    None where the history of membership is not known: then nothing can be said, which is not 0.
    Raises what a run raises.
    """
    if UNCONTROLLED in panel.flags:
        return None
    last = panel.member[request.last_row]
    survivors = replace(panel, member=np.broadcast_to(last, panel.member.shape))
    known = _figures(panel, request, checkpoint)
    later = _figures(survivors, request, checkpoint)
    rows = slice(request.first_row, request.last_row + 1)
    gone = panel.member[rows].any(axis=0) & ~last
    return Survivorship(
        gap_cagr=_less(later.cagr, known.cagr),
        gap_sharpe=_less(later.sharpe, known.sharpe),
        gap_max_drawdown=_less(later.max_drawdown, known.max_drawdown),
        names_gone=int(gone.sum()),
    )


def _figures(panel: Panel, request: Request, checkpoint: Checkpoint) -> Metrics:
    ledger = account(panel, decided(panel, request, checkpoint), request)
    books = ledger.books
    return measure(books.equity, books.session, rf=risk_free(panel, ledger))


def _less(later: float | None, known: float | None) -> float | None:
    return None if later is None or known is None else later - known
