"""Many trades at once: what is there already is named, what cannot be read is named with why."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput
from api.services.findings import Refused
from api.services.new_trades import make_trades
from api.services.open_trade import hold_references, name_trades
from api.services.trade_cells import trades_of
from api.services.trade_csv import TextRow, read_trades
from models.audit_events import AuditEventRepository
from models.trade import Trade
from models.trades import TradeRepository

FORMAT = "parakeet"
IMPORTED = "imported"
# By these a row without a reference is known again.
SAME = ("symbol", "side", "quantity", "entry_price", "entry_at")
Content = tuple[object, ...]


@dataclass(frozen=True)
class Rejection:
    """A row that was not taken: its line, why, and how it was written."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class Imported:
    """What came of a file; duplicates are references of trades that were there already."""

    created: list[Trade] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


async def import_csv(
    session: AsyncSession, content: str, *, format: str, owner_id: UUID, dry_run: bool = False
) -> Imported:
    """Write the trades of a file, each once; a dry run takes them back.

    Raises InvalidInput or LimitExceeded for what is no such file.
    """
    if format != FORMAT:
        raise InvalidInput(
            f"format was {format[:40]!r}; {FORMAT} is the one there is, leave it out",
            field=("input", "format"),
        )
    file = read_trades(content)
    async with session.begin_nested() as written:
        imported = await import_rows(session, file.rows, owner_id=owner_id)
        if dry_run:
            for trade in imported.created:
                session.expunge(trade)
            await written.rollback()
    if file.unread:
        named = ", ".join(file.unread)[:200]
        reason = f"no column of ours is called {named}; it was not read"
        imported.rejected.insert(0, Rejection(1, reason, file.header))
    return imported


async def import_rows(
    session: AsyncSession, rows: Sequence[TextRow], *, owner_id: UUID, source: str = "a file"
) -> Imported:
    """Write the trades of rows, in their order; nothing that is there is written twice."""
    imported = Imported()
    readable = []
    for row in rows:
        if row.fault is None:
            readable.append(row)
        else:
            imported.rejected.append(Rejection(row.line, row.fault, row.text))
    made = await _made(session, readable, imported, owner_id)
    await hold_references(session, owner_id)
    books = await _Books.of(TradeRepository(session), [trade for _, trade in made], owner_id)
    for row, trade in made:
        books.take(row, trade, imported)
    imported.rejected.sort(key=lambda rejection: rejection.line)
    if imported.created:
        await _write(session, imported.created, owner_id, source)
    return imported


async def _made(
    session: AsyncSession, rows: Sequence[TextRow], imported: Imported, owner_id: UUID
) -> list[tuple[TextRow, Trade]]:
    read = await trades_of(session, [row.cells for row in rows])
    asked = [each for each in read if not isinstance(each, Refused)]
    checked = await make_trades(session, asked, owner_id=owner_id, reason=IMPORTED)
    results = iter(checked)
    made = []
    for row, each in zip(rows, read, strict=True):
        result = each if isinstance(each, Refused) else next(results)
        if isinstance(result, Refused):
            imported.rejected.append(Rejection(row.line, str(result), row.text))
        else:
            made.append((row, result))
    return made


async def _write(session: AsyncSession, created: list[Trade], owner_id: UUID, source: str) -> None:
    trades = TradeRepository(session)
    unnamed = [trade for trade in created if not trade.reference]
    taken = {trade.reference for trade in created if trade.reference}
    named = await name_trades(trades, unnamed, owner_id=owner_id, taken=taken)
    for trade, reference in zip(unnamed, named, strict=True):
        trade.reference = reference
    await trades.add_all(created)
    await AuditEventRepository(session).add(
        owner_id=owner_id,
        action="importTrades",
        subject=f"{len(created)} trades",
        reason=f"{IMPORTED} from {source}",
        before=None,
        after={"references": [trade.reference for trade in created]},
    )


@dataclass(frozen=True)
class _Books:
    """What the books hold, and what this import has added so far."""

    by_reference: dict[str, Content]
    by_content: dict[Content, str]

    @classmethod
    async def of(cls, trades: TradeRepository, made: Sequence[Trade], owner_id: UUID) -> "_Books":
        given = sorted({trade.reference for trade in made if trade.reference})
        entries = sorted({trade.entry_at for trade in made})
        first = await trades.first_versions(given, entries, owner_id=owner_id)
        return cls(
            {trade.reference: _content(trade) for trade in first},
            {_content(trade): trade.reference for trade in first},
        )

    def take(self, row: TextRow, trade: Trade, imported: Imported) -> None:
        """Create the trade, or say why not."""
        content = _content(trade)
        there = self.by_reference.get(trade.reference)
        if trade.reference and there is not None and there != content:
            reason = (
                f"reference {trade.reference!r} is that of another trade; correct that one, or"
                " choose another reference"
            )
            imported.rejected.append(Rejection(row.line, reason, row.text))
        elif there is not None:
            imported.duplicates.append(trade.reference)
        elif not trade.reference and content in self.by_content:
            imported.duplicates.append(self.by_content[content])
        else:
            self.by_content[content] = trade.reference or f"line {row.line}"
            if trade.reference:
                self.by_reference[trade.reference] = content
            imported.created.append(trade)


def _content(trade: Trade) -> Content:
    return tuple(getattr(trade, name) for name in SAME)
