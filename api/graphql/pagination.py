"""Pages of a list: edges with cursors, a total that is exact as long as counting is cheap."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import orjson
import strawberry

from api.errors import InvalidInput
from api.limits import LIMITS
from models.pages import MAX_COUNT, Page, Place

MOST, USUAL = LIMITS.page_items, LIMITS.usual_page_items
LONGEST_CURSOR = 512
SEAL_BYTES = 6

T = TypeVar("T")
Count: TypeAlias = Callable[[], Awaitable[int | None]]

First: TypeAlias = Annotated[
    int | None,
    strawberry.argument(description=f"How many to return: 1 to {MOST}, {USUAL} if left out."),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Continue behind this cursor, taken from an earlier page."),
]


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item, if any.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last item, if any; pass it as `after` for the next page."
    )


@strawberry.type(description="An item of a page and its place in the list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Place of the item; opaque, do not build your own.")
    node: T = strawberry.field(description="The item.")


def _edges(root: strawberry.Parent[Any]) -> list[Any]:
    """Write cursors where they are asked for: a list of nodes needs those of its ends alone."""
    return [Edge(cursor=root.cursor(place), node=row) for place, row in enumerate(root.nodes)]


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(
        description="Items with their cursors.", resolver=_edges
    )
    nodes: list[T] = strawberry.field(description="The same items without cursors.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")
    cursor: strawberry.Private[Callable[[int], str]]
    count: strawberry.Private[Count]

    @strawberry.field(description=f"Items in the whole list: exact up to {MAX_COUNT:,}, then null.")
    async def total_count(self) -> int | None:
        """Count only where asked to."""
        return await self.count()


@dataclass(frozen=True)
class Seal:
    """Binds a cursor to its owner and its list, so that a foreign or altered one is refused."""

    owner: str
    list_name: str

    def write(self, place: Place) -> str:
        body = orjson.dumps([place.value, place.id], default=str)  # the driver has its own UUID
        return base64.urlsafe_b64encode(self._mark(body) + body).decode().rstrip("=")

    def read(
        self,
        cursor: str | None,
        *,
        value: Callable[[Any], Any],
        id: Callable[[Any], UUID | int | str],
    ) -> Place | None:
        """Return the place behind a cursor. Raises InvalidInput with reason BAD_CURSOR."""
        if cursor is None:
            return None
        try:
            sealed = base64.b64decode(_padded(cursor), altchars=b"-_", validate=True)
        except ValueError:
            raise bad_cursor(cursor) from None
        mark, body = sealed[:SEAL_BYTES], sealed[SEAL_BYTES:]
        if mark != self._mark(body):
            raise bad_cursor(cursor)
        found, found_id = orjson.loads(body)
        return Place(value=None if found is None else value(found), id=id(found_id))

    def _mark(self, body: bytes) -> bytes:
        content = f"{self.owner}/{self.list_name}/".encode() + body
        return hashlib.sha256(content).digest()[:SEAL_BYTES]


def _padded(cursor: str) -> bytes:
    if len(cursor) > LONGEST_CURSOR or not cursor.isascii():
        raise ValueError("a cursor of ours is short and ASCII")
    return cursor.encode() + b"=" * (-len(cursor) % 4)


def bad_cursor(cursor: str) -> InvalidInput:
    return InvalidInput(
        f"after was {cursor[:40]!r}; pass an endCursor of this very list, or leave it out",
        field=("after",),
        reason="BAD_CURSOR",
    )


def page_size(first: int | None) -> int:
    """Return how many to fetch. Raises InvalidInput outside 1 to 100."""
    if first is None:
        return USUAL
    if not 1 <= first <= MOST:
        raise InvalidInput(
            f"first was {first}; ask for 1 to {MOST}", field=("first",), reason="BAD_PAGE_SIZE"
        )
    return first


def connection(
    page: Page[T],
    *,
    place: Callable[[T], Place],
    seal: Seal,
    follows: bool,
    count: Count,
) -> Connection[T]:
    """Put cursors on a page's rows; `follows` tells that it began behind a cursor."""

    def cursor(row: int) -> str:
        return seal.write(place(page.rows[row]))

    return page_of(
        page.rows, cursor=cursor, has_next=page.has_next, has_previous=follows, count=count
    )


def page_of(
    rows: list[T], *, cursor: Callable[[int], str], has_next: bool, has_previous: bool, count: Count
) -> Connection[T]:
    """Return a page whose items' cursors are made from their places in it."""
    info = PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=cursor(0) if rows else None,
        end_cursor=cursor(len(rows) - 1) if rows else None,
    )
    return Connection(nodes=rows, page_info=info, cursor=cursor, count=count)
