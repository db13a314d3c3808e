from datetime import UTC, datetime
from uuid import UUID

import pytest

from api.errors import InvalidInput
from api.graphql.pagination import Seal, connection, page_size
from models.pages import Page, Place

SEAL = Seal(owner="ada", list_name="jobs")
ID = UUID("00000000-0000-0000-0000-000000000007")
AT = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def test_a_cursor_comes_back_as_its_place():
    cursor = SEAL.write(Place(value=AT, id=ID))

    assert SEAL.read(cursor, value=datetime.fromisoformat, id=UUID) == Place(value=AT, id=ID)


def test_an_unknown_value_stays_unknown():
    cursor = SEAL.write(Place(value=None, id=7))

    assert SEAL.read(cursor, value=float, id=int) == Place(value=None, id=7)
    assert SEAL.read(None, value=float, id=int) is None


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "AAAA",
        "not base64!",
        "\u00e9",
        "A" * 600,
        Seal(owner="eve", list_name="jobs").write(Place(value=1.0, id=7)),
        Seal(owner="ada", list_name="backtests").write(Place(value=1.0, id=7)),
        SEAL.write(Place(value=1.0, id=7))[:-2] + "AA",
    ],
)
def test_a_cursor_that_is_not_of_this_list_is_refused(cursor):
    with pytest.raises(InvalidInput) as caught:
        SEAL.read(cursor, value=float, id=int)

    assert caught.value.reason == "BAD_CURSOR"


def test_the_page_size_has_bounds():
    assert [page_size(None), page_size(1), page_size(100)] == [50, 1, 100]
    for first in (0, -1, 101, 2**31 - 1):
        with pytest.raises(InvalidInput, match=f"first was {first}; ask for 1 to 100"):
            page_size(first)


async def test_a_page_carries_cursors_and_counts_only_when_asked():
    asked = []

    async def count():
        asked.append(1)
        return 3

    page = connection(
        Page([1, 2], has_next=True),
        place=lambda row: Place(value=None, id=row),
        seal=SEAL,
        follows=False,
        count=count,
    )

    assert [edge.node for edge in page.edges()] == page.nodes == [1, 2]
    assert page.page_info.has_next_page
    assert not page.page_info.has_previous_page
    assert page.page_info.end_cursor == SEAL.write(Place(value=None, id=2))
    assert asked == []


async def test_an_empty_page_has_no_cursors():
    async def count():
        return 0

    page = connection(
        Page([], has_next=False), place=lambda row: row, seal=SEAL, follows=True, count=count
    )

    assert (page.edges(), page.page_info.start_cursor, page.page_info.end_cursor) == (
        [],
        None,
        None,
    )
