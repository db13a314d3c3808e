"""A trade put right: a new version, with the rates and splits of the days it now has."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import ClientError, InvalidInput
from api.services.amend_trade import stand_on
from api.services.amounts import amount_faults, aud_per_unit, held, split_ratio
from api.services.findings import Findings
from api.services.new_trades import instant_faults, order_faults
from api.services.text import clean_text
from api.services.trade_audit import note
from api.services.trade_text import LONGEST_NAME, LONGEST_NOTES, clean_reason, clean_tags
from models.trade import Trade, TradeStatus
from models.trade_facts import Facts, Moment, facts_of
from models.trades import TradeRepository

# What may be corrected: its name in a request, and the least of it as amounts are checked.
AMOUNTS = {
    "quantity": ("quantity", 1),
    "entry_price": ("entryPrice", 1),
    "exit_price": ("exitPrice", 1),
    "commission": ("commission", 0),
    "exit_commission": ("exitCommission", 0),
    "fx_at_entry": ("fxRateAtEntry", 1),
    "fx_at_exit": ("fxRateAtExit", 1),
}
INSTANTS = {"entry_at": "entryAt", "exit_at": "exitAt"}
SHOWN = {name: shown for name, (shown, _) in AMOUNTS.items()} | INSTANTS
CORRECTABLE = (*SHOWN, "strategy", "notes", "tags")
OF_EXIT = ("exit_price", "exit_at", "exit_commission", "fx_at_exit")
DATED = ("entry_at", "exit_at", "fx_at_entry", "fx_at_exit")


async def correct_trade(
    session: AsyncSession,
    id: UUID | None,
    *,
    owner_id: UUID,
    expected_version: int,
    values: Mapping[str, Any],
    reason: str,
) -> Trade:
    """Replace what was given of a trade by a new version, and note who did it and why.

    Days that move take the rates and the splits of the new day, unless a rate is given. Raises
    Refused with each fault, NotFound, Conflict.
    """
    trade = await stand_on(session, id, owner_id=owner_id, expected_version=expected_version)
    findings = Findings()
    why = ""
    with findings.collect():
        why = clean_reason(reason, asks="why the trade is corrected")
    findings.errors += _faults(trade, values, datetime.now(UTC))
    changes = {name: held(value) if name in AMOUNTS else value for name, value in values.items()}
    with findings.collect():
        changes |= _texts(values)
    findings.settle()
    changes |= await _restated(session, trade, changes)
    _require_change(trade, changes)
    after = await TradeRepository(session).amend(trade, changes, reason=why)
    await note(session, "correctTrade", before=trade, after=after)
    return after


def _faults(trade: Trade, values: Mapping[str, Any], now: datetime) -> Iterator[ClientError]:
    if trade.status is TradeStatus.OPEN:
        yield from _closed_only(trade, values)
    for name, (shown, least) in AMOUNTS.items():
        if name in values:
            yield from amount_faults(values[name], ("input", shown), least=least)
    for name, shown in INSTANTS.items():
        if name in values:
            yield from instant_faults(values[name], shown, now)
    exit_at = values.get("exit_at", trade.exit_at)
    if exit_at is not None and not INSTANTS.keys().isdisjoint(values):
        yield from order_faults(values.get("entry_at", trade.entry_at), exit_at)


def _closed_only(trade: Trade, values: Mapping[str, Any]) -> Iterator[ClientError]:
    for name in OF_EXIT:
        if name in values:
            shown = SHOWN[name]
            yield InvalidInput(
                f"{shown} was given, but {trade.reference} is open; close it first",
                field=("input", shown),
            )


def _texts(values: Mapping[str, Any]) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    if "notes" in values:
        field = ("input", "notes")
        cleaned["notes"] = clean_text(
            values["notes"], field=field, longest=LONGEST_NOTES, lines=True
        )
    if "strategy" in values:
        cleaned["strategy"] = clean_text(
            values["strategy"], field=("input", "strategy"), longest=LONGEST_NAME
        )
    if "tags" in values:
        cleaned["tags"] = clean_tags(values["tags"], field=("input", "tags"))
    return cleaned


async def _restated(
    session: AsyncSession, trade: Trade, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what changed instants bring with them: rates, and the splits between."""
    if changes.keys().isdisjoint(DATED):
        return {}
    entry_at, exit_at = (changes.get(name, getattr(trade, name)) for name in INSTANTS)
    [entry] = await facts_of(session, [Moment(trade.currency, entry_at)])
    restated = _rate(trade, "entry", entry, changes)
    if exit_at is None:
        return restated
    moment = Moment(trade.currency, exit_at, trade.instrument_id, entry.day)
    [left] = await facts_of(session, [moment])
    restated |= _rate(trade, "exit", left, changes)
    if (entry.day, left.day) != (trade.entry_on, trade.exit_on):
        restated["split_ratio"] = split_ratio(left.split_ratios)
    return restated


def _rate(trade: Trade, end: str, facts: Facts, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rate of an end whose day moved or whose rate was given; else it stands."""
    name = f"fx_at_{end}"
    given = changes.get(name)
    if given is None and facts.day == getattr(trade, f"{end}_on"):
        return {}
    field = ("input", SHOWN[name])
    return {name: aud_per_unit(trade.currency, facts.day, facts.audusd, given=given, field=field)}


def _require_change(trade: Trade, changes: Mapping[str, Any]) -> None:
    if all(getattr(trade, name) == value for name, value in changes.items()):
        raise InvalidInput(
            f"{trade.reference} already is as you say; nothing was corrected",
            field=("input",),
            reason="NO_CHANGE",
        )
