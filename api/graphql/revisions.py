"""Prices that changed after they were known, and the runs that had read them."""

from collections.abc import Sequence
from datetime import date as Day  # noqa: N812 - fields and arguments are called date
from datetime import datetime
from typing import Annotated

import strawberry

from api.graphql.backtests import BacktestType
from api.graphql.context import Info
from api.graphql.market_data import BarType
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.services.market import require_instruments
from models.backtest import Backtest
from models.pages import Place
from models.price_bar import PriceBar
from models.revisions import Change, Revision, RevisionRepository

Changed = strawberry.Parent[Revision]


@strawberry.type(name="PriceRevision", description="A bar that changed after it was known.")
class PriceRevisionType:
    symbol: str = strawberry.field(description="Whose bar it is.")
    date: Day = strawberry.field(description="Session of the bar.")
    known_at: datetime = strawberry.field(description="When the change became known.")
    reason: str = strawberry.field(description="Why the bar changed.")

    @strawberry.field(
        graphql_type=BarType | None, description="What was believed before; null for a new bar."
    )
    def before(root: Changed) -> PriceBar | None:
        return root.before

    @strawberry.field(graphql_type=BarType, description="What is believed since.")
    def after(root: Changed) -> PriceBar:
        return root.after

    @strawberry.field(
        graphql_type=list[BacktestType],
        description="The viewer's runs that had read the bar as it was before.",
    )
    async def affected_backtests(root: Changed, info: Info) -> Sequence[Backtest]:
        change = Change(root.instrument_id, root.date, root.known_at)
        return await info.context.loaders.backtests_by_change.load(change)


async def revision_page(
    info: Info,
    ids: Sequence[int] | None,
    *,
    day: Day | None = None,
    handed_over: bool = True,
    first: int | None,
    after: str | None,
) -> Connection[Revision]:
    """Return a page of the changes of these instruments, or of all, newest first."""
    size, seal = page_size(first), Seal(str(info.context.viewer_id), "revisions")
    place = seal.read(after, value=datetime.fromisoformat, id=str)
    async with info.context.session() as session:
        page = await RevisionRepository(session).list_page(
            ids, date=day, handed_over=handed_over, first=size, after=place
        )

    async def count() -> int | None:
        async with info.context.session() as session:
            return await RevisionRepository(session).count_listed(
                ids, date=day, handed_over=handed_over
            )

    return connection(
        page,
        place=lambda revision: Place(value=revision.known_at, id=revision.id),
        seal=seal,
        follows=place is not None,
        count=count,
    )


@strawberry.type
class RevisionQuery:
    @strawberry.field(
        graphql_type=Connection[PriceRevisionType],
        description="How the bars of a symbol changed after they were known, newest change first.",
    )
    async def price_revisions(
        self,
        info: Info,
        symbol: Annotated[str, strawberry.argument(description="Symbol of the instrument.")],
        date: Annotated[
            Day | None, strawberry.argument(description="Only those of this session.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Revision]:
        async with info.context.session() as session:
            [found] = await require_instruments(session, [symbol], field=("symbol",))
        return await revision_page(info, [found.id], day=date, first=first, after=after)
