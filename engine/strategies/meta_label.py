"""Meta-labelling: another strategy's trades, each at the size its chance to win deserves."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, ClassVar, Final

import numpy as np
from pydantic import Field

from engine.calibration import area_under_curve, bet_size, brier_score
from engine.meta_model import Labelled, MetaModel, train
from engine.panel import Window
from engine.regime_following import Index
from engine.strategies.base import Circumstances, Decision, register
from engine.strategies.wrapping import Wrapper, WrappingParameters
from engine.trade_features import stress_probability, trade_features
from engine.trade_labels import Barriers, Trade, follow, labelled, round_trip, widths
from engine.types import FloatArray, IntArray

ADDED: Final = 1e-9  # relative; a weight that grew by less was only rounded otherwise


class MetaLabelParameters(WrappingParameters):
    pt: float = Field(
        2.0,
        ge=0.5,
        le=5.0,
        title="Gain taken",
        description="Upper barrier, in volatilities over the horizon.",
    )
    sl: float = Field(
        1.0,
        ge=0.5,
        le=5.0,
        title="Loss cut",
        description="Lower barrier, in volatilities over the horizon.",
    )
    horizon: int = Field(
        10,
        ge=2,
        le=63,
        title="Horizon",
        description="Sessions after which a trade that met no barrier has won if it gained more "
        "than its costs.",
    )
    min_events: int = Field(
        200,
        ge=50,
        le=5000,
        title="Least trades",
        description="Trades that must have ended before a model is trained.",
    )
    retrain: int = Field(
        63, ge=21, le=252, title="Retrain", description="Sessions between two trainings."
    )
    min_p: float = Field(
        0.55,
        ge=0.5,
        le=0.9,
        title="Least probability",
        description="A trade less likely than this to win is left out.",
    )
    step: float = Field(
        0.1,
        ge=0.0,
        le=0.5,
        title="Step of sizes",
        description="Sizes are rounded to multiples of this; 0 leaves them as they are.",
    )
    folds: int = Field(
        5,
        ge=3,
        le=10,
        title="Folds",
        description="Parts in time by which probabilities are calibrated and the model is judged.",
    )
    embargo: float = Field(
        0.01,
        ge=0.0,
        le=0.1,
        title="Embargo",
        description="Share of the sessions behind each part from which nothing is learnt for it.",
    )


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What passes from one decision to the next."""

    primary: Any = None  # the primary's own state
    day: int = -1  # of the decision
    clock: int = 0  # sessions since the first decision
    weights: Mapping[int, float] = field(default_factory=dict)  # asset id -> the primary's
    sizes: Mapping[int, float] = field(default_factory=dict)  # asset id -> share of it held
    open: tuple[Trade, ...] = ()
    ended: tuple[Trade, ...] = ()
    model: MetaModel | None = None
    trained: int | None = None  # clock of the last training
    index: Index | None = None  # the benchmark as it was known


@register
class MetaLabel(Wrapper[MetaLabelParameters]):
    """Take another strategy's trades at the size a forest trained on its past ones gives them.

    Needs what its primary needs, and is better for opens, highs, lows, volume and the VIX; where
    one is not known the trees do without. Each trade is labelled by which of three barriers it
    met. A model tells only what the primary's own past tells: with few trades it is noise, it
    learns late that a market has changed, and a primary without an edge gains none. Until enough
    trades have ended the primary is taken as it is, and the run is flagged. Look at the
    out-of-fold figures of the run before you believe any of it.
    """

    key: ClassVar = "meta_label"
    name: ClassVar = "Meta-labelling"
    family: ClassVar = "META"
    references: ClassVar = (
        (
            "López de Prado, M. (2018). Advances in Financial Machine Learning, chapters 3, 4, 7 "
            "and 10. Wiley."
        ),
        "Platt, J. (1999). Probabilistic Outputs for Support Vector Machines.",
        (
            "Niculescu-Mizil, A. & Caruana, R. (2005). Predicting Good Probabilities with "
            "Supervised Learning. ICML."
        ),
    )
    requires: ClassVar = ("adjusted_close", "VIX")
    optional: ClassVar = ("VIX",)
    history: ClassVar = ((253, {}),)  # a year of returns, and a quarter's trades to their end
    parameters_type: ClassVar = MetaLabelParameters

    def __init__(
        self, parameters: MetaLabelParameters, circumstances: Circumstances | None = None
    ) -> None:
        super().__init__(parameters, circumstances)
        # Training is a pure function of what is learnt from, and a run's guard asks again.
        self._models: dict[bytes, MetaModel | None] = {}

    def decide(self, window: Window, state: Memory | None) -> tuple[Decision | None, Memory]:
        """Return the primary's weights times the size of each trade, and what was learnt.

        1. See which open trades have ended, and train anew when it is time.
        2. Ask the primary; what it opens or adds to is a trade.
        3. Size each trade by its probability. It keeps that size until the primary adds to it.
        """
        memory = self._learn(self._advance(window, state or Memory()))
        decided, own = self.primary.decide(self.seen_by_primary(window), memory.primary)
        memory = replace(memory, primary=own)
        if decided is None:
            return None, memory
        before = np.array([memory.weights.get(int(each), 0.0) for each in window.asset_id])
        opened = _opened(window, decided.weights, before)
        trades = self._open(window, decided, opened, memory)
        sizes = self._sizes(window, decided.weights, trades, memory)
        skipped = sum(sizes[trade.asset_id] == 0.0 for trade in trades)
        memory = replace(
            memory,
            open=(*memory.open, *trades),
            sizes=sizes,
            weights=_by_id(window, decided.weights),
        )
        taken = np.array([sizes.get(int(each), 0.0) for each in window.asset_id])
        return replace(
            decided,
            weights=decided.weights * taken,
            reasons=Counter(decided.reasons) + Counter({"improbable": skipped}),
            flags=(*decided.flags, *(() if memory.model else ("untrained",))),
            learnt=memory.model.tables() if memory.model else {},
            diagnostics={**decided.diagnostics, self.key: self._diagnose(memory)},
        ), memory

    def _advance(self, window: Window, memory: Memory) -> Memory:
        """Return the memory with the sessions since and the outcomes they brought."""
        day = int(window.session[-1])
        passed = int(np.count_nonzero(window.session > memory.day)) if memory.day >= 0 else 0
        clock = memory.clock + passed
        p = self.parameters
        barriers = Barriers(gain=p.pt, loss=p.sl, horizon=p.horizon)
        followed = follow(memory.open, window, barriers, clock=clock)
        return replace(
            memory,
            day=day,
            clock=clock,
            index=Index.of(window.session, window.benchmark_own, None).behind(memory.index),
            open=tuple(each for each in followed if each.outcome is None and not each.void),
            ended=(*memory.ended, *(each for each in followed if each.outcome is not None)),
        )

    def _learn(self, memory: Memory) -> Memory:
        """Return the memory with a new model, if it is time and there is enough to learn from."""
        p, trained = self.parameters, memory.trained
        if trained is not None and memory.clock - trained < p.retrain:
            return memory
        # A trade that ends today may have seen what today's model is asked about.
        known = [trade for trade in memory.ended if trade.end < memory.clock]
        if len(known) < p.min_events:
            return memory
        model = self._train(labelled(known))
        return memory if model is None else replace(memory, model=model, trained=memory.clock)

    def _train(self, known: Labelled) -> MetaModel | None:
        arrays = (known.features, known.start, known.end, known.won, known.gain)
        digest = sha256(b"".join(each.tobytes() for each in arrays)).digest()
        if digest not in self._models:
            p, seed = self.parameters, self.circumstances.seed
            self._models[digest] = train(known, folds=p.folds, embargo=p.embargo, seed=seed)
        return self._models[digest]

    def _open(
        self, window: Window, decided: Decision, opened: IntArray, memory: Memory
    ) -> tuple[Trade, ...]:
        if not len(opened):
            return ()
        weights, scores, model = decided.weights, decided.scores, memory.model
        if scores is None:
            scores = np.where(weights != 0.0, weights, np.nan)
        stress = np.nan if memory.index is None else stress_probability(memory.index)
        features = trade_features(window, opened, scores, stress)
        width, cost = widths(window, self.parameters.horizon), self._round_trip(window, weights)
        chance = np.full(len(opened), np.nan) if model is None else model.probability(features)
        return tuple(
            Trade(
                day=int(window.session[-1]),
                asset_id=int(window.asset_id[asset]),
                short=bool(weights[asset] < 0.0),
                features=tuple(row),
                width=float(width[asset]),
                cost=float(cost[asset]),
                probability=float(p),
            )
            for asset, row, p in zip(opened.tolist(), features.tolist(), chance, strict=True)
        )

    def _round_trip(self, window: Window, weights: FloatArray) -> FloatArray:
        """Return what going in and out takes of positions of these weights, (m,), fractions."""
        told, own = self.circumstances, self.extra_slippage()
        extra = np.array([own.get(symbol, 0.0) for symbol in window.symbols])
        return round_trip(
            told.costs,
            np.abs(weights) * told.capital,
            foreign=window.currency != 0,
            slippage_bps=told.costs.half_spread(window.markets)[window.market] + extra,
        )

    def _sizes(
        self, window: Window, weights: FloatArray, trades: tuple[Trade, ...], memory: Memory
    ) -> dict[int, float]:
        """Return the size of everything the primary holds, by asset id."""
        held = {
            int(each): memory.sizes.get(int(each), 1.0) for each in window.asset_id[weights != 0]
        }
        chance = np.array([trade.probability for trade in trades])
        sizes = np.where(
            chance >= self.parameters.min_p, bet_size(chance, step=self.parameters.step), 0.0
        )
        told = np.where(
            np.isnan(chance), 1.0, sizes
        )  # without a model the primary is taken as it is
        return held | {
            trade.asset_id: float(size) for trade, size in zip(trades, told, strict=True)
        }

    def _diagnose(self, memory: Memory) -> dict[str, Any]:
        """Return the figures of the last model's folds, and of the probabilities acted upon."""
        foretold = [
            t for t in memory.ended if t.outcome is not None and not np.isnan(t.probability)
        ]
        chance = np.array([trade.probability for trade in foretold])
        won = np.array([bool(trade.outcome and trade.outcome.won) for trade in foretold], np.bool_)
        return {
            **(memory.model.report if memory.model else {}),
            "trades_ended": len(memory.ended),
            "foretold": len(foretold),
            "foretold_auc": area_under_curve(chance, won),
            "foretold_brier": brier_score(chance, won),
        }


def _opened(window: Window, weights: FloatArray, before: FloatArray) -> IntArray:
    """Return what was opened, turned or added to, ascending by asset id."""
    turned = np.sign(weights) != np.sign(before)
    added = np.abs(weights) > np.abs(before) * (1.0 + ADDED)
    found = np.flatnonzero((weights != 0.0) & (turned | added))
    return found[np.argsort(window.asset_id[found], kind="stable")]


def _by_id(window: Window, weights: FloatArray) -> dict[int, float]:
    held = np.flatnonzero(weights)
    return dict(zip(window.asset_id[held].tolist(), weights[held].tolist(), strict=True))
