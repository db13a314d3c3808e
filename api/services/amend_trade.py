"""A trade that changes: what a change begins from, and the one that takes it out of the books."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict, NotFound
from api.services.trade_audit import note
from api.services.trade_text import clean_reason
from models.trade import Trade, TradeStatus
from models.trades import TradeRepository


async def stand_on(
    session: AsyncSession, id: UUID | None, *, owner_id: UUID, expected_version: int | None
) -> Trade:
    """Return the version of a trade that a change begins from, held until the transaction ends.

    Raises NotFound, and Conflict where the trade has moved on or was cancelled.
    """
    repository = TradeRepository(session)
    trade = None
    if id is not None:
        await repository.hold(id)
        trade = await repository.get(id, owner_id=owner_id)
    if trade is None:
        raise NotFound("no trade has this id; trades lists them", field=("input", "id"))
    if expected_version is not None and expected_version != trade.version:
        raise Conflict(
            f"expectedVersion was {expected_version}, but {trade.reference} is at version"
            f" {trade.version} since {trade.known_from.isoformat()}; read it again, then decide",
            field=("input", "expectedVersion"),
            reason="STALE_VERSION",
        )
    if trade.status is TradeStatus.CANCELLED:
        raise Conflict(
            f"{trade.reference} was cancelled at {trade.known_from.isoformat()} and changes no"
            " more; open a new trade instead",
            field=("input", "id"),
            reason="CANCELLED",
        )
    return trade


async def cancel_trade(
    session: AsyncSession,
    id: UUID | None,
    *,
    owner_id: UUID,
    expected_version: int | None,
    reason: str,
) -> Trade:
    """Take a trade out of the books; its versions stay on record.

    Raises InvalidInput, NotFound, Conflict.
    """
    trade = await stand_on(session, id, owner_id=owner_id, expected_version=expected_version)
    why = clean_reason(reason, asks="why the trade is cancelled")
    cancelled = {"status": TradeStatus.CANCELLED}
    after = await TradeRepository(session).amend(trade, cancelled, reason=why)
    await note(session, "cancelTrade", before=trade, after=after)
    return after
