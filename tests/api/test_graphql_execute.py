import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from strawberry.exceptions import StrawberryInputCoercionError

from api.errors import InvalidInput, NotFound
from api.graphql.context import Context
from api.graphql.expose import expose
from api.graphql.scalars import parse_datetime, parse_decimal, parse_json, write_json
from api.services.findings import Findings, Refused
from models import Instrument
from models.jobs import JobRepository
from models.session import unit_of_work
from tests.factories import make_job


def make_context(session, app, **given):
    return Context(
        session, viewer_id=app.settings.owner_id, settings=app.settings, store=app.store, **given
    )


async def test_siblings_take_turns_at_the_session(session, app):
    context, order = make_context(session, app), []

    async def use(name):
        async with context.session():
            order.append(f"{name} in")
            await asyncio.sleep(0)
            order.append(f"{name} out")

    await asyncio.gather(use("a"), use("b"))

    assert order == ["a in", "a out", "b in", "b out"]


async def test_a_task_that_holds_the_session_cannot_wait_for_itself(session, app):
    context = make_context(session, app)

    async with context.session():
        with pytest.raises(RuntimeError, match="already holds the session"):
            async with context.session():
                pass


@pytest.mark.parametrize(("reads_only", "shown"), [(True, "queued"), (False, "cancelled")])
async def test_a_request_that_only_reads_sees_one_instant(sessions, app, reads_only, shown):
    async with unit_of_work(sessions) as session:
        job = await JobRepository(session).add(make_job(owner_id=app.settings.owner_id))

    async with sessions() as session:
        context = make_context(session, app, reads_only=reads_only)
        async with context.session() as held:
            await held.execute(text("SELECT 1"))
        async with unit_of_work(sessions) as other:
            await JobRepository(other).cancel(job.id, owner_id=job.owner_id)
        async with context.session() as held:
            seen = await JobRepository(held).get(job.id, owner_id=job.owner_id)

    assert seen.status == shown


def test_a_misspelt_column_fails_at_import():
    with pytest.raises(KeyError, match="symbl"):

        @expose(Instrument, "symbl")
        class Misspelt:
            pass


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-01-02T21:00:00Z", datetime(2024, 1, 2, 21, tzinfo=UTC)),
        ("2024-01-02T21:00+10:00", datetime(2024, 1, 2, 11, tzinfo=UTC)),
        ("2024-01-02T21:00:00.123456-05:00", datetime(2024, 1, 3, 2, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_with_its_offset(text, instant):
    assert parse_datetime(text) == instant


@pytest.mark.parametrize("value", ["2024-01-02", "2024-01-02T21:00:00", 5, "2999-01-01T00:00:00Z"])
def test_an_instant_without_an_offset_or_beyond_the_years_is_refused(value):
    with pytest.raises(StrawberryInputCoercionError, match=r"its offset, .* from 1901 to 2099"):
        parse_datetime(value)


def test_a_decimal_is_exact_and_bounded():
    assert parse_decimal("0.10") == Decimal("0.10")
    assert parse_decimal(100) == Decimal(100)
    assert parse_decimal(0.1) == Decimal("0.1")
    for value in (True, None, "a", "1" * 41, "\u0661", "1_000", " 1", [1]):
        with pytest.raises(StrawberryInputCoercionError, match="a decimal number"):
            parse_decimal(value)


def test_json_is_bounded():
    assert parse_json({"a": [1, None, "x"]}) == {"a": [1, None, "x"]}
    deep = 1
    for _ in range(11):
        deep = [deep]
    with pytest.raises(StrawberryInputCoercionError, match="deeper than 10"):
        parse_json(deep)
    with pytest.raises(StrawberryInputCoercionError, match="longer than 10000"):
        parse_json(["x" * 10_001])


def test_nan_never_leaves_as_a_null():
    with pytest.raises(ValueError, match="cannot stand in an answer"):
        write_json(float("nan"))


async def test_a_variable_inside_parameters_may_be_left_out(ask, market):
    document = """mutation($n: Int) { runBacktest(input: {strategy: "momentum", start: "2018-06-01",
        universe: "TEST_US", currency: USD, parameters: {lookback: 60, top_n: $n}})
        { backtest { parameters } userErrors { message } } }"""

    body = await ask(document)

    assert body["data"]["runBacktest"]["userErrors"] == []
    assert body["data"]["runBacktest"]["backtest"]["parameters"]["top_n"] == 10


async def test_an_infinite_parameter_is_a_user_error(ask, market):
    document = """mutation { runBacktest(input: {strategy: "momentum", start: "2018-06-01",
        universe: "TEST_US", currency: USD, parameters: {min_score: 1e400}})
        { userErrors { field message } } }"""

    body = await ask(document)

    assert body["data"]["runBacktest"]["userErrors"] == [
        {
            "field": ["input", "parameters", "min_score"],
            "message": "min_score was Infinity; write a finite number",
        }
    ]


def test_findings_keep_every_fault():
    findings = Findings()
    with findings.collect():
        raise InvalidInput("one")
    with findings.collect():
        raise Refused([NotFound("two"), NotFound("three")])

    with pytest.raises(Refused, match="one; two; three") as caught:
        findings.settle()

    assert [error.code for error in caught.value.errors] == ["INVALID", "NOT_FOUND", "NOT_FOUND"]
