"""Statistical arbitrage: pairs that were cointegrated, traded when they part."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from engine.eligibility import Screen, has_last_bar, screen
from engine.pair_trading import Pairs, begin_pairs, leg_weights, observe, turn
from engine.pairs import Clustering, form_pairs, whole_levels
from engine.panel import Window
from engine.schedule import Rebalance
from engine.shorting import Shorting, is_lent
from engine.strategies.base import Decision, Parameters, Strategy, register
from engine.types import BoolArray, FloatArray, IntArray

MOST_MISSING: Final = 0.02  # share of a formation that may lack bars
STILL: Final = 1e-8  # deviation of session returns below which nothing moves
FORMATION: Final = "formation"


class StatArbParameters(Parameters):
    ordered: ClassVar = (("z_out", "z_in"), ("z_in", "z_stop"))

    rebalance: Rebalance = Field(
        Rebalance.DAILY,
        title="Rebalance",
        description="Look at the spreads on the last session of each of these periods.",
    )
    form: int = Field(
        252, ge=126, le=756, title="Formation", description="Sessions over which pairs are sought."
    )
    form_every: int = Field(
        63,
        ge=21,
        le=252,
        title="Trading window",
        description="Sessions after which every position is closed and pairs are sought anew.",
    )
    cluster: Clustering = Field(
        "pca_dbscan",
        title="Candidates",
        description="Assets driven alike, by density of their loadings, or the closest prices.",
    )
    var_share: float = Field(
        0.8,
        ge=0.3,
        le=0.95,
        title="Variance explained",
        description="Share of variance the components explain, at most fifteen of them.",
    )
    eps: float = Field(
        0.5,
        ge=0.05,
        le=3.0,
        title="Neighbourhood",
        description="Distance of loadings up to which two assets are neighbours.",
    )
    min_samples: int = Field(
        3,
        ge=2,
        le=20,
        title="Neighbours",
        description="Neighbours, itself included, that make an asset the core of a cluster.",
    )
    n_pairs: int = Field(
        20,
        ge=1,
        le=500,
        title="Closest pairs",
        description="Candidates when they are sought by distance.",
    )
    p_max: float = Field(
        0.05,
        ge=0.001,
        le=0.2,
        title="Largest p-value",
        description="Share of false discoveries among cointegrated pairs that is accepted.",
    )
    hl_min: int = Field(
        3,
        ge=1,
        le=252,
        title="Shortest half-life",
        description="Sessions in which half a deviation is gone, at least.",
    )
    hl_max: int = Field(
        40,
        ge=1,
        le=252,
        title="Longest half-life",
        description="Sessions in which half a deviation is gone, at most.",
    )
    hedge: Literal["kalman", "ols"] = Field(
        "kalman",
        title="Hedge ratio",
        description="Followed by a Kalman filter, or frozen at the formation's least squares.",
    )
    delta: float = Field(
        1e-4,
        ge=1e-7,
        le=1e-2,
        title="Drift",
        description="How fast the hedge ratio may drift under the filter.",
    )
    z_in: float = Field(
        2.0,
        ge=1.0,
        le=4.0,
        title="Entry",
        description="Standard deviations of the spread at which a pair is entered.",
    )
    z_out: float = Field(
        0.5,
        ge=0.0,
        le=1.5,
        title="Exit",
        description="Standard deviations of the spread at which a position is left with its gain.",
    )
    z_stop: float = Field(
        4.0,
        ge=2.5,
        le=8.0,
        title="Stop",
        description="Standard deviations of the spread at which a position is given up.",
    )
    max_pairs: int = Field(
        10,
        ge=1,
        le=50,
        title="Pairs held",
        description="Most pairs held at once; each gets a part.",
    )
    allow_short: bool = Field(
        True, title="Short sales", description="A pair has a short leg; without it there is none."
    )
    borrow_bps: float = Field(
        50.0,
        ge=0.0,
        le=2000.0,
        title="Borrow fee",
        description="What lenders charge a year on shares sold short, in basis points.",
    )
    short_asx: bool = Field(
        False,
        title="Short in Sydney",
        description="Sell short there too, where nobody publishes what can be borrowed; "
        "the report says so.",
    )

    @model_validator(mode="after")
    def _check_pair(self) -> Self:
        if not self.allow_short:
            raise ValueError("allow_short was false; a pair needs a short leg, leave it true")
        if self.hl_min > self.hl_max:
            raise ValueError(
                f"hl_min was {self.hl_min}; it must not be above hl_max, which was {self.hl_max}"
            )
        return self


@dataclass(frozen=True, kw_only=True)
class Trading:
    """One trading window: its pairs, when it began and what of it has been seen."""

    pairs: Pairs
    elapsed: int  # sessions since the formation
    day: int  # of the last decision


@register
class StatArb(Strategy[StatArbParameters]):
    """Buy the cheap and short the dear leg of cointegrated pairs until their spread comes back.

    Needs closes, and shares that can be borrowed: in Sydney none are unless that is overridden. Its
    weakness is that pairs found among many are often chance, that a spread which parts for a reason
    never comes back, and that four trades a round trip pay costs a retail account feels.

    Among a few large shares it hardly trades: density finds next to no cluster of three, and at the
    default drift the filter follows a spread so closely that it seldom stands two deviations off.
    Candidates by distance and a drift of 1e-6, or a frozen hedge, trade more; whether they earn
    more is another matter.
    """

    key: ClassVar = "stat_arb"
    name: ClassVar = "Statistical arbitrage"
    family: ClassVar = "STAT_ARB"
    references: ClassVar = (
        (
            "Gatev, E., Goetzmann, W. & Rouwenhorst, K. G. (2006). Pairs Trading: Performance of a "
            "Relative-Value Arbitrage Rule. Review of Financial Studies, 19(3)."
        ),
        (
            "Engle, R. F. & Granger, C. W. J. (1987). Co-Integration and Error Correction. "
            "Econometrica, 55(2)."
        ),
        (
            "MacKinnon, J. G. (2010). Critical Values for Cointegration Tests. Queen's Economics "
            "Department Working Paper 1227."
        ),
        (
            "Avellaneda, M. & Lee, J. H. (2010). Statistical Arbitrage in the U.S. Equities Market."
            " Quantitative Finance, 10(7)."
        ),
        (
            "Elliott, R., van der Hoek, J. & Malcolm, W. (2005). Pairs Trading. Quantitative "
            "Finance, 5(3)."
        ),
        (
            "Sarmento, S. M. & Horta, N. (2020). Enhancing a Pairs Trading Strategy with the "
            "Application of Machine Learning. Expert Systems with Applications, 158."
        ),
    )
    history: ClassVar = ((1, {"form": 1}),)
    parameters_type: ClassVar = StatArbParameters

    def decide(self, window: Window, state: Trading | None) -> tuple[Decision | None, Trading]:
        """Return new weights where a position began or ended; other legs are left to drift."""
        today = int(window.session[-1])
        passed = int(np.count_nonzero(window.session > state.day)) if state else 0
        if state is None or state.elapsed + passed >= self.parameters.form_every:
            return self._form(window)
        pairs = self._observe(window, state.pairs)
        turned = turn(pairs, self._tradable(window, pairs), passed, self.parameters)
        after = Trading(pairs=turned, elapsed=state.elapsed + passed, day=today)
        if np.array_equal(turned.side, pairs.side):
            return None, after
        kept = turned.side == pairs.side
        return Decision(self._weights(window, turned), keep=self._held(window, turned, kept)), after

    def _form(self, window: Window) -> tuple[Decision, Trading]:
        """Close every position and look for pairs."""
        found = self._screen(window)
        columns = np.flatnonzero(found.passed)
        columns = columns[np.argsort(window.asset_id[columns])]
        levels = whole_levels(np.log(window.own_return[-self.parameters.form - 1 :, columns]))
        group = window.market[columns] * len(window.currencies) + window.currency[columns]
        formed = form_pairs(levels, group, self.parameters)
        prices = window.own_return[:, columns]
        pairs = begin_pairs(formed, window.asset_id[columns], prices, window.session)
        reasons = Counter(found.reasons) + Counter(no_pairs=int(not len(pairs)))
        day = int(window.session[-1])
        told = {"day": day, "assets": len(columns), "tested": formed.tested, "pairs": len(pairs)}
        decision = Decision(
            np.zeros(len(window.symbols)), reasons, diagnostics={self.key: {FORMATION: told}}
        )
        return decision, Trading(pairs=pairs, elapsed=0, day=day)

    def _screen(self, window: Window) -> Screen:
        p = self.parameters
        length = p.form + 1
        least = length - math.floor(MOST_MISSING * length)
        found = screen(window, p, length=length, min_obs=least)
        terms = Shorting(borrow_bps=p.borrow_bps, everywhere=p.short_asx)
        found = found.without(is_lent(window.markets, window.market, terms), "not_lent")
        moves = np.zeros(len(window.symbols), np.bool_)
        levels = whole_levels(np.log(window.own_return[-length:, found.passed]))
        moves[found.passed] = np.diff(levels, axis=0).std(axis=0) > STILL
        return found.without(moves, "zero_variance")

    def _observe(self, window: Window, pairs: Pairs) -> Pairs:
        if not len(pairs):
            return pairs
        rows = np.flatnonzero(window.session > pairs.day.min())
        legs = np.stack([_columns(window, pairs.y), _columns(window, pairs.x)], axis=1)
        levels = np.log(window.own_return[rows][:, legs])
        return observe(pairs, levels, window.session[rows], self.parameters)

    def _tradable(self, window: Window, pairs: Pairs) -> BoolArray:
        there = window.member & has_last_bar(np.isfinite(window.own_return), window.due)
        both: BoolArray = there[_columns(window, pairs.y)] & there[_columns(window, pairs.x)]
        return both

    def _held(self, window: Window, pairs: Pairs, kept: BoolArray) -> BoolArray:
        """Return the assets (m,) of pairs that go on as they are and of no pair that turned."""
        held, turned = np.zeros((2, len(window.symbols)), np.bool_)
        for legs in (_columns(window, pairs.y), _columns(window, pairs.x)):
            held[legs[kept & (pairs.side != 0)]] = True
            turned[legs[~kept]] = True
        return held & ~turned

    def _weights(self, window: Window, pairs: Pairs) -> FloatArray:
        weights = np.zeros(len(window.symbols))
        of_y, of_x = leg_weights(pairs, self.parameters.max_pairs)
        np.add.at(weights, _columns(window, pairs.y), of_y)
        np.add.at(weights, _columns(window, pairs.x), of_x)
        return weights


def _columns(window: Window, ids: IntArray) -> IntArray:
    """Return the columns of assets by their ids."""
    order = np.argsort(window.asset_id)
    columns: IntArray = order[np.searchsorted(window.asset_id, ids, sorter=order)]
    return columns
