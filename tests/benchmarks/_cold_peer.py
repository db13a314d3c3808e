"""The plain way to write the query function: the peer of the cold start.

Run on its own, with the packages of our artefact on the path and nothing of ours.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import strawberry
from fastapi import FastAPI
from mangum import Mangum
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, SQLModel
from strawberry.fastapi import GraphQLRouter

TABLES = 20


def make_entity(number: int) -> type[SQLModel]:
    """Return a table of twelve columns, with a key, an index and a foreign key."""
    parent = f"table{max(number - 1, 0)}.id"
    fields: dict[str, tuple[Any, Any]] = {
        "id": (UUID, Field(default_factory=uuid4, primary_key=True, description="Identity.")),
        "owner_id": (UUID, Field(index=True, description="Owner.")),
        "name": (str, Field(max_length=200, description="Name.")),
        "note": (str | None, Field(default=None, description="Note.")),
        "count": (int, Field(default=0, ge=0, description="Count.")),
        "ratio": (float | None, Field(default=None, description="Ratio.")),
        "amount": (Decimal, Field(default=Decimal(0), description="Amount.")),
        "live": (bool, Field(default=True, description="Whether it counts.")),
        "created_at": (datetime, Field(description="When it was made.")),
        "updated_at": (datetime | None, Field(default=None, description="When it changed.")),
        "rank": (int | None, Field(default=None, description="Rank.")),
        "parent_id": (UUID | None, Field(default=None, foreign_key=parent)),
    }
    defaults = {name: default for name, (_, default) in fields.items()}
    hints = {name: kind for name, (kind, _) in fields.items()}
    namespace = {"__annotations__": hints, "__module__": __name__, **defaults}
    return type(SQLModel)(f"Table{number}", (SQLModel,), namespace, table=True)


def make_type(number: int) -> type:
    """Return the GraphQL type of one table."""
    hints = {"id": strawberry.ID, "name": str, "note": str | None, "count": int, "ratio": float}
    plain = type(f"Thing{number}", (), {"__annotations__": hints})
    return strawberry.type(plain, description="A thing.")


ENTITIES = [make_entity(number) for number in range(TABLES)]
TYPES = [make_type(number) for number in range(TABLES)]


@strawberry.type
class Strategy:
    key: str
    name: str


def make_query() -> type:
    namespace: dict[str, Any] = {"__annotations__": {}}
    for number, kind in enumerate(TYPES):

        def resolve() -> list[Any]:
            return []

        resolve.__annotations__ = {"return": list[kind]}  # type: ignore[valid-type]
        namespace[f"things{number}"] = strawberry.field(resolve)

    def strategies() -> list[Strategy]:
        return [Strategy(key="momentum", name="Momentum")]

    namespace["strategies"] = strawberry.field(strategies)
    return strawberry.type(type("Query", (), namespace))


engine = create_async_engine("postgresql+asyncpg://localhost/nothing")
app = FastAPI()
app.include_router(GraphQLRouter(strawberry.Schema(make_query())), prefix="/graphql")
handler = Mangum(app, lifespan="off")
