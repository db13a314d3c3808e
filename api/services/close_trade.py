"""A trade left, whole or in part: the part that was left becomes a trade of its own."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, InvalidInput
from api.services.amend_trade import stand_on
from api.services.amounts import amount_faults, aud_per_unit, held, rounded, split_ratio
from api.services.findings import Findings
from api.services.new_trades import Exit, exit_faults
from api.services.open_trade import hold_references
from api.services.trade_audit import note
from api.services.trade_text import LONGEST_NAME
from models.base import EXACT
from models.trade import Trade, TradeStatus
from models.trade_facts import Moment, facts_of
from models.trades import KEPT, TradeRepository

CENT = Decimal("0.01")
# So much of a reference leaves room for the number of a part.
LONGEST_STEM = LONGEST_NAME - 6


async def close_trade(
    session: AsyncSession,
    id: UUID | None,
    *,
    owner_id: UUID,
    expected_version: int | None,
    quantity: Decimal | None,
    left: Exit,
) -> Trade:
    """Write down that a trade was left, at the rate of that day; return what was closed.

    The quantity is that of the day: after a split there are more shares than were bought. Raises
    Refused with each fault, NotFound, Conflict.
    """
    trade = await stand_on(session, id, owner_id=owner_id, expected_version=expected_version)
    if trade.status is not TradeStatus.OPEN:
        raise Conflict(
            f"{trade.reference} was closed already, on {trade.exit_on}; correct it instead",
            field=("input", "id"),
            reason="ALREADY_CLOSED",
        )
    findings = Findings()
    findings.errors += exit_faults(left, trade.entry_at, datetime.now(UTC))
    if quantity is not None:
        findings.errors += amount_faults(quantity, ("input", "quantity"))
    findings.settle()
    closing = await _closing(session, trade, left)
    part = _part(trade, quantity, closing["split_ratio"])
    if part == trade.quantity:
        return await _close_whole(session, trade, closing)
    return await _close_part(session, trade, part, closing)


async def _closing(session: AsyncSession, trade: Trade, left: Exit) -> dict[str, Any]:
    moment = Moment(trade.currency, left.at, trade.instrument_id, trade.entry_on)
    [facts] = await facts_of(session, [moment])
    field = ("input", "fxRate")
    rate = aud_per_unit(trade.currency, facts.day, facts.audusd, given=left.fx_rate, field=field)
    return {
        "status": TradeStatus.CLOSED,
        "exit_price": held(left.price),
        "exit_at": left.at,
        "exit_commission": held(left.commission),
        "split_ratio": split_ratio(facts.split_ratios),
        "fx_at_exit": rate,
    }


def _part(trade: Trade, quantity: Decimal | None, ratio: Decimal) -> Decimal:
    """Return how many of the shares that were entered are left. Raises InvalidInput for more."""
    if quantity is None:
        return trade.quantity
    left = rounded(EXACT.multiply(trade.quantity, ratio))
    if quantity > left:
        since = "" if ratio == 1 else ", splits since its entry counted"
        raise InvalidInput(
            f"quantity was {quantity}, but {trade.reference} holds {left}{since}; close at most"
            " that, or leave quantity out to close it all",
            field=("input", "quantity"),
        )
    return trade.quantity if quantity == left else rounded(EXACT.divide(quantity, ratio))


async def _close_whole(session: AsyncSession, trade: Trade, closing: dict[str, Any]) -> Trade:
    after = await TradeRepository(session).amend(trade, closing, reason="closed")
    await note(session, "closeTrade", before=trade, after=after)
    return after


async def _close_part(
    session: AsyncSession, trade: Trade, part: Decimal, closing: dict[str, Any]
) -> Trade:
    """Keep the rest open under its reference; what both cost at entry is shared by their size."""
    await hold_references(session, trade.owner_id)
    trades = TradeRepository(session)
    reference = await _next_part(trades, trade)
    commission = _share(trade.commission, part, trade.quantity)
    rest = {
        "quantity": held(EXACT.subtract(trade.quantity, part)),
        "commission": held(EXACT.subtract(trade.commission, commission)),
    }
    reason = f"closed in part: {part} of {trade.quantity} shares at entry are {reference}"
    kept = await trades.amend(trade, rest, reason=reason)
    copied = {name: getattr(trade, name) for name in KEPT if name != "id"}
    own = {"reference": reference, "quantity": part, "commission": commission}
    # One instant for both: whoever stands in between would miss the part that was left.
    born = {"known_from": kept.known_from, "reason": f"closed part of {trade.reference}"}
    closed = await trades.add(Trade(**copied | own | closing | born))
    await note(session, "closeTrade", before=trade, after=kept, closed=closed.reference)
    return closed


async def _next_part(trades: TradeRepository, trade: Trade) -> str:
    stem = trade.reference[:LONGEST_STEM]
    taken = await trades.references_like({stem}, owner_id=trade.owner_id)
    return next(name for name in _parts(stem) if name not in taken)


def _parts(reference: str) -> Iterator[str]:
    number = 2
    while True:
        yield f"{reference}/{number}"
        number += 1


def _share(commission: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return a part's share of a commission, to its own last digit or to the cent."""
    exponent = commission.as_tuple().exponent
    unit = min(CENT, Decimal(1).scaleb(exponent)) if isinstance(exponent, int) else CENT
    share = EXACT.divide(EXACT.multiply(commission, part), whole)
    return held(share.quantize(unit, rounding=ROUND_HALF_EVEN, context=EXACT))
