"""How a provider is asked: at its pace, again where that can help, and not while it is down."""

import asyncio
import time
from dataclasses import replace

import pytest

from api.errors import FailureKind, FetchFailed
from api.services.provider import Bucket, GaveUp, Manners, Provider

QUICK = Manners(requests_per_hour=1e9, at_once=8, retry_base_seconds=0.001, retry_cap_seconds=0.002)
SOON = 60.0


def provider(**changes) -> Provider:
    return Provider("tiingo", replace(QUICK, **changes))


def question(*answers):
    """Answer with one after the other; the last one for ever."""
    left = list(answers)

    async def ask():
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def failing(kind: FailureKind, **more) -> FetchFailed:
    return FetchFailed(kind, f"it was {kind.value}", **more)


async def given_up(asked: Provider, ask) -> GaveUp:
    with pytest.raises(GaveUp) as gave_up:
        await asked.ask(ask, end=time.monotonic() + SOON)
    return gave_up.value


@pytest.mark.parametrize("kind", ["RATE_LIMITED", "TIMEOUT", "NETWORK"])
async def test_what_may_pass_is_asked_again_until_it_answers(kind):
    asked = provider()
    ask = question(*[failing(FailureKind(kind))] * 4, "at last")

    answered = await asked.ask(ask, end=time.monotonic() + SOON)

    assert (answered.answer, answered.attempts) == ("at last", 5)
    told = asked.tell()
    assert (told.requests, told.succeeded, told.errors) == (5, True, {})


async def test_after_five_tries_it_is_enough():
    asked = provider()

    failed = (await given_up(asked, question(failing(FailureKind.NETWORK)))).failed

    assert (failed.kind, failed.attempts, failed.passing) == (FailureKind.NETWORK, 5, True)
    told = asked.tell()
    assert (told.requests, told.succeeded, told.errors) == (5, False, {"NETWORK": 5})


@pytest.mark.parametrize("kind", ["UNKNOWN_SYMBOL", "DELISTED", "BAD_DATA", "NOT_CONFIGURED"])
async def test_what_does_not_pass_is_asked_once(kind):
    asked = provider()

    failed = (await given_up(asked, question(failing(FailureKind(kind))))).failed

    assert (failed.kind.value, failed.attempts, failed.passing) == (kind, 1, False)
    assert asked.tell().requests == 1


async def test_a_key_that_was_refused_is_not_tried_with_the_next_symbol():
    asked = provider()
    await given_up(asked, question(failing(FailureKind.NOT_CONFIGURED)))

    failed = (await given_up(asked, question("an answer"))).failed

    assert (failed.kind, failed.attempts) == (FailureKind.NOT_CONFIGURED, 0)
    assert asked.tell().requests == 1
    assert (await asked.ask(question("an answer"), end=time.monotonic() + SOON)).attempts == 1


async def test_everybody_waits_as_long_as_the_provider_says():
    asked = provider()
    slow_down = failing(FailureKind.RATE_LIMITED, retry_after_seconds=0.3)
    began = time.monotonic()

    first = asyncio.create_task(asked.ask(question(slow_down, 1), end=began + SOON))
    await asyncio.sleep(0.01)
    await asked.ask(question(2), end=began + SOON)
    waited = time.monotonic() - began
    await first

    assert waited >= 0.3


async def test_a_wait_beyond_the_end_of_the_batch_is_not_begun():
    asked = provider()
    slow_down = failing(FailureKind.RATE_LIMITED, retry_after_seconds=3_600.0)

    first = (await given_up(asked, question(slow_down))).failed
    second = (await given_up(asked, question("never asked"))).failed

    assert (first.kind, first.attempts) == (FailureKind.RATE_LIMITED, 1)
    assert (second.kind, second.attempts, second.passing) == (FailureKind.RATE_LIMITED, 0, True)
    assert asked.tell().requests == 1


async def test_who_fails_two_rounds_is_left_alone_and_then_asked_once():
    asked = provider(at_once=5, open_seconds=0.2)
    down = question(failing(FailureKind.NETWORK))
    for _ in range(2):
        await given_up(asked, down)

    alone = (await given_up(asked, question("an answer"))).failed
    told = asked.tell()
    await asyncio.sleep(told.open_seconds + 0.01)
    probe = (await given_up(asked, down)).failed
    await asyncio.sleep(0.21)
    back = await asked.ask(question("an answer"), end=time.monotonic() + SOON)

    assert (alone.attempts, alone.passing, told.requests) == (0, True, 10)
    assert "left alone" in str(alone.message)
    assert 0 < told.open_seconds <= 0.2
    assert probe.attempts == 1
    assert (back.answer, asked.tell().open_seconds) == ("an answer", 0)


async def test_a_bad_moment_of_all_that_is_open_is_not_the_end():
    asked = provider(at_once=8)
    ask = question(*[failing(FailureKind.NETWORK)] * 8, "well again")

    answered = await asyncio.gather(
        *(asked.ask(ask, end=time.monotonic() + SOON) for _ in range(8))
    )

    assert {each.answer for each in answered} == {"well again"}


@pytest.mark.parametrize(
    "answers",
    [failing(FailureKind.UNKNOWN_SYMBOL), failing(FailureKind.RATE_LIMITED, retry_after_seconds=0)],
)
async def test_one_that_answers_no_or_not_yet_is_not_down(answers):
    asked = provider(at_once=1)
    for _ in range(4):
        await given_up(asked, question(answers))
    await given_up(asked, question(failing(FailureKind.NETWORK)))

    assert asked.tell().open_seconds == 0


async def test_no_more_are_asked_at_once_than_is_agreed():
    asked, running, most = provider(at_once=3), 0, 0

    async def ask():
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.005)
        running -= 1

    await asyncio.gather(*(asked.ask(ask, end=time.monotonic() + SOON) for _ in range(12)))

    assert most == 3


async def test_an_hour_never_sees_more_than_its_quota():
    bucket = Bucket(36_000.0)

    assert bucket.capacity + 3_600 * bucket.per_second == 36_000.0
    taken = [await bucket.take(end=time.monotonic() + 0.01) for _ in range(3_600)]
    assert all(taken)
    assert not await bucket.take(end=time.monotonic() - 1.0)
