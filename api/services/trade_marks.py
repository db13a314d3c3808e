"""What open trades stand at: the last bar known, the splits since the entry, the last rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from api.services.amounts import rounded, split_ratio
from models.backtest import Currency
from models.base import EXACT
from models.book_statements import STALE_DAYS
from models.corporate_action import ActionRow
from models.corporate_actions import CorporateActionRepository
from models.instruments import InstrumentRepository
from models.price_bar import PriceBar
from models.price_bars import PriceBarRepository
from models.trade import Side, Trade
from models.trade_facts import last_rate

# As the portfolio has it: an older close says nothing of what was bought.
STALE = timedelta(days=STALE_DAYS)


class Held(NamedTuple):
    """A holding to be marked: what, since which day, as known at an instant; None is now."""

    instrument_id: int | None
    symbol: str
    currency: Currency
    since: date
    known_at: datetime | None

    @classmethod
    def by(cls, trade: Trade, known_at: datetime | None) -> "Held":
        return cls(trade.instrument_id, trade.symbol, trade.currency, trade.entry_on, known_at)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A share's last price, on which day, what one share at entry has become by then.

    `fx_rate` is Australian dollars for one unit of the currency; None where none is known.
    """

    price: Decimal
    on: date
    split_ratio: Decimal
    fx_rate: Decimal | None


def unrealised(trade: Trade, mark: Mark) -> Decimal:
    """Return what a trade would have made at the mark, the entry's commission taken off."""
    return rounded(_gain(trade, mark, Decimal(1), Decimal(1)))


def unrealised_aud(trade: Trade, mark: Mark) -> Decimal | None:
    """Return the same in Australian dollars; None where the mark has no rate."""
    if mark.fx_rate is None:
        return None
    return rounded(_gain(trade, mark, trade.fx_at_entry, mark.fx_rate))


def _gain(trade: Trade, mark: Mark, fx_at_entry: Decimal, fx_now: Decimal) -> Decimal:
    multiply, subtract = EXACT.multiply, EXACT.subtract
    worth = multiply(multiply(mark.price, mark.split_ratio), fx_now)
    move = multiply(trade.quantity, subtract(worth, multiply(trade.entry_price, fx_at_entry)))
    signed = move if trade.side is Side.BUY else -move
    return subtract(signed, multiply(trade.commission, fx_at_entry))


async def marks_of(session: AsyncSession, holdings: Sequence[Held]) -> list[Mark | None]:
    """Return each holding's mark, None where no price is known; a few statements an instant."""
    ids = await _instruments(session, holdings)
    found: dict[Held, Mark | None] = {}
    for known_at in {held.known_at for held in holdings}:
        asked = [held for held in holdings if held.known_at == known_at]
        found |= await _marks_at(session, asked, ids, known_at)
    return [found[held] for held in holdings]


async def _instruments(session: AsyncSession, holdings: Sequence[Held]) -> Mapping[Held, int]:
    """Name each holding's instrument; a symbol may have become known after its trade."""
    lacking = [held.symbol for held in holdings if held.instrument_id is None]
    later = await InstrumentRepository(session).by_symbols(lacking) if lacking else []
    by_symbol = {instrument.symbol: instrument.id for instrument in later}
    named = {held: held.instrument_id or by_symbol.get(held.symbol) for held in holdings}
    return {held: known for held, known in named.items() if known is not None}


async def _marks_at(
    session: AsyncSession,
    holdings: Sequence[Held],
    ids: Mapping[Held, int],
    known_at: datetime | None,
) -> dict[Held, Mark | None]:
    wanted = sorted({ids[held] for held in holdings if held in ids})
    if not wanted:
        return dict.fromkeys(holdings)
    found = await PriceBarRepository(session).latest_by_instrument(wanted, known_at=known_at)
    bars = {bar.instrument_id: bar for bar in found}
    actions = await CorporateActionRepository(session).of(wanted, known_at=known_at)
    rate = await _rate(session, holdings, known_at)
    return {
        held: _mark(held, bars.get(ids[held]), actions, rate) if held in ids else None
        for held in holdings
    }


async def _rate(
    session: AsyncSession, holdings: Sequence[Held], known_at: datetime | None
) -> Decimal | None:
    if all(held.currency is Currency.AUD for held in holdings):
        return None
    audusd = await last_rate(session, known_at=known_at)
    return None if audusd is None else rounded(EXACT.divide(Decimal(1), Decimal(repr(audusd))))


def _mark(
    held: Held, bar: PriceBar | None, actions: Sequence[ActionRow], rate: Decimal | None
) -> Mark | None:
    price = None if bar is None else bar.close or bar.adjusted_close
    if bar is None or price is None or bar.date < held.since - STALE:
        return None
    ratios = [
        action.ratio
        for action in actions
        if action.instrument_id == bar.instrument_id
        and action.ratio is not None
        and held.since < action.ex_date <= bar.date
    ]
    return Mark(
        price=rounded(Decimal(repr(price))),
        on=bar.date,
        split_ratio=split_ratio(ratios),
        fx_rate=Decimal(1) if held.currency is Currency.AUD else rate,
    )
