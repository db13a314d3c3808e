"""Whether the data can be trusted: how providers fare, and what all symbols come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import PASSING, FailureKind
from api.services.symbol_coverage import SymbolCoverage
from api.settings import Settings
from models.provider_state import ProviderState
from models.provider_states import ProviderStateRepository

# One session behind is on its way: the market has closed and its ingest is due.
STALE_AFTER = 1

# The others tell of a symbol, not of the provider.
TROUBLES = frozenset({*PASSING, FailureKind.BAD_DATA})


class ProviderStatus(StrEnum):
    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    DOWN = "DOWN"
    NOT_CONFIGURED = "NOT_CONFIGURED"


class DataState(StrEnum):
    """The first that holds, from the top."""

    EMPTY = "EMPTY"
    STALE = "STALE"
    INCOMPLETE = "INCOMPLETE"
    GOOD = "GOOD"


@dataclass(frozen=True, kw_only=True)
class ProviderInfo:
    """A provider of ours and what it is asked for."""

    key: str
    name: str
    gives: str
    remedy: str | None = None  # why it cannot be asked, and what to do; None where it can


NO_KEY = "Yahoo stands in: put a key into TIINGO_API_KEY to ask Tiingo."
# The keys are those under which whoever asks them keeps their state.
OTHERS = (
    ProviderInfo(
        key="yahoo",
        name="Yahoo",
        gives="ASX, indices, currencies and coins; US shares where Tiingo cannot.",
    ),
    ProviderInfo(
        key="ecb", name="European Central Bank", gives="Exchange rates, where Yahoo cannot."
    ),
    ProviderInfo(key="french", name="Ken French data library", gives="Factor returns."),
    ProviderInfo(
        key="rba", name="Reserve Bank of Australia", gives="The Australian cash rate, day by day."
    ),
)


def providers_of(settings: Settings) -> Sequence[ProviderInfo]:
    """Return the providers there are, and why one cannot be asked."""
    keyed = settings.tiingo_api_key is not None or settings.tiingo_secret is not None
    tiingo = ProviderInfo(
        key="tiingo",
        name="Tiingo",
        gives="US shares and funds.",
        remedy=None if keyed else NO_KEY,
    )
    return (tiingo, *OTHERS)


@dataclass(frozen=True, kw_only=True)
class ProviderHealth:
    name: str
    status: ProviderStatus
    detail: str
    last_success_at: datetime | None
    last_failure_at: datetime | None
    errors_by_kind: Mapping[str, Any]
    requests_left: int | None


@dataclass(frozen=True, kw_only=True)
class CoverageSummary:
    """What all symbols come to; the share is null where no session is expected."""

    symbols: int
    bars: int
    coverage_pct: float | None
    stale: int
    gaps: int
    suspect: int
    quarantined: int
    state: DataState


async def provider_health(
    session: AsyncSession, providers: Sequence[ProviderInfo], *, now: datetime
) -> list[ProviderHealth]:
    """Return how each provider fares, in the order given."""
    states = {state.name: state for state in await ProviderStateRepository(session).list()}
    return [_health(provider, states.get(provider.key), now) for provider in providers]


def _health(provider: ProviderInfo, state: ProviderState | None, now: datetime) -> ProviderHealth:
    status, detail = _status(provider, state, now)
    return ProviderHealth(
        name=provider.name,
        status=status,
        detail=detail,
        last_success_at=None if state is None else state.last_success_at,
        last_failure_at=None if state is None else state.last_failure_at,
        errors_by_kind={} if state is None else state.errors,
        requests_left=None if state is None else state.requests_left,
    )


def _status(
    provider: ProviderInfo, state: ProviderState | None, now: datetime
) -> tuple[ProviderStatus, str]:
    if provider.remedy is not None:
        return ProviderStatus.NOT_CONFIGURED, f"{provider.gives} {provider.remedy}"
    if state is not None and state.open_until is not None and state.open_until > now:
        until = f"{state.open_until:%H:%M} UTC"
        return ProviderStatus.DOWN, f"{provider.gives} It failed too often: left alone to {until}."
    if state is not None and TROUBLES.intersection(state.errors):
        return ProviderStatus.DEGRADED, f"{provider.gives} Some requests have failed since."
    if state is None:
        return ProviderStatus.HEALTHY, f"{provider.gives} Not asked yet."
    return ProviderStatus.HEALTHY, provider.gives


def summarise(coverage: Sequence[SymbolCoverage]) -> CoverageSummary:
    """Add up the lines of all symbols, and say how it stands."""
    expected = sum(line.expected for line in coverage)
    bars = sum(line.present for line in coverage)
    gaps = sum(len(line.gaps) for line in coverage)
    stale = sum(line.stale_sessions > STALE_AFTER for line in coverage)
    return CoverageSummary(
        symbols=len(coverage),
        bars=bars,
        coverage_pct=100.0 * bars / expected if expected else None,
        stale=stale,
        gaps=gaps,
        suspect=sum(line.suspect for line in coverage),
        quarantined=sum(line.quarantined for line in coverage),
        state=_state(bars, stale, gaps),
    )


def _state(bars: int, stale: int, gaps: int) -> DataState:
    if bars == 0:
        return DataState.EMPTY
    if stale > 0:
        return DataState.STALE
    return DataState.INCOMPLETE if gaps > 0 else DataState.GOOD
