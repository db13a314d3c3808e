"""Who is asking, and of whom."""

import hashlib
from functools import cache
from importlib.metadata import version
from uuid import UUID

import strawberry

from api.graphql.context import Info
from api.graphql.node import global_id
from engine import ENGINE_VERSION
from models.database import server_version
from models.jobs import JobRepository


@strawberry.type(description="How much work the viewer may still ask for.")
class Quota:
    jobs_per_day: int = strawberry.field(description="Jobs that may be submitted in a day, UTC.")
    jobs_left_today: int = strawberry.field(description="Of these, what is left today.")
    concurrent_jobs: int = strawberry.field(description="Jobs that may be open at once.")


@strawberry.type(description="The caller.")
class Viewer:
    owner_id: strawberry.Private[UUID]

    @strawberry.field(description="Global id: `viewer_` and a UUID.")
    def id(self) -> strawberry.ID:
        return global_id("viewer", self.owner_id)

    @strawberry.field(description="Address of the account; null where there are no accounts.")
    def email(self) -> str | None:
        return None

    @strawberry.field(
        description="What the viewer may do: `read` and `write` what is theirs; `market:correct`, "
        "put right what everybody reads; `api:explore`, send documents of one's own."
    )
    def scopes(self, info: Info) -> list[str]:
        return sorted(info.context.scopes)

    @strawberry.field(description="How much work may still be asked for.")
    async def quota(self, info: Info) -> Quota:
        settings = info.context.settings
        async with info.context.session() as session:
            counted = await JobRepository(session).count_open(self.owner_id)
        return Quota(
            jobs_per_day=settings.jobs_per_day,
            jobs_left_today=max(0, settings.jobs_per_day - counted.today),
            concurrent_jobs=settings.concurrent_jobs,
        )


@strawberry.type(description="The server that answers.")
class ServerInfo:
    @strawberry.field(description="Version of the product.")
    def version(self) -> str:
        return version("potential-parakeet")

    @strawberry.field(description="Where it runs: local, or the name of a deployment.")
    def environment(self, info: Info) -> str:
        return info.context.settings.environment

    @strawberry.field(description="Version of the engine; part of each run's content key.")
    def engine_version(self) -> str:
        return ENGINE_VERSION

    @strawberry.field(description="SHA-256 of the schema's text: tells whether a client fits.")
    def schema_hash(self, info: Info) -> str:
        return _hash(info.schema.as_str())

    @strawberry.field(description="Name and version of the database.")
    async def database(self, info: Info) -> str:
        async with info.context.session() as session:
            return await server_version(session)


@cache
def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@strawberry.type
class ViewerQuery:
    @strawberry.field(description="The caller.")
    def viewer(self, info: Info) -> Viewer:
        return Viewer(owner_id=info.context.viewer_id)

    @strawberry.field(description="The server that answers.")
    def server(self) -> ServerInfo:
        return ServerInfo()
