"""An ingest from providers: plan, fetch, judge, write, and account for all of it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import Unavailable
from api.ports import KnownLists, PriceSource
from api.services.arrivals import Arrival, arrival_of
from api.services.fetching import Asking, Outcome, fetching
from api.services.ingest_lasting import remember_lasting
from api.services.ingest_plan import Planned, Wish, plan
from api.services.ingest_report import Account
from api.services.ingest_request import SOURCES, IngestRequest
from api.services.ingest_series import Around, SeriesSources, SeriesWish, ingest_series
from api.services.ingest_targets import Subject, refresh_list, subjects_of, symbols_of_universe
from api.services.ingest_write import write
from api.services.provider import Provider
from api.services.publish_ingest import save_report
from api.services.work import ClaimedJob, Pulse, Stopped
from models.clock import database_now
from models.jobs import JobRepository
from models.provider_states import ProviderStateRepository
from models.session import SessionFactory, unit_of_work

# One transaction holds at most so many instruments or so many rows, and lasts no longer.
MOST_SYMBOLS, MOST_ROWS, FLUSH_SECONDS = 50, 100_000, 2.0
# What is left of the time for writing what was fetched: a share of it, but not for ever.
RECORD_SHARE, RECORD_SECONDS = 0.2, 30.0
HOME = "AUD"


@dataclass(frozen=True, kw_only=True)
class Live:
    """Who is asked, how, and how long one ingest may take.

    `delays` say how long after a close a provider has its bars.
    """

    prices: Mapping[str, PriceSource]
    series: SeriesSources
    lists: KnownLists
    providers: Mapping[str, Provider]
    delays: Mapping[str, timedelta]
    seconds: float
    closing: Sequence[Callable[[], Awaitable[None]]] = ()
    clock: Callable[[AsyncSession], Awaitable[datetime]] = database_now

    async def close(self) -> None:
        """Let go of connections."""
        for prices in self.prices.values():
            await prices.close()
        for close in self.closing:
            await close()

    @property
    def asking(self) -> Mapping[str, Asking]:
        return {
            key: Asking(prices=prices, provider=self.providers[key])
            for key, prices in self.prices.items()
        }


class LiveIngest:
    """One ingest job. `run` leaves the account it returns in the tables when it is stopped."""

    def __init__(
        self,
        job: ClaimedJob,
        pulse: Pulse,
        request: IngestRequest,
        *,
        sessions: SessionFactory,
        live: Live,
    ) -> None:
        self._job = job
        self._pulse = pulse
        self._request = request
        self._sessions = sessions
        self._live = live
        self._started = time.monotonic()
        self._flushed = self._started
        self._done = 0
        self.account = Account(source=request.source, universe_key=request.universe)

    async def run(self, symbols: Sequence[str] | None) -> Account:
        """Bring these symbols in, or the request's; raises Stopped, Unavailable, NotFound.

        Unavailable is for nothing at all came: what was tried is on record then, too.
        """
        try:
            await self._run(symbols)
        except Stopped:
            await self._record(own_only=True)
            raise
        finally:
            self.account.seconds = time.monotonic() - self._started
        await self._record()
        if self.account.in_vain:
            await self._save_account()
            first = next(iter(self.account.tally.failures.values()))
            raise Unavailable(f"no provider gave anything: {first.message}")
        return self.account

    async def _run(self, symbols: Sequence[str] | None) -> None:
        self._pulse(0.01, "planning")
        async with unit_of_work(self._sessions) as session:
            now = await self._live.clock(session)
            await self._remember_breakers(session, now)
        if symbols is None:
            symbols = await self._symbols(now)
        subjects, planned = await self._plan(symbols, now)
        end = self._started + self._fetch_seconds()
        await self._series(subjects, now, end)
        await self._fetch(subjects, planned, now, end)

    def _fetch_seconds(self) -> float:
        seconds = min(self._live.seconds, self._pulse.deadline.working_seconds)
        return seconds - min(seconds * RECORD_SHARE, RECORD_SECONDS)

    async def _remember_breakers(self, session: AsyncSession, now: datetime) -> None:
        """Leave alone who was found to be down by another process a moment ago."""
        for state in await ProviderStateRepository(session).list():
            provider = self._live.providers.get(state.name)
            if provider is not None and state.open_until is not None and state.open_until > now:
                provider.breaker.open((state.open_until - now).total_seconds())

    async def _symbols(self, now: datetime) -> Sequence[str]:
        if self._request.symbols is not None:
            return self._request.symbols
        key = self._request.universe or ""
        if key in self._live.lists.keys:
            self._pulse(0.02, f"reading who is in {key}")
            note = await refresh_list(self._sessions, self._live.lists, key, now=now)
            self.account.notes.update([] if note is None else [note])
        async with unit_of_work(self._sessions) as session:
            return await symbols_of_universe(
                session, key, owner_id=self._job.owner_id, now=now, start=self._request.start
            )

    async def _plan(
        self, symbols: Sequence[str], now: datetime
    ) -> tuple[Mapping[str, Subject], Sequence[Planned]]:
        request, account = self._request, self.account
        async with unit_of_work(self._sessions) as session:
            found = await subjects_of(session, symbols, source=SOURCES[request.source])
        wish = Wish(now=now, start=request.start, end=request.end, force=request.force)
        subjects = {each.symbol: each for each in found}
        account.requested = len(subjects)
        planned = [
            plan(each.target, wish, delay=self._delay(each.target.sources[0]))
            for each in subjects.values()
            if each.target is not None
        ]
        failures = [(each.symbol, each.failure) for each in found]
        failures += [(each.target.symbol, each.failure) for each in planned]
        account.tally.failures |= {symbol: each for symbol, each in failures if each is not None}
        account.requests_saved += sum(each.want is None for each in planned)
        wanted = [each for each in planned if each.want is not None]
        self._done = account.requested - len(wanted)
        account.succeeded = self._done - len(account.tally.failures)
        return subjects, wanted

    def _delay(self, source: str) -> timedelta:
        return self._live.delays.get(source, timedelta(0))

    async def _series(self, subjects: Mapping[str, Subject], now: datetime, end: float) -> None:
        """Bring in rates where there is something to convert, the rest with whole markets."""
        instruments = [each.instrument for each in subjects.values() if each.instrument]
        whole = self._request.symbols is None
        wish = SeriesWish(
            now=now,
            end=end,
            force=self._request.force,
            rates=whole or any(each.currency != HOME for each in instruments),
            others=whole,
        )
        if not wish.rates and not wish.others:
            return
        self._pulse(0.03, "rates and factors")
        around = Around(
            sessions=self._sessions,
            sources=self._live.series,
            providers=self._live.providers,
            wish=wish,
        )
        tally, saved = await ingest_series(around)
        self.account.tally.add(tally)
        self.account.requests_saved += saved

    async def _fetch(
        self,
        subjects: Mapping[str, Subject],
        planned: Sequence[Planned],
        now: datetime,
        end: float,
    ) -> None:
        wants = [each.want for each in planned if each.want is not None]
        arrived: list[Arrival] = []
        async with fetching(wants, self._live.asking, end=end) as outcomes:
            async for outcome in outcomes:
                self._tell(outcome)
                found = self._arrival(subjects[outcome.want.symbol], outcome)
                if found is not None:
                    arrived.append(found)
                if self._is_due(arrived):
                    await self._flush(arrived, now)
        await self._flush(arrived, now)

    def _tell(self, outcome: Outcome) -> None:
        self._done += 1
        share = self._done / self.account.requested
        stage = f"{outcome.want.symbol} {self._done} of {self.account.requested}"
        self._pulse(0.05 + 0.9 * share, stage)

    def _arrival(self, subject: Subject, outcome: Outcome) -> Arrival | None:
        account = self.account
        account.notes.update(outcome.notes)
        if outcome.failure is not None:
            account.tally.failures[subject.symbol] = outcome.failure
            return None
        if subject.instrument is None or subject.target is None or outcome.source is None:
            raise AssertionError("only what has a target is asked for")
        # A question may have taken more requests than one.
        account.requests_made += sum(each.requests - 1 for each in outcome.fetched)
        fields = self._live.prices[outcome.source].fields
        return arrival_of(subject.instrument, subject.target, outcome, fields)

    def _is_due(self, arrived: Sequence[Arrival]) -> bool:
        rows = sum(len(each.batch.day) for each in arrived)
        waited = time.monotonic() - self._flushed
        full = len(arrived) >= MOST_SYMBOLS or rows >= MOST_ROWS
        return full or (bool(arrived) and waited >= FLUSH_SECONDS)

    async def _flush(self, arrived: list[Arrival], now: datetime) -> None:
        if arrived:
            async with unit_of_work(self._sessions) as session:
                tally = await write(session, arrived, now=now, delays=self._live.delays)
            self.account.tally.add(tally)
            self.account.succeeded += len(arrived) - len(tally.failures)
            arrived.clear()
        self._flushed = time.monotonic()

    async def _record(self, *, own_only: bool = False) -> None:
        """Keep how providers fared, and which symbols need not be asked for soon.

        A job that was stopped keeps its account here, if it is still ours to write.
        """
        async with unit_of_work(self._sessions) as session:
            now = await self._live.clock(session)
            for name, provider in self._live.providers.items():
                await self._record_provider(session, name, provider, now)
            await remember_lasting(session, self.account.tally.failures, now=now)
        if own_only:
            self.account.seconds = time.monotonic() - self._started
            await self._save_account()

    async def _record_provider(
        self, session: AsyncSession, name: str, provider: Provider, now: datetime
    ) -> None:
        told = provider.tell()
        self.account.requests_made += told.requests
        if told.succeeded or told.errors:
            opened = timedelta(seconds=told.open_seconds)
            await ProviderStateRepository(session).record(
                name,
                succeeded=told.succeeded,
                errors=told.errors,
                open_until=now + opened if opened else None,
            )

    async def _save_account(self) -> None:
        async with unit_of_work(self._sessions) as session:
            held = await JobRepository(session).require(self._job.id)
            if held.fence == self._job.fence:
                await save_report(session, self._job, self.account.document())
