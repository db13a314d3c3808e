"""Trades as they are asked for, checked and made into rows; nothing is written here."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, InvalidInput
from api.services.amounts import amount_faults, aud_per_unit, held, split_ratio
from api.services.backtest_request import idempotency_key_faults
from api.services.findings import Findings, Refused
from api.services.routing import describe
from api.services.text import clean_text
from api.services.trade_text import LONGEST_NAME, LONGEST_NOTES, clean_tags
from models.backtest import Currency
from models.instrument import Instrument
from models.instruments import InstrumentRepository
from models.trade import Side, Trade, TradeStatus
from models.trade_facts import Facts, Moment, facts_of

BOOKED = frozenset(currency.value for currency in Currency)


@dataclass(frozen=True, kw_only=True)
class Exit:
    """How a trade was left."""

    price: Decimal
    at: datetime
    commission: Decimal
    fx_rate: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class NewTrade:
    """A trade to be written; a rate is Australian dollars for one unit of its currency."""

    symbol: str
    side: Side
    quantity: Decimal
    entry_price: Decimal
    entry_at: datetime
    commission: Decimal
    currency: Currency
    reference: str | None = None
    strategy: str | None = None
    signal_score: float | None = None
    notes: str | None = None
    tags: Sequence[str] = ()
    fx_rate: Decimal | None = None
    exit: Exit | None = None
    idempotency_key: str | None = None


async def make_trades(
    session: AsyncSession, asked: Sequence[NewTrade], *, owner_id: UUID, reason: str
) -> list[Trade | Refused]:
    """Return a row for each request that can be written, and for each other one its faults.

    A reference that was not given is empty. Rates and splits are those stored now.
    """
    named = list({each.symbol for each in asked})
    instruments = {i.symbol: i for i in await InstrumentRepository(session).by_symbols(named)}
    entries = await facts_of(session, [Moment(each.currency, each.entry_at) for each in asked])
    moments = [
        _exit_moment(each, entry, instruments.get(each.symbol))
        for each, entry in zip(asked, entries, strict=True)
    ]
    exits = await facts_of(session, moments)
    now = datetime.now(UTC)
    return [
        _made(each, instruments, entry, exit_, owner_id=owner_id, reason=reason, now=now)
        for each, entry, exit_ in zip(asked, entries, exits, strict=True)
    ]


def _exit_moment(each: NewTrade, entry: Facts, instrument: Instrument | None) -> Moment:
    at = each.entry_at if each.exit is None else each.exit.at
    return Moment(each.currency, at, None if instrument is None else instrument.id, entry.day)


def _made(
    each: NewTrade,
    instruments: Mapping[str, Instrument],
    entry: Facts,
    exit_: Facts,
    *,
    owner_id: UUID,
    reason: str,
    now: datetime,
) -> Trade | Refused:
    instrument = instruments.get(each.symbol)
    findings = Findings()
    findings.errors += _faults(each, instrument, now)
    row: dict[str, Any] = {"owner_id": owner_id, "reason": reason}
    with findings.collect():
        row |= _described(each, instrument)
    with findings.collect():
        row |= _entered(each, entry)
    if each.exit is not None:
        with findings.collect():
            row |= _left(each, each.exit, exit_)
    return Refused(findings.errors) if findings.errors else Trade(**row)


def _described(each: NewTrade, instrument: Instrument | None) -> dict[str, Any]:
    notes = ("input", "notes")
    return {
        "symbol": each.symbol,
        "side": each.side,
        "currency": each.currency,
        "instrument_id": None if instrument is None else instrument.id,
        "signal_score": each.signal_score,
        "reference": _name(each.reference, "reference") or "",
        "strategy": _name(each.strategy, "strategy"),
        "notes": clean_text(each.notes, field=notes, longest=LONGEST_NOTES, lines=True),
        "tags": clean_tags(each.tags, field=("input", "tags")),
        "idempotency_key": each.idempotency_key,
    }


def _entered(each: NewTrade, facts: Facts) -> dict[str, Any]:
    field = ("input", "fxRate")
    return {
        "status": TradeStatus.OPEN,
        "quantity": held(each.quantity),
        "entry_price": held(each.entry_price),
        "commission": held(each.commission),
        "entry_at": each.entry_at,
        "entry_on": facts.day,
        "fx_at_entry": aud_per_unit(
            each.currency, facts.day, facts.audusd, given=each.fx_rate, field=field
        ),
    }


def _left(each: NewTrade, left: Exit, facts: Facts) -> dict[str, Any]:
    field = ("input", "exitFxRate")
    return {
        "status": TradeStatus.CLOSED,
        "exit_price": held(left.price),
        "exit_at": left.at,
        "exit_commission": held(left.commission),
        "split_ratio": split_ratio(facts.split_ratios),
        "fx_at_exit": aud_per_unit(
            each.currency, facts.day, facts.audusd, given=left.fx_rate, field=field
        ),
    }


def _name(text: str | None, name: str) -> str | None:
    return clean_text(text, field=("input", name), longest=LONGEST_NAME)


def _faults(each: NewTrade, instrument: Instrument | None, now: datetime) -> Iterator[ClientError]:
    yield from amount_faults(each.quantity, ("input", "quantity"))
    yield from amount_faults(each.entry_price, ("input", "entryPrice"))
    yield from amount_faults(each.commission, ("input", "commission"), least=0)
    yield from instant_faults(each.entry_at, "entryAt", now)
    if each.signal_score is not None and not math.isfinite(each.signal_score):
        yield InvalidInput(
            f"signalScore was {each.signal_score}; give a finite number, or leave it out",
            field=("input", "signalScore"),
        )
    yield from idempotency_key_faults(each.idempotency_key)
    yield from _symbol_faults(each, instrument)
    if each.exit is not None:
        yield from exit_faults(each.exit, each.entry_at, now)


def exit_faults(exit_: Exit, entry_at: datetime, now: datetime) -> Iterator[ClientError]:
    """Yield what is wrong with an exit of a trade that was entered then."""
    yield from amount_faults(exit_.price, ("input", "exitPrice"))
    yield from amount_faults(exit_.commission, ("input", "exitCommission"), least=0)
    yield from instant_faults(exit_.at, "exitAt", now)
    yield from order_faults(entry_at, exit_.at)


def order_faults(entry_at: datetime, exit_at: datetime) -> Iterator[ClientError]:
    if exit_at <= entry_at:
        yield InvalidInput(
            f"exitAt was {exit_at.isoformat()}, but the trade was entered at"
            f" {entry_at.isoformat()}; it is left after that",
            field=("input", "exitAt"),
        )


def instant_faults(at: datetime, name: str, now: datetime) -> Iterator[ClientError]:
    if at > now:
        yield InvalidInput(
            f"{name} was {at.isoformat()}, which is still to come; write a trade down when it has"
            " happened",
            field=("input", name),
        )


def _symbol_faults(each: NewTrade, instrument: Instrument | None) -> Iterator[ClientError]:
    if instrument is None:
        try:
            quoted = describe(each.symbol).currency
        except InvalidInput as fault:
            yield InvalidInput(str(fault), field=("input", "symbol"), reason=fault.reason)
            return
    else:
        quoted = instrument.currency
    if quoted != each.currency:
        yield InvalidInput(
            f"currency was {each.currency}, but {each.symbol} is quoted in {quoted};"
            f" {_remedy(quoted)}",
            field=("input", "currency"),
        )


def _remedy(quoted: str) -> str:
    if quoted in BOOKED:
        return f"give {quoted}, and prices and commission in it"
    return "the books know trades in AUD and USD only"
