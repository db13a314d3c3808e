"""The computations themselves, with what they need opened where they run."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from api import telemetry
from api.services.routing import TIINGO, YAHOO
from api.services.work import Work
from api.settings import Settings
from api.wiring import App

if TYPE_CHECKING:
    from api.ports import PriceSource
    from api.services.ingest_live import Live
    from api.services.provider import Manners

# Banks and the library are asked once a day each, for one file after the other; a tenth at once, so
# that all tries of a job whose publishers are away find room.
FILES_PER_HOUR = 600


@asynccontextmanager
async def entry(dumped: dict[str, Any]) -> AsyncIterator[Mapping[str, Work]]:
    """Open the works inside a child process, from the settings its parent dumped."""
    settings = Settings(**dumped)
    telemetry.configure(settings.log_level, path=settings.home / "worker.log")
    async with open_works(settings) as opened:
        yield opened


@asynccontextmanager
async def open_works(settings: Settings) -> AsyncIterator[Mapping[str, Work]]:
    """Open what the works need on the caller's loop; import the engine while nobody waits."""
    from api.adapters.sample_prices import SamplePrices
    from api.services.check_guards import check_guards
    from api.services.detect_regimes import detect_regimes
    from api.services.ingest import ingest
    from api.services.plan_strategy import plan_strategy
    from api.services.run_backtest import run_backtest
    from api.services.run_scan import run_scan
    from api.services.run_shard import run_shard
    from api.services.run_study import run_study
    from api.services.take_snapshot import take_snapshot

    patience = settings.worker_command_timeout_seconds
    app = App(settings.model_copy(update={"command_timeout_seconds": patience, "pool_size": 2}))
    providers = Providers(app)
    try:
        yield {
            "BACKTEST": partial(run_backtest, sessions=app.sessions, store=app.store),
            "GUARD": partial(check_guards, sessions=app.sessions, store=app.store),
            "PLAN": partial(plan_strategy, sessions=app.sessions, store=app.store),
            "SCAN": partial(run_scan, sessions=app.sessions, store=app.store),
            "SNAPSHOT": partial(take_snapshot, sessions=app.sessions),
            "SWEEP": partial(run_study, sessions=app.sessions, store=app.store),
            "WALK_FORWARD": partial(run_study, sessions=app.sessions, store=app.store),
            "SHARD": partial(run_shard, sessions=app.sessions, store=app.store),
            "INGEST": partial(
                ingest,
                sessions=app.sessions,
                store=app.store,
                source=SamplePrices(),
                live=providers.open,
            ),
            "REGIME": partial(detect_regimes, sessions=app.sessions),
        }
    finally:
        await providers.close()
        await app.close()


class Providers:
    """Opens who is asked for prices when the first ingest asks, and keeps it for the next ones."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._live: Live | None = None

    async def open(self) -> "Live":
        if self._live is None:
            self._live = self._opened(await self._app.tiingo_key())
        return self._live

    async def close(self) -> None:
        """Let go of connections."""
        if self._live is not None:
            await self._live.close()

    def _opened(self, tiingo_key: str | None) -> "Live":
        from api.adapters.ecb_rates import EcbRates
        from api.adapters.french_factors import FrenchFactors
        from api.adapters.rba_rates import RbaRates
        from api.adapters.sample_prices import SamplePrices
        from api.adapters.sample_series import SampleSeries
        from api.adapters.tiingo_prices import TiingoPrices
        from api.adapters.yahoo_prices import YahooPrices
        from api.adapters.yahoo_series import YahooSeries
        from api.services.ingest_live import Live
        from api.services.ingest_series import SeriesSources
        from api.services.provider import Provider

        settings = self._app.settings
        patience = settings.provider_timeout_seconds
        yahoo = YahooPrices(
            url=settings.yahoo_url, threads=settings.fetch_concurrency, timeout_seconds=patience
        )
        prices: dict[str, PriceSource] = {YAHOO: yahoo}
        if tiingo_key:
            prices[TIINGO] = TiingoPrices(
                url=settings.tiingo_url, key=tiingo_key, timeout_seconds=patience
            )
        ecb = EcbRates(url=settings.ecb_url, timeout_seconds=patience)
        french = FrenchFactors(url=settings.french_url, timeout_seconds=patience)
        rba = RbaRates(url=settings.rba_url, timeout_seconds=patience)
        series = YahooSeries(yahoo)
        sample = SampleSeries(SamplePrices())
        bundled = SeriesSources(rates=(sample,), macro=sample, factors=sample)
        asked = {
            YAHOO: settings.yahoo_requests_per_hour,
            TIINGO: settings.tiingo_requests_per_hour,
            ecb.key: FILES_PER_HOUR,
            french.key: FILES_PER_HOUR,
            rba.key: FILES_PER_HOUR,
        }
        return Live(
            prices=prices,
            series=SeriesSources(
                rates=(series, ecb), macro=series, factors=french, cash=rba, bundled=bundled
            ),
            lists=self._app.known_lists,
            providers={key: Provider(key, self._manners(hourly)) for key, hourly in asked.items()},
            delays={
                TIINGO: timedelta(seconds=settings.tiingo_delay_seconds),
                YAHOO: timedelta(seconds=settings.yahoo_delay_seconds),
            },
            seconds=settings.job_timeout_seconds,
            closing=(ecb.close, french.close, rba.close),
        )

    def _manners(self, requests_per_hour: float) -> "Manners":
        from api.services.provider import Manners

        settings = self._app.settings
        return Manners(
            requests_per_hour=requests_per_hour,
            at_once=settings.fetch_concurrency,
            retry_base_seconds=settings.retry_base_seconds,
            retry_cap_seconds=settings.retry_cap_seconds,
        )
