"""Regimes to look at: what was known of an index at an instant."""

from bisect import bisect_right
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput, MissingData
from api.services.market import require_instruments
from api.services.regime_view import EPOCH_ORDINAL, RegimeView, view_of
from api.services.thinning import LEAST_POINTS
from models.regime_histories import RegimeHistoryRepository
from models.regime_history import DEFAULT_INDEX, RegimeHistory


async def read_regimes(
    session: AsyncSession,
    symbol: str = DEFAULT_INDEX,
    *,
    start: date | None = None,
    end: date | None = None,
    known_at: datetime | None = None,
    max_points: int | None = None,
) -> RegimeView:
    """Return the regimes up to `end`, as known at an instant; the columns begin at `start`.

    Raises UnknownSymbol, InvalidInput, and MissingData where nothing was known.
    """
    if start is not None and end is not None and start > end:
        raise InvalidInput(f"start was {start}, after the end {end}; swap them", field=("start",))
    if max_points is not None and max_points < LEAST_POINTS:
        raise InvalidInput(
            f"maxPoints was {max_points}; ask for at least {LEAST_POINTS}",
            field=("maxPoints",),
            reason="BAD_MAX_POINTS",
        )
    [instrument] = await require_instruments(session, [symbol], field=("symbol",))
    histories = RegimeHistoryRepository(session)
    found = await histories.believed(symbol, known_at=known_at)
    if found is None:
        raise await _nothing_stored(histories, symbol)
    sessions = known_sessions(found, end, known_at)
    if sessions == 0:
        asked = "end" if end is not None and end < found.first_on else "knownAt"
        raise MissingData(
            f"the first session of {symbol} with a regime is {found.first_on};"
            f" choose a later day as {asked}",
            field=(asked,),
        )
    return view_of(
        found.document,
        sessions,
        symbol=symbol,
        source=instrument.source,
        start=start,
        max_points=max_points,
    )


async def indices(session: AsyncSession) -> list[str]:
    """Return the symbols whose regimes are stored, in order."""
    return await RegimeHistoryRepository(session).symbols()


async def _nothing_stored(histories: RegimeHistoryRepository, symbol: str) -> MissingData:
    others = [each for each in await histories.symbols() if each != symbol]
    known = f"; there are those of {', '.join(others)}" if others else ""
    return MissingData(
        f"no regimes of {symbol} are stored{known}. They are computed after each ingest, for the"
        f" index every universe is compared with: ingest prices of {symbol}",
        field=("symbol",),
    )


def known_sessions(found: RegimeHistory, end: date | None, known_at: datetime | None) -> int:
    """Return how many of the sessions are asked for and were known."""
    document = found.document
    sessions = len(document["days"])
    if end is not None:
        sessions = bisect_right(document["days"], end.toordinal() - EPOCH_ORDINAL)
    if known_at is not None:
        since_epoch = known_at - datetime(1970, 1, 1, tzinfo=UTC)
        microseconds = (since_epoch.days * 86_400 + since_epoch.seconds) * 10**6
        known = bisect_right(document["known_at_us"], microseconds + since_epoch.microseconds)
        sessions = min(sessions, known)
    return sessions
