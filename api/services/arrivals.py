"""What came of an instrument, judged beside what is stored of it.

A bar is judged by its neighbours, and those of a window's first and last rows may be stored
already. So the stored bars beside a window are judged along with it, and their verdicts dropped:
whatever windows a history comes in, the same bars are kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from api.errors import DataError
from api.ports import Action, BarBatch, Listing
from api.services.batches import cut, joined, nothing, without
from api.services.fetching import Outcome
from api.services.ingest_plan import Target
from api.services.quality import Verdict, judge
from api.services.quality_actions import RefusedAction, judge_actions
from api.services.routing import TIINGO, YAHOO
from engine.types import BoolArray
from models.instrument import AssetClass, Instrument

# Sources that may stand in for each other; whatever else told a history is replaced, all of it.
LIVE = frozenset({TIINGO, YAHOO})
# Classes whose volume counts nothing: a pair and an index change no hands.
UNCOUNTED = frozenset({AssetClass.FX, AssetClass.INDEX})


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a source brought of one instrument, oldest first."""

    instrument: Instrument
    target: Target
    outcome: Outcome
    listing: Listing
    batches: tuple[BarBatch, ...]  # one for each request that brought something
    batch: BarBatch  # all of them
    actions: tuple[Action, ...]

    @property
    def symbol(self) -> str:
        return self.target.symbol

    @property
    def takes_over(self) -> bool:
        """Tell whether another kind of source told this instrument's history so far."""
        return self.instrument.bar_count > 0 and self.instrument.source not in LIVE

    @property
    def is_news(self) -> bool:
        """Tell whether the instrument has to be described anew."""
        return self.instrument.source not in LIVE


@dataclass(frozen=True, kw_only=True)
class Judged:
    """An arrival with what the gates said of it."""

    arrival: Arrival
    verdict: Verdict
    actions: tuple[Action, ...]
    refused: tuple[RefusedAction, ...]
    stored: BarBatch  # in the window and beside it; of a history that is taken over, all
    has_news: bool = False  # an action that is not stored: it may explain what was doubted


def arrival_of(
    instrument: Instrument, target: Target, outcome: Outcome, fields: Sequence[str]
) -> Arrival:
    """Join what the requests for one instrument brought."""
    uncounted = ("volume",) if instrument.asset_class in UNCOUNTED else ()
    names = (each.name for each in outcome.fetched if each.name)
    listing = Listing(
        symbol=target.symbol,
        name=instrument.name or next(names, ""),
        asset_class=instrument.asset_class,
        exchange=instrument.exchange,
        currency=instrument.currency,
        source=outcome.source or "",
        fields=tuple(name for name in fields if name not in uncounted),
        sector=instrument.sector,
        listed_on=instrument.listed_on,
        delisted_on=instrument.delisted_on,
    )
    batches = tuple(
        without(each.batch, uncounted) for each in outcome.fetched if len(each.batch.day)
    )
    return Arrival(
        instrument=instrument,
        target=target,
        outcome=outcome,
        listing=listing,
        batches=batches,
        batch=joined(target.symbol, batches),
        actions=tuple(dict.fromkeys(each for found in outcome.fetched for each in found.actions)),
    )


def judge_arrival(
    arrival: Arrival, stored: BarBatch, known: Sequence[Action], *, now: datetime
) -> Judged:
    """Ask every gate about what came, beside the bars and the actions that are stored.

    A day of the window that did not come again stays out of it: the order is the provider's, and
    is not mended by ours. Raises DataError.
    """
    batch, listing, market = arrival.batch, arrival.listing, arrival.target.market
    beside = nothing(batch.symbol) if arrival.takes_over else without(stored, ("adjusted_close",))
    at = int(now.timestamp() * 1e9)
    if not len(batch.day):
        _require_bars(arrival, _EMPTY)
        return Judged(arrival=arrival, verdict=_EMPTY, actions=(), refused=(), stored=stored)
    whole, came = _among(beside, arrival.batches)
    acted = judge_actions(arrival.actions, whole, listing, market, now=at)
    told_again = {(each.ex_day, each.kind) for each in arrival.actions}
    others = [each for each in known if (each.ex_day, each.kind) not in told_again]
    told = judge(whole, listing, market, now=at, actions=[*others, *acted.kept])
    verdict = _part(told, came)
    _require_bars(arrival, verdict)
    return Judged(
        arrival=arrival,
        verdict=verdict,
        actions=acted.kept,
        refused=acted.refused,
        stored=stored,
        has_news=not set(map(_figures, acted.kept)) <= set(map(_figures, known)),
    )


def _require_bars(arrival: Arrival, verdict: Verdict) -> None:
    """Let nobody take a history over who has none. Raises DataError."""
    if arrival.takes_over and not verdict.kept.any():
        raise DataError(
            f"{arrival.listing.source} gave no bar of {arrival.symbol} that can be used; what is"
            f" stored stays as {arrival.instrument.source} told it"
        )


def _figures(action: Action) -> tuple[int, str, float | None, float | None]:
    return action.ex_day, action.kind, action.ratio, action.cash


_NONE = np.array([], np.bool_)
_EMPTY = Verdict(refused={}, doubts={}, kept=_NONE, suspect=_NONE)


def _among(stored: BarBatch, batches: Sequence[BarBatch]) -> tuple[BarBatch, BoolArray]:
    """Return the batches with the stored bars before, between and behind; and which rows came."""
    pieces, came, last = list[BarBatch](), list[BoolArray](), -np.inf
    for batch in batches:
        beside = cut(stored, (stored.day > last) & (stored.day < batch.day.min()))
        pieces += [beside, batch]
        came += [np.zeros(len(beside.day), np.bool_), np.ones(len(batch.day), np.bool_)]
        last = batch.day.max()
    behind = cut(stored, stored.day > last)
    came.append(np.zeros(len(behind.day), np.bool_))
    return joined(stored.symbol, [*pieces, behind]), np.concatenate(came)


def _part(verdict: Verdict, came: BoolArray) -> Verdict:
    """Return the verdict on the rows that came, counted among themselves."""
    number = np.cumsum(came) - 1
    return Verdict(
        refused={int(number[row]): why for row, why in verdict.refused.items() if came[row]},
        doubts={int(number[row]): why for row, why in verdict.doubts.items() if came[row]},
        kept=verdict.kept[came],
        suspect=verdict.suspect[came],
    )
