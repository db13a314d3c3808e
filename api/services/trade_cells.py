"""Cells of text as trades: what a file or another program's books wrote, read without guessing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput
from api.services.findings import Findings, Refused
from api.services.new_trades import BOOKED, Exit, NewTrade
from api.services.routing import describe
from models.backtest import Currency
from models.instruments import InstrumentRepository
from models.trade import Side
from models.trade_facts import Hour, instants_of

SIDES = {"BUY": Side.BUY, "LONG": Side.BUY, "SELL": Side.SELL, "SHORT": Side.SELL}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.IGNORECASE | re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)? ?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
# A day alone is taken for the opening of its market, or for its close.
OPENS, CLOSES = 10, 16
LONGEST_NUMBER, LONGEST_CELL = 40, 40
OF_EXIT = ("exit_price", "exit_at", "exit_commission", "fx_rate_at_exit")
T = TypeVar("T")
When = datetime | date


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One trade as it was read, its days not yet at an hour."""

    trade: NewTrade
    entry: When
    exit: When | None


async def trades_of(
    session: AsyncSession, rows: Sequence[Mapping[str, str]]
) -> list[NewTrade | Refused]:
    """Return a trade for each row that can be read, and for each other one its faults."""
    quoted = await _quoted(session, rows)
    read = [_read(row, quoted) for row in rows]
    hours: list[Hour] = []
    for each in read:
        if isinstance(each, Cells):
            hours += _hours(each)
    instants = dict(zip(hours, await instants_of(session, hours) if hours else [], strict=True))
    return [each if isinstance(each, Refused) else _dated(each, instants) for each in read]


async def _quoted(session: AsyncSession, rows: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the currency each symbol is quoted in, for rows that do not say theirs."""
    silent = {row["symbol"] for row in rows if "currency" not in row and "symbol" in row}
    known = await InstrumentRepository(session).by_symbols(sorted(silent)) if silent else []
    quoted = {instrument.symbol: instrument.currency for instrument in known}
    for symbol in silent - quoted.keys():
        try:
            quoted[symbol] = describe(symbol).currency
        except InvalidInput:
            continue  # told again, with its remedy, when the trade is checked
    return quoted


def _read(row: Mapping[str, str], quoted: Mapping[str, str]) -> Cells | Refused:
    findings = Findings()
    currency = _currency(row.get("currency") or quoted.get(row.get("symbol", ""), "AUD"), findings)
    side = _side(row.get("side"), findings)
    entry = _when(row, "entry_at", findings)
    left, exit_ = _exit(row, findings)
    trade = NewTrade(
        symbol=row.get("symbol", ""),
        side=side,
        quantity=_number(row, "quantity", findings) or Decimal(0),
        entry_price=_number(row, "entry_price", findings) or Decimal(0),
        entry_at=datetime.now(UTC),
        commission=_number(row, "commission", findings) or Decimal(0),
        currency=currency,
        reference=row.get("reference"),
        strategy=row.get("strategy"),
        signal_score=_score(row, findings),
        notes=row.get("notes"),
        tags=[tag.strip() for tag in re.split(r"[;|]", row.get("tags", "")) if tag.strip()],
        fx_rate=_number(row, "fx_rate_at_entry", findings),
        exit=left,
    )
    if findings.errors:
        return Refused(findings.errors)
    return Cells(trade=trade, entry=entry or date.min, exit=exit_)


def _exit(row: Mapping[str, str], findings: Findings) -> tuple[Exit | None, When | None]:
    """Return how a trade was left, if it was; half of an exit is none."""
    given = [name for name in OF_EXIT if name in row]
    if not given:
        return None, None
    if "exit_price" not in row or "exit_at" not in row:
        if given == ["exit_commission"] and _number(row, "exit_commission", findings) == 0:
            return None, None  # how many files write an exit that has not been
        findings.errors.append(
            _fault("exit_price", f"{given[0]} was given without exit_price and exit_at; give both")
        )
        return None, None
    left = Exit(
        price=_number(row, "exit_price", findings) or Decimal(0),
        at=datetime.now(UTC),
        commission=_number(row, "exit_commission", findings) or Decimal(0),
        fx_rate=_number(row, "fx_rate_at_exit", findings),
    )
    return left, _when(row, "exit_at", findings)


def _hours(cells: Cells) -> list[Hour]:
    currency, found = cells.trade.currency, []
    if not isinstance(cells.entry, datetime):
        found.append(Hour(currency, cells.entry, OPENS))
    if cells.exit is not None and not isinstance(cells.exit, datetime):
        found.append(Hour(currency, cells.exit, CLOSES))
    return found


def _dated(cells: Cells, instants: Mapping[Hour, datetime]) -> NewTrade:
    def instant(when: When, hour: int) -> datetime:
        if isinstance(when, datetime):
            return when
        return instants[Hour(cells.trade.currency, when, hour)]

    left = cells.trade.exit
    if left is not None and cells.exit is not None:
        left = replace(left, at=instant(cells.exit, CLOSES))
    return replace(cells.trade, entry_at=instant(cells.entry, OPENS), exit=left)


def _currency(text: str, findings: Findings) -> Currency:
    if text.upper() in BOOKED:
        return Currency(text.upper())
    findings.errors.append(_fault("currency", f"currency was {_short(text)}; write AUD or USD"))
    return Currency.AUD


def _side(text: str | None, findings: Findings) -> Side:
    side = SIDES.get((text or "").upper())
    if side is None:
        findings.errors.append(_fault("side", f"side was {_short(text or '')}; write BUY or SELL"))
    return side or Side.BUY


def _number(row: Mapping[str, str], name: str, findings: Findings) -> Decimal | None:
    text = row.get(name)
    if text is None:
        return None
    try:
        if len(text) <= LONGEST_NUMBER and NUMBER.fullmatch(text):
            return Decimal(text)
    except InvalidOperation:
        pass
    findings.errors.append(
        _fault(name, f"{name} was {_short(text)}; write a number such as 1234.5")
    )
    return None


def _score(row: Mapping[str, str], findings: Findings) -> float | None:
    number = _number(row, "signal_score", findings)
    return None if number is None else float(number)


def _when(row: Mapping[str, str], name: str, findings: Findings) -> When | None:
    text = row.get(name, "")
    try:
        if DAY.fullmatch(text):
            return _plausible(date.fromisoformat(text))
        if INSTANT.fullmatch(text):
            instant = datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
            _plausible(instant.date())
            return instant.astimezone(UTC)
    except ValueError:
        pass
    findings.errors.append(
        _fault(
            name,
            f"{name} was {_short(text)}; write a day such as 2024-01-08, or an instant with its"
            " offset such as 2024-01-08T10:30:00+11:00",
        )
    )
    return None


def _plausible(day: date) -> date:
    if not 1900 < day.year < 2100:
        raise ValueError("no such year")
    return day


def _short(text: str) -> str:
    return repr(text[:LONGEST_CELL])


def _fault(name: str, message: str) -> InvalidInput:
    return InvalidInput(message, field=(name,))
