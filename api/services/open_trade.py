"""A trade written down: once for each key, under a reference no other trade has."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Conflict
from api.services.findings import Refused
from api.services.new_trades import NewTrade, make_trades
from api.services.trade_audit import note
from models.session import lock
from models.trade import Trade
from models.trades import TradeRepository

OPENED = "opened"
# What one key stands for: the request without what the product fills in.
ASKED = (
    "symbol",
    "side",
    "quantity",
    "entry_price",
    "entry_at",
    "commission",
    "currency",
    "strategy",
    "signal_score",
    "notes",
    "tags",
)


async def open_trade(session: AsyncSession, request: NewTrade, *, owner_id: UUID) -> Trade:
    """Record a trade that was entered, or return the one the same key made.

    Raises Refused with each fault, Conflict for a reference or a key that is taken.
    """
    [made] = await make_trades(session, [request], owner_id=owner_id, reason=OPENED)
    if isinstance(made, Refused):
        raise made
    await hold_references(session, owner_id)
    trades = TradeRepository(session)
    if request.idempotency_key is not None:
        same = await trades.by_key(request.idempotency_key, owner_id=owner_id)
        if same is not None:
            return await _same(session, same, made, request)
    if made.reference:
        await _require_free(trades, made)
    else:
        [made.reference] = await name_trades(trades, [made], owner_id=owner_id)
    trade = await trades.add(made)
    await note(session, "openTrade", before=None, after=trade)
    return trade


async def hold_references(session: AsyncSession, owner_id: UUID) -> None:
    """Let one transaction at a time give an owner's trades their references."""
    await lock(session, f"trade references {owner_id}")


async def name_trades(
    trades: TradeRepository,
    unnamed: Sequence[Trade],
    *,
    owner_id: UUID,
    taken: Collection[str] = (),
) -> list[str]:
    """Return a free reference for each trade, by its symbol and its day: BHP.AX-20240108."""
    stems = [f"{trade.symbol}-{trade.entry_on:%Y%m%d}" for trade in unnamed]
    used = await trades.references_like(set(stems), owner_id=owner_id) | set(taken)
    named = []
    for stem in stems:
        number, reference = 1, stem
        while reference in used:
            number += 1
            reference = f"{stem}-{number}"
        used.add(reference)
        named.append(reference)
    return named


async def _require_free(trades: TradeRepository, made: Trade) -> None:
    taken = await trades.by_references([made.reference], owner_id=made.owner_id)
    if taken:
        [other] = taken
        raise Conflict(
            f"reference {made.reference!r} is that of a trade in {other.symbol} entered on"
            f" {other.entry_on}; choose another, or leave it out",
            field=("input", "reference"),
            reason="REFERENCE_TAKEN",
        )


async def _same(session: AsyncSession, first: Trade, made: Trade, request: NewTrade) -> Trade:
    """Return the trade a key stands for, as it is now. Raises Conflict for another request."""
    asked = [name for name in ASKED if getattr(first, name) != getattr(made, name)]
    if request.reference is not None and made.reference != first.reference:
        asked.append("reference")
    if request.fx_rate is not None and made.fx_at_entry != first.fx_at_entry:
        asked.append("fx_rate")
    if asked:
        raise Conflict(
            f"idempotencyKey {request.idempotency_key!r} was used for another request; use a new"
            " key",
            field=("input", "idempotencyKey"),
            reason="IDEMPOTENCY_CONFLICT",
        )
    return await TradeRepository(session).get(first.id, owner_id=first.owner_id) or first
