"""A stored bar put right by a person: what was believed before stays on record."""

import math
from collections.abc import Iterator, Mapping
from datetime import date as Day  # noqa: N812 - the argument is called date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput, NotFound
from api.services.findings import Findings
from api.services.market import require_instruments
from api.services.reasons import LARGEST_VOLUME
from api.services.text import clean_text
from models.audit_events import AuditEventRepository
from models.fingerprint import Scope
from models.fingerprints import FingerprintRepository
from models.instrument import Instrument
from models.price_bar import BY_HAND, BarRow, DataQuality, PriceBar
from models.price_bars import PriceBarRepository
from models.revisions import Revision, RevisionRepository

LONGEST_REASON = 500
ASKED = {
    "open": "open",
    "high": "high",
    "low": "low",
    "close": "close",
    "adjusted_close": "adjustedClose",
    "volume": "volume",
}


async def correct_price(
    session: AsyncSession,
    *,
    owner_id: UUID,
    symbol: str,
    date: Day,
    values: Mapping[str, float],
    reason: str,
) -> Revision:
    """Replace the values given of one bar, and note who did it and why.

    What is left out stays as it is. The bar counts as looked at: its quality is GOOD, and no
    source replaces it any more. Raises UnknownSymbol, NotFound, Refused with every fault.
    """
    [instrument] = await require_instruments(session, [symbol], field=("input", "symbol"))
    why = _checked(instrument, values, reason)
    bars = PriceBarRepository(session)
    stored = await bars.hold(instrument.id, date)
    if stored is None:
        raise NotFound(_no_bar(instrument, date), field=("input", "date"))
    kept = {name: getattr(stored, name) for name in BarRow._fields}
    corrected = kept | dict(values) | {"source": BY_HAND, "quality": DataQuality.GOOD.value}
    _check_order(corrected, given=values)
    _require_both(instrument, stored, values)
    written = await bars.write([BarRow(**corrected)], reason=why)
    if not written.revised:
        raise _no_change(instrument, date, values)
    await FingerprintRepository(session).refresh(Scope.BARS, [instrument.id], since_year=date.year)
    newest = await RevisionRepository(session).list_page([instrument.id], date=date, first=1)
    [revision] = newest.rows
    await _note(session, revision, owner_id=owner_id)
    return revision


def _checked(instrument: Instrument, values: Mapping[str, float], reason: str) -> str:
    """Return the reason as it is kept. Raises Refused with every fault of the request."""
    why: str | None = None
    findings = Findings()
    with findings.collect():
        why = clean_text(reason, field=("input", "reason"), longest=LONGEST_REASON, lines=True)
        if why is None:
            raise InvalidInput(
                "reason was empty; say why the price is corrected", field=("input", "reason")
            )
    if not values:
        named = ", ".join(ASKED.values())
        findings.errors.append(
            InvalidInput(f"no value was given; name one of {named}", field=("input",))
        )
    findings.errors.extend(_faults(instrument, values))
    findings.settle()
    return why or ""


def _faults(instrument: Instrument, values: Mapping[str, float]) -> Iterator[InvalidInput]:
    for name, value in values.items():
        field, shown = ("input", ASKED[name]), ASKED[name]
        if name not in instrument.fields:
            yield InvalidInput(_not_carried(instrument, name), field=field)
        elif name == "volume" and not _counts_shares(value):
            yield InvalidInput(
                f"volume was {value}; give a whole number of shares, from 0 to less than 2^63",
                field=field,
                reason="BAD_VOLUME",
            )
        elif name != "volume" and not 0.0 < value < math.inf:
            yield InvalidInput(
                f"{shown} was {value}; a price is above 0", field=field, reason="BAD_PRICE"
            )


def _counts_shares(volume: float) -> bool:
    return 0.0 <= volume < LARGEST_VOLUME and volume.is_integer()


def _not_carried(instrument: Instrument, name: str) -> str:
    if name == "adjusted_close" and "actions" in instrument.fields:
        return (
            f"adjustedClose of {instrument.symbol} is not stored but derived from its closes,"
            " splits and dividends; correct close"
        )
    carried = [shown for field, shown in ASKED.items() if field in instrument.fields]
    return (
        f"{ASKED[name]} of {instrument.symbol} is not known to its source {instrument.source};"
        f" what can be corrected is {', '.join(carried) or 'nothing'}"
    )


def _no_bar(instrument: Instrument, date: Day) -> str:
    if instrument.first_bar is None:
        return f"{instrument.symbol} has no bar at all; ingest its prices first"
    return (
        f"{instrument.symbol} has no bar on {date}; its bars run from {instrument.first_bar}"
        f" to {instrument.last_bar}, on the days its market trades"
    )


def _check_order(bar: Mapping[str, float | None], *, given: Mapping[str, float]) -> None:
    """Raise InvalidInput where a price lies outside the session's low and high.

    It is about the value that was given: what is stored was in order.
    """
    low, high = bar["low"], bar["high"]
    for name in ("open", "close", "low", "high"):
        price = bar[name]
        if price is None:
            continue
        below = low is not None and price < low
        if below or (high is not None and price > high):
            bound = "low" if below else "high"
            raise InvalidInput(
                f"{name} would be {price} with a low of {low} and a high of {high}; low is a"
                " session's lowest price and high its highest: correct them together",
                field=("input", name if name in given else bound),
                reason="OHLC_ORDER",
            )


def _require_both(instrument: Instrument, stored: PriceBar, values: Mapping[str, float]) -> None:
    """Raise InvalidInput where a new close would leave an adjusted one behind, which runs read."""
    close, adjusted = stored.close, stored.adjusted_close
    if close is None or adjusted is None or "actions" in instrument.fields:
        return
    if "close" in values and "adjusted_close" not in values:
        raise InvalidInput(
            f"adjustedClose of {instrument.symbol} would stay at {adjusted}, and runs read that;"
            f" give it too, by the factor of this bar {values['close'] * adjusted / close:.10g}",
            field=("input", "adjustedClose"),
        )


def _no_change(instrument: Instrument, date: Day, values: Mapping[str, float]) -> InvalidInput:
    given = ", ".join(f"{ASKED[name]} {value}" for name, value in values.items())
    return InvalidInput(
        f"{instrument.symbol} on {date} already has {given}, to a millionth; nothing was corrected",
        field=("input", ASKED[next(iter(values))]),
        reason="NO_CHANGE",
    )


async def _note(session: AsyncSession, revision: Revision, *, owner_id: UUID) -> None:
    was, now = revision.before, revision.after
    names = (*ASKED, "source", "quality")
    changed = [name for name in names if getattr(was, name) != getattr(now, name)]
    await AuditEventRepository(session).add(
        owner_id=owner_id,
        action="correctPrice",
        subject=f"{revision.symbol} {revision.date}",
        reason=revision.reason,
        before={name: getattr(was, name) for name in changed},
        after={name: getattr(now, name) for name in changed},
    )
