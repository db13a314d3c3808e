"""How a provider is asked: at its pace, again where that can help, and not while it is down."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Generic, TypeVar

from api.errors import PASSING, FailureKind, FetchFailed
from api.services.backoff import full_jitter

Answer = TypeVar("Answer")

# So much of an hour's quota may be used at once; the rest comes in drop by drop, so that no hour
# ever sees more than the quota.
BURST = 0.1
SECONDS_PER_HOUR = 3_600.0
# Twice the tries of a question: one symbol alone proves nothing.
LEAST_FAILURES = 10


@dataclass(frozen=True, kw_only=True)
class Manners:
    """What a provider is asked with.

    A provider that fails two rounds of all that is open at once, with no success in between, is
    left alone for `open_seconds`; then one question finds out whether it is back.
    """

    requests_per_hour: float
    at_once: int
    retry_base_seconds: float = 0.2
    retry_cap_seconds: float = 20.0
    tries: int = 5
    open_seconds: float = 60.0

    @property
    def failures_to_open(self) -> int:
        """More than one round: what fails together in a bad moment is one failure."""
        return max(2 * self.at_once, LEAST_FAILURES)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """Why a question stayed without an answer, after so many tries."""

    kind: FailureKind
    message: str
    attempts: int
    source: str

    @property
    def passing(self) -> bool:
        """Tell whether asking again later can help."""
        return self.kind in PASSING


class GaveUp(Exception):
    """A question stayed without an answer."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failed = failed


@dataclass(frozen=True)
class Answered(Generic[Answer]):
    """What a provider answered, and at which try."""

    answer: Answer
    attempts: int


class Bucket:
    """Tokens that come in steadily; whoever wants to ask takes one, in the order of asking."""

    def __init__(self, per_hour: float) -> None:
        self.capacity = max(1.0, per_hour * BURST)
        self.per_second = max(per_hour - self.capacity, 1.0) / SECONDS_PER_HOUR
        self._tokens = self.capacity
        self._at = time.monotonic()
        self._paused_until = 0.0
        self._turn = asyncio.Lock()

    async def take(self, *, end: float) -> bool:
        """Wait for a token and take it; at once False when none will be there before `end`."""
        async with self._turn:
            # Not an event: time alone brings tokens, and a pause may come while we wait.
            while (wait := self._wait_seconds()) > 0:
                if time.monotonic() + wait >= end:
                    return False
                await asyncio.sleep(wait)
            self._tokens -= 1.0
            return True

    def pause(self, seconds: float) -> None:
        """Let nobody ask for so long: the provider has said so."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _wait_seconds(self) -> float:
        now = time.monotonic()
        self._tokens = min(self.capacity, self._tokens + (now - self._at) * self.per_second)
        self._at = now
        return max((1.0 - self._tokens) / self.per_second, self._paused_until - now)


class Breaker:
    """Opens after failures in a row, so that what is down is not asked a thousand times."""

    def __init__(self, failures: int, seconds: float) -> None:
        self.failures = failures
        self.seconds = seconds
        self._in_a_row = 0
        self._open_until = 0.0

    @property
    def open_seconds(self) -> float:
        """How much longer it stays open; 0 when it is closed or may be tried."""
        return max(self._open_until - time.monotonic(), 0.0)

    def admit(self) -> bool:
        """Tell whether to ask; after a while of silence one question is let through."""
        if self.open_seconds > 0:
            return False
        if self._in_a_row >= self.failures:
            self.open(self.seconds)  # to the others, until the answer of this one is known
        return True

    def open(self, seconds: float) -> None:
        self._in_a_row = max(self._in_a_row, self.failures)
        self._open_until = time.monotonic() + seconds

    def succeed(self) -> None:
        self._in_a_row, self._open_until = 0, 0.0

    def fail(self) -> None:
        self._in_a_row += 1
        if self._in_a_row >= self.failures:
            self.open(self.seconds)


@dataclass(frozen=True, kw_only=True)
class Told:
    """How a provider fared since it was last asked for this."""

    requests: int
    succeeded: bool
    errors: Mapping[str, int]  # after the last success
    open_seconds: float


class Provider:
    """One provider, for as long as the process lives: its pace, and how it fares."""

    def __init__(self, key: str, manners: Manners) -> None:
        self.key = key
        self.manners = manners
        self.breaker = Breaker(manners.failures_to_open, manners.open_seconds)
        self._requests = 0
        self._errors: Counter[str] = Counter()  # since its last success
        self._succeeded = False
        self._bucket = Bucket(manners.requests_per_hour)
        self._room = asyncio.Semaphore(manners.at_once)
        self._last: FetchFailed | None = None
        self._refusal: FetchFailed | None = None

    def tell(self) -> Told:
        """Tell how it fared since the last telling, and forget what it was told it refuses."""
        told = Told(
            requests=self._requests,
            succeeded=self._succeeded,
            errors=dict(self._errors),
            open_seconds=self.breaker.open_seconds,
        )
        self._requests, self._succeeded, self._refusal = 0, False, None
        self._errors.clear()
        return told

    async def ask(
        self, question: Callable[[], Awaitable[Answer]], *, end: float, requests: int = 1
    ) -> Answered[Answer]:
        """Ask until there is an answer, asking again is no use, or `end` (monotonic) would pass.

        A question may take several requests. Raises GaveUp.
        """
        for attempt in count(1):
            try:
                answer = await self._try(question, attempt, end, requests)
            except FetchFailed as failure:
                self._note(failure)
                delay = self._delay(failure, attempt)
                if not self._is_worth_another(failure, attempt, time.monotonic() + delay, end):
                    raise GaveUp(self._failed(failure, attempt)) from failure
                await asyncio.sleep(delay)
            else:
                self._succeed()
                return Answered(answer, attempt)
        raise AssertionError("one counts for ever")

    async def _try(
        self, question: Callable[[], Awaitable[Answer]], attempt: int, end: float, requests: int
    ) -> Answer:
        async with self._room:
            # Who waited for room may have waited for the provider's end.
            if self._refusal is not None:
                raise GaveUp(self._failed(self._refusal, attempt - 1))
            if not self.breaker.admit():
                raise GaveUp(self._left_alone(attempt - 1))
            if not await self._bucket.take(end=end):
                raise GaveUp(self._too_late(attempt - 1))
            self._requests += requests
            return await question()

    def _note(self, failure: FetchFailed) -> None:
        self._last = failure
        self._errors[failure.kind.value] += 1
        if failure.kind is FailureKind.NOT_CONFIGURED:
            self._refusal = failure  # a key that is no good for one symbol is so for all
        if failure.retry_after_seconds is not None:
            self._bucket.pause(failure.retry_after_seconds)  # it is there, and says when
        elif failure.passing:
            self.breaker.fail()
        elif failure.kind is not FailureKind.NOT_CONFIGURED:
            self.breaker.succeed()  # it answered, if only that it does not know

    def _delay(self, failure: FetchFailed, attempt: int) -> float:
        """Return how long to wait: at least as long as the provider asked for, never in step."""
        manners = self.manners
        jitter = full_jitter(
            attempt,
            base_seconds=manners.retry_base_seconds,
            cap_seconds=manners.retry_cap_seconds,
        )
        return (failure.retry_after_seconds or 0.0) + jitter

    def _is_worth_another(
        self, failure: FetchFailed, attempt: int, again_at: float, end: float
    ) -> bool:
        return failure.passing and attempt < self.manners.tries and again_at < end

    def _failed(self, failure: FetchFailed, attempts: int) -> Failed:
        return Failed(kind=failure.kind, message=str(failure), attempts=attempts, source=self.key)

    def _left_alone(self, attempts: int) -> Failed:
        kind = FailureKind.NETWORK if self._last is None else self._last.kind
        why = "" if self._last is None else f"; the last failure: {self._last}"
        seconds = self.breaker.open_seconds
        message = f"{self.key} failed too often and is left alone for {seconds:.0f} s{why}"
        return Failed(kind=kind, message=message, attempts=attempts, source=self.key)

    def _too_late(self, attempts: int) -> Failed:
        message = f"{self.key} may not be asked again before the time of this ingest ends"
        kind = FailureKind.RATE_LIMITED
        return Failed(kind=kind, message=message, attempts=attempts, source=self.key)

    def _succeed(self) -> None:
        self.breaker.succeed()
        self._succeeded = True
        self._errors.clear()
