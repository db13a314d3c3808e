"""Short-term reversal: liquidity for those who must sell."""

from typing import ClassVar, Literal, TypeAlias

import numpy as np
from pydantic import Field

from engine.contrarian import contrarian_weights
from engine.eligibility import Screen, screen
from engine.inputs import GIVEN
from engine.panel import Window
from engine.ranking import quantise, rank
from engine.schedule import Rebalance
from engine.strategies.base import (
    Decision,
    Fill,
    Parameters,
    Strategy,
    places_shared,
    register,
)
from engine.technical import last_bars
from engine.types import BoolArray, FloatArray

VOLUME_SESSIONS = 20
UNKNOWN = -1.0

# Of the event form: asset id -> day it was bought for, days since 1970-01-01.
Bought: TypeAlias = dict[int, int]


class ReversalParameters(Parameters):
    mode: Literal["cross", "shock"] = Field(
        "cross",
        title="Form",
        description="Cross: hold what lagged the others, in proportion. Shock: hold what fell hard "
        "on heavy volume, for some sessions.",
    )
    window: int = Field(
        5, ge=1, le=21, title="Window", description="Sessions over which the return is measured."
    )
    industry_neutral: bool = Field(
        True,
        title="Within sectors",
        description="Compare returns with the mean of their own sector, not of all. Cross only.",
    )
    top_n: int = Field(
        20,
        ge=1,
        le=200,
        title="Names held",
        description="Largest number of names on either side; of shocks, of equal places.",
    )
    fill: Fill = Field(
        "cash",
        title="Empty places",
        description="When fewer shocks are held than there are places: leave their share in cash, "
        "or spread it. Shock only.",
    )
    drop: float = Field(
        0.05,
        ge=0.02,
        le=0.30,
        title="Drop",
        description="Fall over the window that makes a shock, a fraction.",
    )
    vol_mult: float = Field(
        5.0,
        ge=1.5,
        le=20.0,
        title="Volume multiple",
        description="Volume on the session of a shock over its mean of the 20 sessions before.",
    )
    hold: int = Field(
        5, ge=1, le=21, title="Holding", description="Sessions a shock is held, from its decision."
    )
    vix_min: float | None = Field(
        None,
        ge=0.0,
        le=100.0,
        title="Lowest VIX",
        description="Buy only while the VIX is at least this, for the reward is larger then. "
        "Empty: always, and no VIX is needed.",
    )
    allow_short: bool = Field(
        False,
        title="Short positions",
        description="Sell what led as well, each side half of the money. Cross only.",
    )
    rebalance: Rebalance = Field(
        Rebalance.WEEKLY,
        title="Rebalance",
        description="Decide on the last session of each of these periods. Shocks between two "
        "decisions are missed: decide daily for them.",
    )


@register
class Reversal(Strategy[ReversalParameters]):
    """Buy what fell most over the last days, and is paid for providing liquidity to its sellers.

    Needs closes; shocks need volume, and news where there are any; a floor on the VIX needs the
    VIX. Costs dominate: compare the gross run, which the report shows beside the net one. Part of
    the rebound is bid-ask bounce, so a fill at the deciding close would be an illusion.
    """

    key: ClassVar = "reversal"
    name: ClassVar = "Short-term reversal"
    family: ClassVar = "MEAN_REVERSION"
    references: ClassVar = (
        (
            "Lehmann, B. N. (1990). Fads, Martingales, and Market Efficiency. Quarterly Journal of "
            "Economics, 105(1)."
        ),
        (
            "Jegadeesh, N. (1990). Evidence of Predictable Behavior of Security Returns. Journal "
            "of Finance, 45(3)."
        ),
        (
            "Lo, A. W. & MacKinlay, A. C. (1990). When Are Contrarian Profits Due to Stock Market "
            "Overreaction? Review of Financial Studies, 3(2)."
        ),
        "Nagel, S. (2012). Evaporating Liquidity. Review of Financial Studies, 25(7).",
    )
    requires: ClassVar = ("adjusted_close", "volume", "VIX", "NEWS_FLAG")
    panels: ClassVar = (("VIX", {"vix_min": GIVEN}),)
    optional: ClassVar = ("NEWS_FLAG",)
    history: ClassVar = ((1, {"window": 1}), (1 + VOLUME_SESSIONS, {}), (1, {"hold": 1}))
    parameters_type: ClassVar = ReversalParameters

    def decide(self, window: Window, state: Bought | None) -> tuple[Decision, Bought]:
        """Return the decision; the state is what the event form holds, and since when."""
        candidates, returns = self._candidates(window)
        if self.parameters.mode == "shock":
            return self._hold_shocks(window, candidates, returns, state or {})
        found = candidates.without(self._pays(window), "low_vix")
        weights = self._against(window, found.passed, returns)
        if found.passed.any() and not weights.any():
            found = found.without(weights > 0.0, "no_dispersion")
        return Decision(weights, found.reasons), {}

    def _candidates(self, window: Window) -> tuple[Screen, FloatArray]:
        """Return who may be considered, and the returns over their own last sessions, (m,)."""
        p, valid = self.parameters, np.isfinite(window.total_return)
        found = screen(window, p, length=len(valid), min_obs=p.window + 1)
        missed = np.count_nonzero((window.due & ~valid)[-p.window - 1 :], axis=0)
        bars = last_bars(window.total_return, p.window + 1)
        return found.without(missed == 0, "gap"), bars[-1] / bars[0] - 1.0

    def _pays(self, window: Window) -> BoolArray:
        """Tell, the same for every asset, whether the VIX is as high as asked; unknown is not."""
        floor, level = self.parameters.vix_min, np.inf
        if floor is not None:
            level = window.extra["VIX"].on(window.session[-1:])[0, 0]
        return np.full(len(window.symbols), level >= (floor or 0.0))

    def _against(self, window: Window, passed: BoolArray, returns: FloatArray) -> FloatArray:
        p = self.parameters
        chosen = np.flatnonzero(passed)
        chosen = chosen[np.argsort(window.asset_id[chosen], kind="stable")]
        group = window.sector[chosen] if p.industry_neutral else np.zeros(len(chosen), np.int64)
        against = contrarian_weights(returns[chosen], group, count=p.top_n)
        weights = np.zeros(len(passed))
        weights[chosen] = against / 2.0 if p.allow_short else np.maximum(against, 0.0)
        return weights

    def _hold_shocks(
        self, window: Window, candidates: Screen, returns: FloatArray, bought: Bought
    ) -> tuple[Decision, Bought]:
        """Keep what was bought less than `hold` sessions ago; new shocks take the free places."""
        p, ids = self.parameters, window.asset_id
        there = set(ids[candidates.passed].tolist())
        young = {a: day for a, day in bought.items() if (window.session > day).sum() < p.hold}
        kept = {asset: day for asset, day in young.items() if asset in there}
        found = self._shocks(window, candidates, returns)
        fresh = rank(-returns, ids, found.passed & ~np.isin(ids, list(kept)))
        new = ids[fresh[: p.top_n - len(kept)]].tolist()
        kept |= dict.fromkeys(new, int(window.session[-1]))
        share = 1.0 / places_shared(len(kept), p.top_n, p.fill)
        weights = np.where(np.isin(ids, list(kept)), share, 0.0)
        return Decision(weights, found.reasons), kept

    def _shocks(self, window: Window, candidates: Screen, returns: FloatArray) -> Screen:
        p = self.parameters
        volume, usual = _volume(window)
        return (
            candidates.without(quantise(returns) <= -p.drop, "no_shock")
            .without(np.isfinite(usual), "volume_unknown")
            .without((volume >= p.vol_mult * usual) & (volume > 0.0), "usual_volume")
            .without(~_in_the_news(window, p.window), "news")
            .without(self._pays(window), "low_vix")
        )


def _volume(window: Window) -> tuple[FloatArray, FloatArray]:
    """Return each asset's volume of its last session and the mean of 20 before it.

    In shares of today, so that a split is no rush; NaN where one of them is unknown.
    """
    shares = np.cumprod(window.split, axis=0)
    volume = window.volume * (shares[-1] / shares)
    bar = np.isfinite(window.total_return)
    # A bar without volume keeps its place among the bars: it is marked, not left out.
    marked = np.where(bar, np.where(np.isfinite(volume), volume, UNKNOWN), np.nan)
    bars = last_bars(marked, VOLUME_SESSIONS + 1)
    known = (bars >= 0.0).all(axis=0)
    return bars[-1], np.where(known, bars[:-1].mean(axis=0), np.nan)


def _in_the_news(window: Window, sessions: int) -> BoolArray:
    """Tell for each asset whether news of it were published within the last sessions."""
    told = np.zeros(len(window.symbols), np.bool_)
    if "NEWS_FLAG" in window.extra:
        news = window.extra["NEWS_FLAG"]
        flags = np.count_nonzero(news.on(window.session[-sessions:]) > 0.0, axis=0).tolist()
        named = {name for name, flag in zip(news.columns, flags, strict=True) if flag}
        told[:] = [symbol in named for symbol in window.symbols]
    return told
