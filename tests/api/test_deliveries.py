"""Which messages come back, and what is kept of those nobody could read."""

import asyncio

import pytest
from sqlalchemy import select

from api import telemetry
from api.errors import Unavailable
from api.jobs import BadMessage, read_message
from api.services.deliveries import Record, batch_answer, consume, records_of
from api.services.work import Deadline
from api.telemetry import Metric
from models.poison_message import PoisonMessage
from models.session import unit_of_work
from tests.waiting import until

JOB = "6f0f6a52-3d8c-5c0e-9f4b-1d2a7c3e5b10"


def record(id: str, body: str = "{}", receives: int = 1) -> Record:
    return Record(id=id, body=body, receives=receives)


async def poisons(sessions) -> list[PoisonMessage]:
    async with unit_of_work(sessions) as session:
        return list(await session.scalars(select(PoisonMessage)))


async def accept(body, deadline):
    """Record an outcome."""


async def test_early_return_keeps_messages(sessions):
    """Whoever is stopped between two messages has answered for the first only."""
    seen = []

    async def handle(body, deadline):
        seen.append(body)
        await until(lambda: deadline.working_seconds <= 0)

    back = await consume(
        [record("a", "1"), record("b", "2"), record("c", "3")],
        handle,
        sessions,
        deadline=Deadline.after(10.0, soft_stop_seconds=9.5),
    )

    assert (seen, back) == (["1"], ["b", "c"])


async def test_no_time_left_keeps_all(sessions):
    late = Deadline.after(-1.0, soft_stop_seconds=20.0)

    assert await consume([record("a"), record("b")], accept, sessions, deadline=late) == ["a", "b"]


async def test_the_same_message_twice_in_a_batch_comes_back_if_either_failed(sessions):
    outcomes = iter([True, False])

    async def handle(body, deadline):
        if not next(outcomes):
            raise Unavailable("the database did not answer")

    assert await consume([record("a"), record("a")], handle, sessions) == ["a"]


async def test_a_transient_fault_is_no_poison(sessions):
    async def handle(body, deadline):
        raise Unavailable("the database did not answer")

    assert await consume([record("a")], handle, sessions) == ["a"]
    assert await poisons(sessions) == []


async def test_a_fault_of_ours_is_kept_without_its_words(sessions):
    async def handle(body, deadline):
        raise KeyError("secret")

    assert await consume([record("a", "{}")], handle, sessions) == ["a"]
    (kept,) = await poisons(sessions)
    assert (kept.reason, kept.detail) == ("UNEXPECTED_ERROR", "see the log")


async def test_each_receive_of_a_poison_is_one_row_that_counts_up(sessions):
    async def handle(body, deadline):
        raise BadMessage("NOT_JSON", "the body was not JSON")

    for receives in (1, 3, 2):
        await consume([record("a", "\x00\ud800{" + "x" * 10_000, receives)], handle, sessions)

    (kept,) = await poisons(sessions)
    assert (kept.message_id, kept.reason, kept.receives) == ("a", "NOT_JSON", 3)
    assert kept.body.startswith(r"\u0000\ud800{xxx")
    assert len(kept.body) == 4_000
    assert kept.last_seen_at > kept.first_seen_at


async def test_a_message_that_is_taken_after_all_is_no_poison(sessions):
    """A release that cannot read it is followed by one that can."""

    async def refuse(body, deadline):
        raise BadMessage("BAD_VERSION", "schemaVersion was none of 1 to 1")

    async def take(body, deadline):
        return None

    await consume([record("a"), record("b")], refuse, sessions)

    assert await consume([record("a", receives=2)], take, sessions) == []
    assert [kept.message_id for kept in await poisons(sessions)] == ["b"]


async def test_a_reason_that_cannot_be_forgotten_holds_up_no_message():
    def no_sessions():
        raise ConnectionRefusedError("no database")

    async def take(body, deadline):
        return None

    assert await consume([record("a", receives=2)], take, no_sessions) == []


async def test_a_poison_comes_back_where_its_reason_cannot_be_kept():
    def no_sessions():
        raise ConnectionRefusedError("no database")

    async def handle(body, deadline):
        raise BadMessage("NOT_JSON", "the body was not JSON")

    assert await consume([record("a")], handle, no_sessions) == ["a"]


async def test_each_poison_is_counted(sessions, monkeypatch):
    monkeypatch.setattr(telemetry.meter, "sums", {})

    async def handle(body, deadline):
        raise BadMessage("NOT_JSON", "the body was not JSON")

    await consume([record("a"), record("b")], handle, sessions)

    assert telemetry.meter.sums == {Metric.POISON_MESSAGES: 2.0}


async def test_a_cancelled_worker_answers_nothing(sessions):
    async def handle(body, deadline):
        await asyncio.Event().wait()

    running = asyncio.create_task(consume([record("a")], handle, sessions))
    await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


def test_the_answer_names_each_message_as_aws_reads_it():
    assert batch_answer(["a", "b"]) == {
        "batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]
    }
    assert batch_answer([]) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        {"Records": None},
        {"Records": [None]},
        {"Records": [{"messageId": "a"}]},
        {"Records": [{"messageId": "", "body": "{}"}]},
        {"Records": [{"messageId": 7, "body": "{}"}]},
        {"Records": [{"messageId": "a", "body": None}]},
    ],
)
def test_an_event_that_is_no_batch_comes_back_whole(event):
    with pytest.raises(ValueError, match="no batch of SQS"):
        records_of(event)


@pytest.mark.parametrize(("count", "receives"), [("3", 3), ("x", 1), (None, 1), ("-2", 1)])
def test_an_odd_receive_count_is_a_first_one(count, receives):
    told = {"messageId": "a", "body": "{}", "attributes": {"ApproximateReceiveCount": count}}

    assert records_of({"Records": [told]}) == [record("a", receives=receives)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "NOT_JSON"),
        ("{", "NOT_JSON"),
        ("\ufeff" + '{"jobId":"' + JOB + '"}', "NOT_JSON"),
        ("\ud800", "NOT_JSON"),
        ("[" * 100_000, "NOT_JSON"),
        ('{"jobId":"' + JOB + '\x00"}', "NOT_JSON"),
        ("null", "NOT_AN_OBJECT"),
        ("[]", "NOT_AN_OBJECT"),
        ('"x"', "NOT_AN_OBJECT"),
        ("{}", "MISSING_FIELD"),
        ('{"jobId":"x"}', "BAD_FIELD"),
        ('{"jobId":5}', "BAD_FIELD"),
        ('{"jobId":"' + JOB + '","sentAt":"yesterday"}', "BAD_FIELD"),
        ('{"jobId":"' + JOB + '","schemaVersion":0}', "BAD_VERSION"),
        ('{"jobId":"' + JOB + '","schemaVersion":99}', "BAD_VERSION"),
        ('{"jobId":"' + JOB + '","schemaVersion":true}', "BAD_VERSION"),
    ],
)
def test_a_body_nobody_can_read_is_refused_with_its_reason(body, reason):
    with pytest.raises(BadMessage) as refused:
        read_message(body)

    assert refused.value.reason == reason
    assert JOB not in str(refused.value)


def test_fields_we_do_not_know_are_ignored():
    told = read_message(
        '{"jobId":"' + JOB + '","schemaVersion":1,"colour":"green","sentAt":"2026-11-22T00:00:00Z"}'
    )

    assert str(told.job_id) == JOB
