"""Many instruments from several providers at once: what was brought, and what was not and why."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from api.errors import FailureKind
from api.ports import BarRequest, Fetched, PriceSource
from api.services.provider import Failed, GaveUp, Provider
from api.services.routing import TIINGO
from api.telemetry import logger

# Fetched and not yet taken: bounds the memory when writing is slower than fetching.
AHEAD = 64
# What another provider may know better; a refusal for other reasons is the same everywhere.
ELSEWHERE = frozenset({FailureKind.UNKNOWN_SYMBOL, FailureKind.NOT_CONFIGURED})

SET_UP = {TIINGO: ": put its key into TIINGO_API_KEY"}


@dataclass(frozen=True, kw_only=True)
class Want:
    """What to fetch of one instrument, from whom, best first.

    `missing` are the requests without the sessions that are stored already: a provider that
    stands in for another fills gaps, it does not argue about what is there.
    """

    symbol: str
    sources: Sequence[str]
    requests: Sequence[BarRequest]
    missing: Sequence[BarRequest]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one instrument fared: what a source brought, or the failure to be told."""

    want: Want
    source: str | None = None
    fetched: Sequence[Fetched] = ()
    attempts: int = 0
    failure: Failed | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A provider with its manners."""

    prices: PriceSource
    provider: Provider


@asynccontextmanager
async def fetching(
    wants: Sequence[Want], sources: Mapping[str, Asking], *, end: float
) -> AsyncIterator[AsyncIterator[Outcome]]:
    """Fetch while the block runs; yield each outcome as it comes, until all are there.

    What has no answer at `end` (monotonic) is an outcome too. Leaving the block ends what runs.
    """
    done: asyncio.Queue[Outcome] = asyncio.Queue()
    room = asyncio.Semaphore(AHEAD)
    tasks = [asyncio.create_task(_run(want, sources, end, room, done)) for want in wants]

    async def outcomes() -> AsyncIterator[Outcome]:
        for _ in wants:
            yield await done.get()
            room.release()

    try:
        yield outcomes()
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _run(
    want: Want,
    sources: Mapping[str, Asking],
    end: float,
    room: asyncio.Semaphore,
    done: asyncio.Queue[Outcome],
) -> None:
    await room.acquire()
    try:
        async with asyncio.timeout(max(end - time.monotonic(), 0.0)):
            outcome = await fetch(want, sources, end=end)
    except TimeoutError:
        outcome = _out_of_time(want)
    except Exception as error:
        # One instrument's surprise is not the batch's.
        logger.exception("nobody foresaw what came of %s", want.symbol)
        outcome = _unforeseen(want, error)
    done.put_nowait(outcome)


async def fetch(want: Want, sources: Mapping[str, Asking], *, end: float) -> Outcome:
    """Ask one source after the other until one has the instrument."""
    failures: list[Failed] = []
    for key in want.sources:
        stands_in = any(failed.kind not in ELSEWHERE for failed in failures)
        asked = want.missing if stands_in else want.requests
        outcome = await _from_source(want, key, asked, sources, end)
        if outcome.failure is None:
            return replace(outcome, notes=tuple(_note(each, key) for each in failures))
        failures.append(outcome.failure)
        if not (outcome.failure.kind in ELSEWHERE or outcome.failure.passing):
            break
    attempts = sum(failed.attempts for failed in failures)
    return Outcome(want=want, failure=replace(_telling(failures), attempts=attempts))


async def _from_source(
    want: Want, key: str, asked: Sequence[BarRequest], sources: Mapping[str, Asking], end: float
) -> Outcome:
    if key not in sources:
        return Outcome(want=want, failure=_not_set_up(key))
    found = sources[key]
    fetched: list[Fetched] = []
    attempts = 0
    for request in asked:
        try:
            answered = await found.provider.ask(partial(found.prices.fetch, request), end=end)
        except GaveUp as gave_up:
            return Outcome(want=want, failure=gave_up.failed)
        attempts += answered.attempts
        fetched.append(answered.answer)
    return Outcome(want=want, source=key, fetched=fetched, attempts=attempts)


def _telling(failures: Sequence[Failed]) -> Failed:
    """Return the failure that helps most: one that may pass, else one that is no lack of a key."""
    passing = [failed for failed in failures if failed.passing]
    known = [failed for failed in failures if failed.kind is not FailureKind.NOT_CONFIGURED]
    return (passing or known or list(failures))[-1]


def _note(failed: Failed, key: str) -> str:
    return f"{key} was asked instead of {failed.source}: {failed.message}"


def _not_set_up(key: str) -> Failed:
    message = f"{key} is not set up here{SET_UP.get(key, '')}"
    return Failed(kind=FailureKind.NOT_CONFIGURED, message=message, attempts=0, source=key)


def _out_of_time(want: Want) -> Outcome:
    failed = Failed(
        kind=FailureKind.TIMEOUT,
        message="the time of this ingest ran out first; the next one goes on here",
        attempts=0,
        source=want.sources[0],
    )
    return Outcome(want=want, failure=failed)


def _unforeseen(want: Want, error: Exception) -> Outcome:
    failed = Failed(
        kind=FailureKind.BAD_DATA,
        message=f"the answer could not be read ({type(error).__name__})",
        attempts=1,
        source=want.sources[0],
    )
    return Outcome(want=want, failure=failed)
