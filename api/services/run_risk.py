"""What a finished run has to show of risk: crises it went through, shocks, the market's states."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.regimes import known_sessions
from engine import conditional, scenarios, stress
from engine.panel import NEVER, Panel
from engine.ratios import session_returns
from engine.report import Result
from engine.types import BoolArray, IntArray
from models.backtest import Backtest
from models.published_series import MacroSeriesRepository
from models.regime_histories import RegimeHistoryRepository
from models.regime_history import DEFAULT_INDEX

VIX = "VIX"
TERCILES = ("VIX_LOW", "VIX_MIDDLE", "VIX_HIGH")
NOTHING_KNOWN = "UNKNOWN"
COLUMNS: Final = ("days", "labels", "known_at_us")
HOUR_US: Final = 3_600 * 10**6
DAY_US: Final = 24 * HOUR_US
# Sydney closes before seven in the morning, New York not before six in the evening.
EVENING_US: Final = 18 * HOUR_US


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What was known of the market at each close."""

    of: str  # the index, or what else the states are of
    names: Sequence[str]
    day: IntArray
    label: IntArray
    known_at_us: IntArray

    @property
    def is_late(self) -> bool:
        """Whether they are usually known in the evening only, as UTC has it: after New York."""
        after = self.known_at_us - self.day * DAY_US
        return len(after) > 0 and bool(np.median(after) >= EVENING_US)


async def market_labels(session: AsyncSession, run: Backtest) -> list[Labels]:
    """Return the regimes of the run's benchmark, else of the S&P 500, and the thirds of the VIX."""
    found = [await _regimes(session, run), await _terciles(session, run)]
    return [labels for labels in found if labels is not None]


async def _regimes(session: AsyncSession, run: Backtest) -> Labels | None:
    histories = RegimeHistoryRepository(session)
    for symbol in dict.fromkeys([run.benchmark or DEFAULT_INDEX, DEFAULT_INDEX]):
        history = await histories.believed(symbol, known_at=run.known_at)
        if history is not None:
            sessions = known_sessions(history, None, run.known_at)
            columns = (history.document[name][:sessions] for name in COLUMNS)
            day, label, known = map(np.array, columns)
            names = history.document["names"]
            return Labels(of=symbol, names=names, day=day, label=label, known_at_us=known)
    return None


async def _terciles(session: AsyncSession, run: Backtest) -> Labels | None:
    read = await MacroSeriesRepository(session).columns(
        [VIX], end=run.end_on, known_at=run.known_at
    )
    series = read[VIX]
    label = conditional.terciles(series.values)
    if not (label != conditional.UNKNOWN).any():
        return None
    return Labels(
        of=VIX,
        names=TERCILES,
        day=np.array(series.days),
        label=label,
        known_at_us=np.array(series.known_at_us),
    )


def risk_of(result: Result, panel: Panel, labels: Sequence[Labels]) -> dict[str, Any]:
    """Return the figures as JSON values."""
    curves = stress.Curves(
        session=result.session,
        equity=result.equity,
        gross=result.gross,
        local=result.local,
        benchmark=result.benchmark,
        turnover=result.turnover,
    )
    held = _holdings(result, panel)
    beta, assumed = stress.betas(held)
    shocked = [stress.under(shock, held, beta) for shock in scenarios.SHOCKS]
    shocked.append(stress.when_correlated(scenarios.CORRELATION_BREAK, held))
    return {
        "crisis_windows": [
            asdict(stress.in_window(curves, window)) for window in scenarios.WINDOWS
        ],
        "stress": [asdict(outcome) for outcome in shocked],
        "assumed_betas": list(assumed),
        "regimes": [group for each in labels for group in _groups(result, panel, each)],
    }


def _holdings(result: Result, panel: Panel) -> stress.Holdings:
    books = result.books
    weight = books.value[-1] / books.equity[-1]
    # What lies behind the panel's assets are contracts, which have no returns of their own.
    weight = np.where(books.held < len(panel.symbols), weight, 0.0)
    weights = dict(zip(books.held.tolist(), weight.tolist(), strict=True))
    wanted = {asset for asset, share in weights.items() if share != 0.0}
    if result.contracts is not None:
        wanted.add(panel.symbols.index(result.contracts.symbol))
    held = np.array(sorted(wanted), np.int64)
    last = int(books.row[-1]) + 1
    own = (panel.close * panel.tr_factor)[:last, held]
    market = (panel.benchmark / panel.fx[:, panel.benchmark_currency])[:last, None]
    return stress.Holdings(
        symbols=tuple(panel.symbols[asset] for asset in held),
        weight=np.array([weights.get(asset, 0.0) for asset in held.tolist()]),
        returns=stress.recent_returns(own),
        home=stress.recent_returns(panel.total_return()[:last, held]),
        benchmark=stress.recent_returns(market)[:, 0],
        abroad=np.array([_abroad(panel.currencies, code) for code in panel.currency[held]]),
        benchmark_abroad=_abroad(panel.currencies, panel.benchmark_currency),
        contracts=result.contracts,
        equity=float(books.equity[-1]),
    )


def _abroad(currencies: Sequence[str], code: int) -> float:
    """Tell how a holding follows AUDUSD: 0 at home, -1 for dollars at home in AUD, 1 in reverse."""
    if code == 0:
        return 0.0
    return -1.0 if currencies[0] == "AUD" else 1.0


def _groups(result: Result, panel: Panel, labels: Labels) -> list[Mapping[str, Any]]:
    early = _ends_early(panel, result) if labels.is_late else None
    known = conditional.known_before(result.session, labels.day, labels.label, early=early)
    if not (known != conditional.UNKNOWN).any():
        return []
    groups = conditional.by_label(
        session_returns(result.equity),
        result.rf[1:],
        session_returns(result.benchmark),
        known,
    )
    return [
        asdict(group) | {"of": labels.of, "regime": _name(labels.names, group.label)}
        for group in groups
    ]


def _ends_early(panel: Panel, result: Result) -> BoolArray:
    """Tell of which sessions (k,) the last market had closed before the evening."""
    closes = panel.closes_at[result.books.row]
    last = np.where(closes == NEVER, 0, closes).max(axis=1, initial=0)
    early: BoolArray = last // 1_000 - result.session * DAY_US < EVENING_US
    return early


def _name(names: Sequence[str], label: int) -> str:
    return NOTHING_KNOWN if label == conditional.UNKNOWN else names[label]
