"""Scans: rules asked of a universe as of a day, who passed them, and why."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.expose import expose
from api.graphql.jobs import JobType
from api.graphql.market_data import InstrumentType
from api.graphql.node import Node, global_id, uuid_of
from api.graphql.pagination import After, Connection, First, Seal, connection, page_size
from api.graphql.scalars import FloatArray
from api.services.scanners import ScannerEntry, scanners
from models.instrument import Instrument
from models.job import Job
from models.pages import Place
from models.scan import Scan
from models.scans import ScanRepository

Root = strawberry.Parent[Scan]


@strawberry.type(name="Scanner", description="Rules asked in order, and a score of who is left.")
class ScannerType:
    key: str = strawberry.field(description="Name used in requests, such as `quallamaggie`.")
    name: str = strawberry.field(description="Name shown to people.")
    description: str = strawberry.field(description="What it looks for, and what data it needs.")
    version: str = strawberry.field(description="Raised with every change of its behaviour.")
    references: list[str] = strawberry.field(description="Where the idea was published.")
    minimum_history: int = strawberry.field(
        description="Bars its longest rule rests on, with default parameters."
    )

    @strawberry.field(
        description="JSON Schema (draft 2020-12) of its parameters, with titles, bounds and "
        "defaults. Null leaves a rule out where the type allows it."
    )
    def parameter_schema(root: strawberry.Parent[ScannerEntry]) -> JSON:
        return JSON(root.parameter_schema)

    @strawberry.field(description="Parameters used where a request gives none.")
    def default_parameters(root: strawberry.Parent[ScannerEntry]) -> JSON:
        return JSON(root.default_parameters)


@strawberry.type(
    description="One rule of a scan. Who entered it passed, failed, or could not be judged: what "
    "is not known never passes."
)
class FunnelStep:
    code: str = strawberry.field(description="Name of the rule, the same in every scan.")
    name: str = strawberry.field(description="What the rule measures.")
    asked: str = strawberry.field(
        description="What was asked of it, such as `at least 30.0 %`; two bounds where they "
        "differ by market."
    )
    entered: int = strawberry.field(description="How many had passed the rules before.")
    passed: int = strawberry.field(description="How many passed this one too.")
    failed: int = strawberry.field(description="How many did not.")
    unknown: int = strawberry.field(description="How many lack what the rule needs to be judged.")
    because: list[str] = strawberry.field(
        description="What those lack, with how many it concerns, the most common first."
    )


@dataclass(frozen=True)
class HitRow:
    """A hit as its worker wrote it."""

    row: dict[str, Any]


@strawberry.type(name="ScanHit", description="An asset that passed every rule.")
class ScanHitType:
    @strawberry.field(description="Its symbol.")
    def symbol(root: strawberry.Parent[HitRow]) -> str:
        return str(root.row["symbol"])

    @strawberry.field(
        graphql_type=InstrumentType | None, description="The instrument; null if it is gone."
    )
    async def instrument(root: strawberry.Parent[HitRow], info: Info) -> Instrument | None:
        return await info.context.loaders.instrument_by_id.load(root.row["instrument_id"])

    @strawberry.field(description="From 0 to 100: the sum of what each part of the score earned.")
    def score(root: strawberry.Parent[HitRow]) -> float:
        return float(root.row["score"])

    @strawberry.field(description="`STRONG` where the scanner's stricter rules hold, else `WATCH`.")
    def signal(root: strawberry.Parent[HitRow]) -> str:
        return str(root.row["signal"])

    @strawberry.field(
        description="Each rule with its figure, what was asked and the margin; then what each part "
        "of the score earned."
    )
    def reasons(root: strawberry.Parent[HitRow]) -> list[str]:
        return list(root.row["reasons"])

    @strawberry.field(
        description="The figures behind the reasons: `rules`, `score`, a suggested `order` with "
        "entry, stop and shares where the scanner sizes one, and `flags` of the data."
    )
    def values(root: strawberry.Parent[HitRow]) -> JSON:
        return JSON(root.row["values"])

    @strawberry.field(
        description="Its last closes up to the session of the scan, at most 63, oldest first, in "
        "the money of the last one: splits and dividends are no jumps."
    )
    def sparkline(root: strawberry.Parent[HitRow]) -> FloatArray:
        return FloatArray(orjson.Fragment(orjson.dumps(root.row["sparkline"])))


@expose(
    Scan,
    "content_key",
    "symbols",
    "benchmark",
    "as_of",
    "known_at",
    "max_results",
    "engine_version",
    "created_at",
)
class ScanType(Node):
    @strawberry.field(description="Global id: `scan_` and a UUID.")
    def id(root: Root) -> strawberry.ID:
        return global_id("scan", root.id)

    @strawberry.field(graphql_type=ScannerType, description="The scanner that was asked.")
    def scanner(root: Root) -> ScannerEntry:
        return scanners()[root.scanner_key]

    @strawberry.field(description="Its parameters, defaults filled in.")
    def parameters(root: Root) -> JSON:
        return JSON(root.parameters)

    @strawberry.field(description="Key of the universe asked for; null for a list of symbols.")
    def universe(root: Root) -> str | None:
        return root.universe_key

    @strawberry.field(graphql_type=JobType, description="The job that does it.")
    async def job(root: Root, info: Info) -> Job | None:
        return await info.context.loaders.job_by_id.load(root.job_id)

    @strawberry.field(
        description="The session it stands on: the last that had closed by then; null until it "
        "succeeded."
    )
    def session(root: Root) -> date | None:
        return date.fromisoformat(root.summary["session"]) if root.summary else None

    @strawberry.field(description="Warnings about the data, such as `vendor_adjusted`.")
    def flags(root: Root) -> list[str]:
        return list(root.summary["flags"]) if root.summary else []

    @strawberry.field(
        description="The rules in the order asked: what enters one has passed those before it."
    )
    def funnel(root: Root) -> list[FunnelStep]:
        return [FunnelStep(**step) for step in root.summary["funnel"]] if root.summary else []

    @strawberry.field(
        description="How many passed every rule, kept or not; null until it succeeded."
    )
    def hit_count(root: Root) -> int | None:
        return int(root.summary["hits"]) if root.summary else None

    @strawberry.field(
        graphql_type=list[ScanHitType],
        description="Who passed every rule, best score first, at most `maxResults`.",
    )
    async def hits(root: Root, info: Info) -> list[HitRow]:
        from api.services.scan_results import read_hits

        return [HitRow(row) for row in await read_hits(info.context.store, root)]


@strawberry.type
class ScanQuery:
    @strawberry.field(
        graphql_type=list[ScannerType], description="All scanners, in the order of their keys."
    )
    def scanners(self) -> list[ScannerEntry]:
        return list(scanners().values())

    @strawberry.field(
        graphql_type=ScanType | None,
        description="One of the viewer's scans; null when there is none of that id.",
    )
    async def scan(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the scan.")],
    ) -> Scan | None:
        scan_id = uuid_of(id, "scan")
        return None if scan_id is None else await info.context.loaders.scan_by_id.load(scan_id)

    @strawberry.field(
        graphql_type=Connection[ScanType], description="The viewer's scans, newest first."
    )
    async def scans(self, info: Info, first: First = None, after: After = None) -> Connection[Scan]:
        owner = info.context.viewer_id
        size, seal = page_size(first), Seal(str(owner), "scans")
        place = seal.read(after, value=datetime.fromisoformat, id=UUID)
        async with info.context.session() as session:
            page = await ScanRepository(session).list_page(owner_id=owner, first=size, after=place)

        async def count() -> int | None:
            async with info.context.session() as session:
                return await ScanRepository(session).count_listed(owner_id=owner)

        return connection(
            page,
            place=lambda scan: Place(value=scan.created_at, id=scan.id),
            seal=seal,
            follows=place is not None,
            count=count,
        )
