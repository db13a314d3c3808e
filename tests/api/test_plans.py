"""A plan answers in the bytes of graphql-core, or leaves the document to it."""

import asyncio
import math
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from hypothesis import given, settings
from strawberry.schema.config import StrawberryConfig

from api.graphql.loader import Loader
from api.graphql.planned import KEPT, Plans
from api.graphql.scalars import SCALARS
from tests.api.planning import VARIABLES, admitted, by_core, check_same, documents


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Asking:
    """A context: what a plan restarts, and the loader of leaves."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.restarts = 0
        self.leaves = Loader(self._read)

    async def _read(self, keys: list[int]) -> list[Any]:
        self.batches.append(keys)
        await asyncio.sleep(0)
        return [None if key % 7 == 6 else Leaf(number=key) for key in keys]

    async def restart(self) -> None:
        self.restarts += 1


@strawberry.type
class Leaf:
    number: int

    @strawberry.field
    def text(self) -> str | None:
        return None if self.number % 3 == 2 else f"leaf {self.number}"

    @strawberry.field
    def colour(self) -> Colour:
        return Colour.RED if self.number % 2 else Colour.BLUE

    @strawberry.field
    def share(self) -> float:
        return self.number / 3

    @strawberry.field
    def amount(self) -> Decimal | None:
        return Decimal(self.number) / 8

    @strawberry.field
    def day(self) -> date:
        return date(2020, 1, 1 + self.number % 28)

    @strawberry.field
    def instant(self) -> datetime:
        return datetime(2020, 1, 1, 12, self.number % 60, tzinfo=UTC)

    @strawberry.field
    def large(self) -> int | None:
        return 2**31 - 2 + self.number % 2

    @strawberry.field
    def grid(self) -> list[list[int | None] | None]:
        return [None, [self.number, None], []]


@strawberry.type
class Branch:
    number: int
    name: str | None
    flags: list[bool]

    @strawberry.field(graphql_type=Leaf | None)
    def loaded(self, info: strawberry.Info) -> Awaitable[Any]:
        return info.context.leaves.load(self.number)

    @strawberry.field
    async def waited(self, times: int = 2) -> int:
        await asyncio.sleep(0)
        return self.number * times

    @strawberry.field
    def leaves(self) -> list[Leaf]:
        return [Leaf(number=self.number + more) for more in range(self.number % 4)]

    @strawberry.field
    def branches(self) -> list["Branch | None"] | None:
        if self.number > 5:
            return None
        return [make(self.number + 1), None, make(self.number + 2)]


@strawberry.type
class Faulty(Branch):
    """Each of these fails somewhere: an error, or a null where none may be."""

    @strawberry.field
    def raises(self) -> int | None:
        if self.number % 2:
            raise ValueError("an odd branch")
        return self.number

    @strawberry.field(graphql_type=Leaf)
    def lost(self, info: strawberry.Info) -> Awaitable[Any]:
        return info.context.leaves.load(self.number)

    @strawberry.field
    def endless(self) -> float | None:
        return math.inf if self.number == 3 else 1.0

    @strawberry.field
    def huge(self) -> int | None:
        return 2**40 if self.number == 4 else 4


def make(number: int) -> Branch:
    return Branch(number=number, name=None if number % 2 else f"b{number}", flags=[True, False])


@strawberry.type
class Stone:
    weight: float

    @strawberry.field
    async def cold(self) -> bool:
        return self.weight > 1


@strawberry.type
class Query:
    @strawberry.field
    def things(self) -> list[Leaf | Stone | None]:
        return [Leaf(number=1), Stone(weight=0.5), None, Stone(weight=2.0), Leaf(number=2)]

    @strawberry.field
    def branches(self, first: int = 5) -> list[Branch]:
        return [make(number) for number in range(first)]

    @strawberry.field
    async def branch(self) -> Branch | None:
        return make(4)

    @strawberry.field
    def nothing(self) -> Branch | None:
        return None

    @strawberry.field
    def faulty(self) -> list[Faulty]:
        return [Faulty(number=number, name=None, flags=[]) for number in range(7)]


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))._schema


def sound(field: Any) -> bool:
    return "Faulty" not in str(field.type)


@settings(max_examples=60)
@given(documents(SCHEMA, sound))
async def test_what_does_not_fail_is_answered_by_its_plan_in_the_same_bytes(document):
    assert await check_same(Plans(SCHEMA), document, VARIABLES, Asking)


@settings(max_examples=60)
@given(documents(SCHEMA))
async def test_what_fails_anywhere_is_left_to_graphql_core(document):
    await check_same(Plans(SCHEMA), document, VARIABLES, Asking)


@pytest.mark.parametrize("field", ["raises", "lost { number }", "endless", "huge"])
async def test_each_fault_is_found_and_the_reading_begun_anew(field):
    context = Asking()

    told = await Plans(SCHEMA).answer(admitted(f"{{ faulty {{ {field} }} }}"), None, context)

    assert (told, context.restarts) == (None, 1)


async def test_a_list_is_read_in_one_batch_and_no_key_twice():
    context = Asking()
    document = "{ branches(first: 3) { loaded { number } again: loaded { text } } }"

    told = await Plans(SCHEMA).answer(admitted(document), None, context)

    assert context.batches == [[0, 1, 2]]
    assert [row["loaded"] for row in told["branches"]] == [{"number": n} for n in range(3)]


async def test_relations_of_a_list_take_no_task_a_row(monkeypatch):
    made = []
    loop = asyncio.get_running_loop()
    loop.set_task_factory(
        lambda loop, coro, **more: made.append(1) or asyncio.Task(coro, loop=loop)
    )
    try:
        document = admitted("{ branches(first: 90) { number loaded { number } } }")
        assert await Plans(SCHEMA).answer(document, None, Asking()) is not None
    finally:
        loop.set_task_factory(None)

    assert len(made) == 1  # the loader's


@pytest.mark.parametrize(("yes", "keys"), [(True, ["number", "name"]), (False, ["name"])])
async def test_a_variable_that_chooses_has_a_plan_for_each_of_its_values(yes, keys):
    plans = Plans(SCHEMA)
    document = admitted("query($yes: Boolean!) { branch { number @include(if: $yes) name } }")

    for _ in range(2):
        told = await plans.answer(document, {"yes": yes}, Asking())
        other = await plans.answer(document, {"yes": not yes}, Asking())

    assert list(told["branch"]) == keys != list(other["branch"])
    assert len(plans.plans) == 2


async def test_arguments_are_read_anew_with_each_request():
    plans = Plans(SCHEMA)
    document = admitted("query($n: Int! = 1) { branches(first: $n) { waited(times: 3) } }")

    one = await plans.answer(document, None, Asking())
    three = await plans.answer(document, {"n": 3}, Asking())

    assert one == {"branches": [{"waited": 0}]}
    assert three == {"branches": [{"waited": 0}, {"waited": 3}, {"waited": 6}]}
    assert len(plans.plans) == 1


async def test_a_variable_that_is_no_value_of_its_type_is_left_to_graphql_core():
    document = "query($n: Int!) { branches(first: $n) { number } }"

    told = await Plans(SCHEMA).answer(admitted(document), {"n": "many"}, Asking())
    core = await by_core(SCHEMA, document, {"n": "many"}, Asking())

    assert told is None
    assert core.errors


@pytest.mark.parametrize(
    "document", ["{ __schema { description } }", '{ __type(name: "A") { name } }']
)
async def test_introspection_has_no_plan(document):
    assert await Plans(SCHEMA).answer(admitted(document), None, Asking()) is None


async def test_no_more_than_so_many_plans_are_kept():
    plans = Plans(SCHEMA)

    for number in range(KEPT + 3):
        await plans.answer(admitted(f"{{ a{number}: nothing {{ name }} }}"), None, Asking())

    assert (len(plans.plans), len(plans.outlines)) == (KEPT, KEPT)
