"""Whether the data can be trusted: providers, coverage, what was refused and what was revised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated

import strawberry
from strawberry.scalars import JSON

from api.errors import NotFound
from api.graphql.context import Info
from api.graphql.expose import expose
from api.graphql.jobs import JobType
from api.graphql.loaders import CoverageAt, MembersAt
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.revisions import PriceRevisionType, revision_page
from api.services.data_health import (
    CoverageSummary,
    ProviderHealth,
    ProviderStatus,
    provider_health,
    providers_of,
    summarise,
)
from api.services.reason_words import explain
from api.services.symbol_coverage import SymbolCoverage
from api.services.universes import SHARED
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.pages import Place
from models.price_bar import Quarantine
from models.quarantines import QuarantineRepository
from models.revisions import Revision
from models.universes import UniverseRepository

strawberry.enum(ProviderStatus, description="How a provider of data fares.")


@strawberry.type(name="ProviderHealth", description="How a provider of data fares.")
class ProviderHealthType:
    name: str = strawberry.field(description="Name of the provider.")
    status: ProviderStatus = strawberry.field(
        description="DEGRADED: some requests failed since the last success. DOWN: it failed so "
        "often that it is left alone for a while."
    )
    detail: str = strawberry.field(
        description="What it is asked for, and what to do where it cannot be asked."
    )
    last_success_at: datetime | None = strawberry.field(
        description="When it last gave what it was asked for; null before it ever did."
    )
    last_failure_at: datetime | None = strawberry.field(
        description="When it last did not; null when it always did."
    )
    errors_by_kind: JSON = strawberry.field(
        description="Failures since the last success: kind to number."
    )
    requests_left: int | None = strawberry.field(
        description="Requests left of its quota; null where it does not tell."
    )


@strawberry.type(
    name="SymbolCoverage", description="What is stored of a symbol beside its market's calendar."
)
class SymbolCoverageType:
    symbol: str = strawberry.field(description="Symbol of the instrument.")
    source: str = strawberry.field(description="Where its bars come from.")
    first_bar: date | None = strawberry.field(description="Session of the first bar, if any.")
    last_bar: date | None = strawberry.field(description="Session of the last bar, if any.")
    expected: int = strawberry.field(description="Sessions from the first bar to the last.")
    present: int = strawberry.field(description="Of these, those with a bar.")
    gaps: list[date] = strawberry.field(
        description="Sessions between them without a bar, oldest first; nothing fills them."
    )
    stale_sessions: int = strawberry.field(
        description="Sessions that have closed since the last bar; 0 for a bundled sample, which "
        "is finished."
    )
    suspect: int = strawberry.field(description="Bars that are used but worth a look.")
    quarantined: int = strawberry.field(description="Rows that were refused.")


@strawberry.type(name="CoverageSummary", description="What all symbols come to.")
class CoverageSummaryType:
    symbols: int = strawberry.field(description="Number of symbols.")
    bars: int = strawberry.field(description="Number of sessions with a bar.")
    coverage_pct: float | None = strawberry.field(
        description="These as a percentage of the sessions expected; null where none is."
    )
    stale: int = strawberry.field(description="Symbols more than one session behind.")
    gaps: int = strawberry.field(description="Sessions without a bar, of all symbols.")
    suspect: int = strawberry.field(description="Bars that are used but worth a look.")
    quarantined: int = strawberry.field(description="Rows that were refused.")
    state: str = strawberry.field(
        description="EMPTY: no bar is stored. STALE: a symbol is more than one session behind. "
        "INCOMPLETE: a session between first and last bars is missing. GOOD: none of these."
    )


@expose(
    Quarantine,
    "symbol",
    "date",
    "source",
    "file",
    "row_number",
    "raw",
    "reason",
    "detail",
    "recorded_at",
    name="QuarantinedRow",
)
class QuarantinedRowType:
    detail: JSON

    @strawberry.field(description="The reason in words.")
    def explanation(root: strawberry.Parent[Quarantine]) -> str:
        return explain(root.reason)


@dataclass(frozen=True)
class HealthAt:
    """What is asked about: a universe, or everything stored, at an instant."""

    universe: str | None
    as_of: datetime

    async def ids(self, info: Info) -> list[int] | None:
        """Return today's members; None for everything."""
        return None if self.universe is None else [each for each, _ in await self._members(info)]

    async def symbols(self, info: Info) -> list[str] | None:
        return None if self.universe is None else [name for _, name in await self._members(info)]

    async def lines(self, info: Info) -> Sequence[SymbolCoverage]:
        ids = await self.ids(info)
        asked = CoverageAt(None if ids is None else tuple(ids), self.as_of)
        return await info.context.loaders.coverage_at.load(asked)

    async def _members(self, info: Info) -> list[tuple[int, str]]:
        asked = MembersAt(self.universe or "", self.as_of.date(), None)
        found = await info.context.loaders.members_at.load(asked)
        return [(member.instrument_id, member.symbol) for member in found]


Asked = strawberry.Parent[HealthAt]


@strawberry.type(description="Whether the data of a universe, or all of it, can be trusted.")
class DataHealth:
    as_of: datetime = strawberry.field(description="The instant this is about.")

    @strawberry.field(
        graphql_type=list[ProviderHealthType], description="Providers, the ones asked first first."
    )
    async def providers(root: Asked, info: Info) -> list[ProviderHealth]:
        known = providers_of(info.context.settings)
        async with info.context.session() as session:
            return await provider_health(session, known, now=root.as_of)

    @strawberry.field(
        graphql_type=list[SymbolCoverageType], description="One line a symbol, by symbol."
    )
    async def coverage(root: Asked, info: Info) -> Sequence[SymbolCoverage]:
        return await root.lines(info)

    @strawberry.field(
        description="Keys of the known lists an ingest can bring in, whether or not it has yet."
    )
    def known_universes(root: Asked) -> list[str]:
        return sorted(SHARED)

    @strawberry.field(graphql_type=CoverageSummaryType, description="What all symbols come to.")
    async def summary(root: Asked, info: Info) -> CoverageSummary:
        return summarise(await root.lines(info))

    @strawberry.field(
        graphql_type=JobType | None,
        description="The viewer's newest ingest; null before the first.",
    )
    async def last_ingest(root: Asked, info: Info) -> Job | None:
        async with info.context.session() as session:
            newest = await JobRepository(session).list_page(
                owner_id=info.context.viewer_id, kind=JobKind.INGEST, first=1
            )
        return newest.rows[0] if newest.rows else None

    @strawberry.field(
        graphql_type=Connection[QuarantinedRowType], description="Rows refused, newest first."
    )
    async def quarantine(
        root: Asked,
        info: Info,
        symbol: Annotated[
            str | None, strawberry.argument(description="Only those of this symbol.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[Quarantine]:
        size, seal = page_size(first), Seal(str(info.context.viewer_id), "quarantine")
        place = seal.read(after, value=datetime.fromisoformat, id=int)
        symbols = await root.symbols(info) if symbol is None else [symbol]
        async with info.context.session() as session:
            page = await QuarantineRepository(session).list_page(
                symbols=symbols, first=size, after=place
            )

        async def count() -> int | None:
            async with info.context.session() as session:
                return await QuarantineRepository(session).count_listed(symbols=symbols)

        return connection(
            page,
            place=lambda row: Place(value=row.recorded_at, id=row.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )

    @strawberry.field(
        graphql_type=Connection[PriceRevisionType],
        description="Bars that were corrected after they were known, newest correction first. "
        "A history that another source took over is not: see `priceRevisions` for its bars.",
    )
    async def revisions(
        root: Asked, info: Info, first: First = None, after: After = None
    ) -> Connection[Revision]:
        ids = await root.ids(info)
        return await revision_page(info, ids, handed_over=False, first=first, after=after)


@strawberry.type
class DataHealthQuery:
    @strawberry.field(
        graphql_type=DataHealth,
        description="Providers, coverage, gaps, refused rows and revisions.",
    )
    async def data_health(
        self,
        info: Info,
        universe: Annotated[
            str | None,
            strawberry.argument(description="Only its members of today; all symbols if left out."),
        ] = None,
    ) -> HealthAt:
        if universe is not None:
            await _require(universe, info)
        return HealthAt(universe, datetime.now(UTC))


async def _require(universe: str, info: Info) -> None:
    """Raise NotFound for a universe that is nobody's or another owner's."""
    async with info.context.session() as session:
        found = await UniverseRepository(session).by_key(universe, owner_id=info.context.viewer_id)
    if found is None:
        raise NotFound(
            f"universe {universe[:64]!r} is not known; universes lists what is",
            field=("universe",),
        )
