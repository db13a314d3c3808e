"""From what came of an instrument, once it is judged, to rows of the tables."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import isnan
from typing import Any

import numpy as np

from api.ports import Action, BarBatch
from api.services.arrivals import Arrival, Judged
from api.services.bar_rows import EPOCH, FIELDS, bar_rows, instants, refused_rows
from api.services.batches import cut
from api.services.ingest_plan import asked_after
from api.services.quality import Verdict
from engine.types import BoolArray
from models.asked_range import AskedRow
from models.corporate_action import ActionRow
from models.price_bar import BarRow, DataQuality, Quarantine

PRICES = ("open", "high", "low", "close")
FARTHEST_MOVE = 10  # days; a monthly dividend comes later than that
SAME = 1e-6  # relative: what models.staging takes for noise


def kept_rows(
    judged: Judged, known: BoolArray, instrument_id: int, delay: timedelta, *, now: datetime
) -> Iterator[BarRow]:
    """Yield the bars that were kept, without those that are stored just so.

    One that was asked for before, beside others that came, is known from now on.
    """
    found, first = judged.arrival, judged.arrival.instrument.first_bar
    verdict = replace(judged.verdict, kept=judged.verdict.kept & ~known)
    market = found.target.market
    rows = bar_rows(found.batch, found.listing, verdict, market, instrument_id, delay=delay)
    if first is None or found.target.asked is None:
        return rows
    return (
        row._replace(known_at=now) if first <= row.date and _was_asked(found, row.date) else row
        for row in rows
    )


def stored_just_so(judged: Judged) -> BoolArray:
    """Tell which rows that were kept are stored as they came: to send them again is no use.

    What a bar is judged by lies before it, so its quality is what it was; unless an action is
    told only now.
    """
    found, stored = judged.arrival, judged.stored
    days = found.batch.day
    if found.takes_over or judged.has_news or not len(stored.day):
        return np.zeros(len(days), np.bool_)
    at = np.minimum(np.searchsorted(stored.day, days), len(stored.day) - 1)
    same: BoolArray = judged.verdict.kept & (stored.day[at] == days)
    for name in (name for name in FIELDS if name in found.listing.fields):
        theirs, ours = stored.values[name][at], found.batch.values[name]
        same &= np.abs(theirs - ours) <= SAME * np.abs(theirs)
    return same


def withdrawn_rows(judged: Judged, instrument_id: int) -> Iterator[BarRow]:
    """Yield stored bars nobody may use any more.

    One that came again as it was and is now refused, since a later bar tells that it was an error;
    and of a history that is taken over what the new source does not have.
    """
    found, stored = judged.arrival, judged.stored
    if found.takes_over:
        gone = ~np.isin(stored.day, found.batch.day[judged.verdict.kept])
    else:
        place = {int(day): row for row, day in enumerate(stored.day.tolist())}
        again = [
            at
            for row in judged.verdict.refused
            if (at := place.get(int(found.batch.day[row]))) is not None
            and _is_same(found.batch, row, stored, at)
        ]
        gone = np.isin(np.arange(len(stored.day)), again)
    if not gone.any():
        return iter(())
    everything = np.ones(int(gone.sum()), np.bool_)
    verdict = Verdict(refused={}, doubts={}, kept=everything, suspect=~everything)
    own = FIELDS if found.takes_over else found.listing.fields
    listing = replace(found.listing, fields=own)
    rows = bar_rows(cut(stored, gone), listing, verdict, found.target.market, instrument_id)
    return (_without_nan(row)._replace(quality=DataQuality.BAD.value) for row in rows)


def _without_nan(row: BarRow) -> BarRow:
    found = {name: getattr(row, name) for name in FIELDS}
    unknown: dict[str, Any] = {
        name: None for name, value in found.items() if value is not None and isnan(value)
    }
    return row._replace(**unknown)


def _is_same(one: BarBatch, row: int, other: BarBatch, at: int) -> bool:
    names = [name for name in PRICES if name in one.values]
    mine = [one.values[name][row] for name in names]
    theirs = [other.values[name][at] for name in names]
    return bool(np.allclose(mine, theirs, rtol=SAME, atol=0.0, equal_nan=True))


def action_rows(judged: Judged, instrument_id: int, *, now: datetime) -> Iterator[ActionRow]:
    """Yield the actions, known at the open of their day.

    One of days that were asked for before, when it was not yet told, is known from now on.
    """
    found, market = judged.arrival, judged.arrival.target.market
    days = np.array([action.ex_day for action in judged.actions], np.int64)
    opens = instants(market.opens_at[np.searchsorted(market.session, days)])
    for action, opened in zip(judged.actions, opens, strict=True):
        on = EPOCH + timedelta(days=action.ex_day)
        yield ActionRow(
            instrument_id=instrument_id,
            ex_date=on,
            kind=action.kind,
            ratio=action.ratio,
            cash=action.cash,
            currency=action.currency,
            pay_date=None,
            source=found.listing.source,
            known_at=now if _was_asked(found, on) else opened,
        )


def moved_actions(judged: Judged, known: Sequence[Action]) -> Iterator[tuple[date, str]]:
    """Yield stored actions that are told on another day now: left in, they would count twice.

    The provider gave the bar of their day without them, and the same one some days from it.
    """
    stored = {(each.ex_day, each.kind) for each in known}
    told = {(each.ex_day, each.kind) for each in judged.arrival.actions}
    news = [each for each in judged.actions if (each.ex_day, each.kind) not in stored]
    for each in known:
        came = bool(np.isin(each.ex_day, judged.arrival.batch.day))
        if came and (each.ex_day, each.kind) not in told and any(_moved(each, new) for new in news):
            yield EPOCH + timedelta(days=each.ex_day), each.kind


def _moved(was: Action, new: Action) -> bool:
    alike = was.kind == new.kind and np.allclose(
        [was.ratio or 0.0, was.cash or 0.0],
        [new.ratio or 0.0, new.cash or 0.0],
        rtol=SAME,
        atol=0.0,
    )
    return alike and abs(was.ex_day - new.ex_day) <= FARTHEST_MOVE


def _was_asked(arrival: Arrival, on: date) -> bool:
    asked = arrival.target.asked
    if asked is None or asked.first_on is None or asked.last_on is None:
        return False
    return asked.first_on <= on <= asked.last_on


def refusals(judged: Judged) -> Iterator[Quarantine]:
    """Yield what was refused, under a name that stays: a row that comes again is kept once."""
    found = judged.arrival
    file = f"{found.listing.source}/{found.symbol}"
    for row in refused_rows(found.batch, found.listing, judged.verdict):
        row.file, row.row_number = file, None
        yield row
    for each in judged.refused:
        yield Quarantine(
            source=found.listing.source,
            file=file,
            symbol=found.symbol,
            date=EPOCH + timedelta(days=each.action.ex_day),
            raw=each.raw,
            reason=each.reason.value,
            detail={"why": each.detail},
        )


def asked_row(arrival: Arrival, *, now: datetime) -> AskedRow:
    first, last = asked_after(arrival.target, arrival.outcome.want, arrival.batch.day)
    asked_to = max(request.end for request in arrival.outcome.want.requests)
    return AskedRow(
        arrival.symbol, arrival.listing.source, first, last, now, asked_to=max(last, asked_to)
    )
