"""What a strategy of entries and exits decides, and the rules its positions are run by.

Prices are in the asset's own currency and in the shares of the decision session; a split before
the fill is the simulator's to apply (`engine.signal_ledger`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

from engine.errors import InvalidParameters
from engine.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How large a position is made and how it is run. Fractions are of equity."""

    risk: float  # lost when the first stop is hit
    max_position: float
    max_positions: int
    min_notional: float = 0.0  # base currency; what would be smaller is not bought
    min_weight: float = 0.0  # the same as a fraction of equity
    partial: float = 0.0  # share of the position sold early; 0 never sells early
    partial_after: int = 0  # sessions after the entry's at whose open it is; 0 never
    partial_at: float = np.inf  # or at this multiple of what was risked per share
    max_hold: int = 0  # sessions after the entry's at whose open all is sold; 0 never


@dataclass(frozen=True, kw_only=True)
class Signals:
    """One decision: assets to buy, best first, and those to be left at the next open.

    The first stop of an entry at price p is ``max(floor, p - distance)``; without one `floor` is
    -inf and `distance` inf, and the position is as large as it may be.
    """

    asset: IntArray  # (e,) columns of the window
    trigger: FloatArray  # (e,) price at which a buy stop rests; NaN buys at the open
    limit: FloatArray  # (e,) highest open at which that is done
    floor: FloatArray  # (e,)
    distance: FloatArray  # (e,)
    leave: BoolArray  # (m,)
    rules: Rules
    scale: float = 1.0  # of the size of new positions; what is held is left alone

    def __len__(self) -> int:
        return len(self.asset)

    def image(self) -> bytes:
        """Return everything that was decided, to the bit."""
        held = (getattr(self, entry.name) for entry in fields(self))
        return b"|".join(
            each.tobytes() if isinstance(each, np.ndarray) else repr(each).encode() for each in held
        )

    def stops(self, entry: FloatArray) -> FloatArray:
        """Return the first stop (e,) of each entry, bought at prices `entry` (e,)."""
        return np.maximum(self.floor, entry - self.distance)


def share_of_equity(rules: Rules, entry: FloatArray, stop: FloatArray) -> FloatArray:
    """Return what a position may weigh, as a fraction of equity: by risk, and at most.

    Nothing where the entry is not above its stop.
    """
    risked = entry - stop
    above = risked > 0.0
    by_risk = np.where(
        np.isinf(risked), np.inf, rules.risk * entry / np.where(above, risked, np.inf)
    )
    return np.where(above, np.minimum(by_risk, rules.max_position), 0.0)


def nominal_weights(signals: Signals, close: FloatArray) -> FloatArray:
    """Return what the entries would weigh if all were bought at `close` (m,), in their order.

    At most `max_positions` of them and at most all the money; a summary of a decision, not what
    is traded.
    """
    weights = np.zeros(len(close))
    chosen = signals.asset[: signals.rules.max_positions]
    if not len(chosen):
        return weights
    entry = close[chosen]
    share = share_of_equity(signals.rules, entry, signals.stops(close[signals.asset])[: len(entry)])
    share *= signals.scale
    share *= share >= signals.rules.min_weight
    left = 1.0 - np.concatenate([[0.0], np.cumsum(share)[:-1]])
    weights[chosen] = np.clip(np.minimum(share, left), 0.0, 1.0)
    return weights


class Limits(Protocol):
    @property
    def min_weight(self) -> float: ...
    @property
    def max_weight(self) -> float: ...
    @property
    def max_positions(self) -> int | None: ...
    @property
    def max_turnover(self) -> float | None: ...
    @property
    def no_trade_band(self) -> float: ...
    @property
    def relative_band(self) -> float: ...
    @property
    def min_trade(self) -> float: ...
    @property
    def group_cap(self) -> float | None: ...
    @property
    def group_caps(self) -> Sequence[Mapping[str, object]]: ...


def limit_signals(decided: Sequence[Signals], limits: Limits) -> tuple[Signals, ...]:
    """Return the decisions with positions as small and as few as `limits` ask.

    A position below the smallest weight is not bought. Raises InvalidParameters for limits on how
    far weights move, which positions with stops do not have.
    """
    given = {
        "max_turnover": limits.max_turnover,
        "group_cap": limits.group_cap,
        "group_caps": limits.group_caps,
        "no_trade_band": limits.no_trade_band,
        "relative_band": limits.relative_band,
        "min_trade": limits.min_trade,
    }
    for name, value in given.items():
        if value:
            raise InvalidParameters(
                f"{name} was {value}; entries and stops move no weights, leave it out"
            )
    return tuple(replace(each, rules=_limited(each.rules, limits)) for each in decided)


def _limited(rules: Rules, limits: Limits) -> Rules:
    fewest = rules.max_positions if limits.max_positions is None else limits.max_positions
    return replace(
        rules,
        max_position=min(rules.max_position, limits.max_weight),
        max_positions=min(rules.max_positions, fewest),
        min_weight=max(rules.min_weight, limits.min_weight),
    )
