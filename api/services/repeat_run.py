"""Whether a run that was computed a second time came out as the first time, to the last digit."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

from api.errors import ClientError
from api.services.backtest_request import checked
from api.services.backtests import content_of
from api.services.retry_job import request_of
from api.services.run_span import resolve_span
from api.telemetry import Metric, logger
from engine.ledger import Ledger
from engine.metrics import measure
from engine.panel import Panel
from engine.report import risk_free
from models.backtest import Backtest
from models.session import SessionFactory, unit_of_work

NONDETERMINISTIC: Final = "nondeterministic"
# Figures of the account alone, that a page shows and every session moves.
REPEATED: Final = ("final_value", "total_return", "volatility", "sharpe", "max_drawdown", "skew")


def differences(panel: Panel, ledger: Ledger, shown: Mapping[str, Any]) -> list[str]:
    """Name the figures of this account that are not those shown of the run."""
    books = ledger.books
    again = asdict(measure(books.equity, books.session, rf=risk_free(panel, ledger)))
    return [name for name in REPEATED if again[name] != shown.get(name)]


async def marks_of(
    run: Backtest, differ: list[str], *, sessions: SessionFactory
) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the flags of a run that came out otherwise, and what is counted of it.

    Nothing where it did not, or where its content is not today what it was: rows recorded since
    for days past, or another engine, may well move a figure.
    """
    if not differ or not await _is_same(run, sessions):
        return {}, {}
    logger.error(
        "a run came out otherwise when it was repeated",
        extra={"backtest_id": str(run.id), "figures": differ},
    )
    flags = [*_flags(run), NONDETERMINISTIC]
    return {"flags": flags}, {Metric.NONDETERMINISTIC_RUNS: 1}


async def _is_same(run: Backtest, sessions: SessionFactory) -> bool:
    """Tell whether what the run asked for would have its content key today."""
    owner: UUID = run.owner_id
    try:
        async with unit_of_work(sessions) as session:
            request, entry = checked(request_of(run))
            span = await resolve_span(session, request, entry, owner_id=owner)
            content = await content_of(session, request, entry, span)
    except ClientError:
        return False
    return content.key == run.content_key


def _flags(run: Backtest) -> list[str]:
    guards: Mapping[str, Any] = (run.summary or {}).get("guards", {})
    return [flag for flag in guards.get("flags", ()) if flag != NONDETERMINISTIC]
