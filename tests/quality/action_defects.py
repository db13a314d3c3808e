"""Faults of splits and dividends."""

from dataclasses import replace

import numpy as np

from api.ports import Action
from api.services.reasons import Reason as R  # noqa: N817 - it stands in every line
from tests.quality.defect import Defect, Plant, place_of
from tests.quality.found import Found, in_feed
from tests.quality.made import Feed, day_of, make_share


def _actions(name: str, reason: R, plant: Plant) -> Defect:
    """Plant an action at `at`; the gates must point at the last one, or at those returned."""

    def planted(seed: int) -> tuple[Found, Found]:
        feed = make_share(seed, calm=True)
        del feed.values["adjusted_close"]
        places = plant(feed, place_of(seed, len(feed.batch.day)))
        where = places or [f"action {len(feed.actions) - 1}"]
        return in_feed(feed), {(place, reason.value) for place in where}

    return Defect(name, reason, planted)


def _split(feed: Feed, at: int, ratio: float, *, times: int) -> None:
    """Give a split, and let prices show it so many times."""
    feed.whole_bar(slice(at, None), ratio**-times)
    feed.actions.append(Action(ex_day=int(feed.batch.day[at]), kind="SPLIT", ratio=ratio))


def _unseen(ratio: float) -> Plant:
    return lambda feed, at: _split(feed, at, ratio, times=0)


def _made_twice(feed: Feed, at: int) -> list[str]:
    """A price that fell to a quarter by a split of two has halved for no reason."""
    _split(feed, at, 1.25, times=2)
    return []


def _unadjusted(feed: Feed, at: int) -> list[str]:
    """One new share for twenty, too small to be seen in prices: the vendor did not apply it."""
    feed.values["adjusted_close"] = feed.values["close"].copy()
    feed.whole_bar(slice(at, None), 1 / 1.05)
    feed.values["adjusted_close"][at:] /= 1.05
    feed.actions.append(Action(ex_day=int(feed.batch.day[at]), kind="SPLIT", ratio=1.05))
    return []


def _ratio(ratio: float | None) -> Plant:
    def plant(feed: Feed, at: int) -> None:
        feed.actions.append(Action(ex_day=int(feed.batch.day[at]), kind="SPLIT", ratio=ratio))

    return plant


def _split_on(day: str) -> Plant:
    def plant(feed: Feed, at: int) -> None:
        feed.actions.append(Action(ex_day=day_of(day), kind="SPLIT", ratio=2.0))

    return plant


def _given_twice(ratio: float) -> Plant:
    def plant(feed: Feed, at: int) -> list[str]:
        _split(feed, at, 2.0, times=1)
        feed.actions.append(replace(feed.actions[0], ratio=ratio))
        return ["action 1"]

    return plant


def _two_ratios(feed: Feed, at: int) -> list[str]:
    _given_twice(3.0)(feed, at)
    feed.whole_bar(slice(at, None), 2.0)  # neither is believed, so let neither be needed
    return ["action 0", "action 1"]


def _dividend(share: float, *, currency: str = "USD", on: str | None = None) -> Plant:
    """Pay a share of the close before."""

    def plant(feed: Feed, at: int) -> None:
        cash = share * float(feed.values["close"][at - 1])
        day = int(feed.batch.day[at]) if on is None else day_of(on)
        feed.actions.append(Action(ex_day=day, kind="DIVIDEND", cash=cash, currency=currency))

    return plant


ACTIONS = [
    _actions("two for one, and prices stay", R.SPLIT_MISMATCH, _unseen(2.0)),
    _actions("three for two, and prices stay", R.SPLIT_MISMATCH, _unseen(1.5)),
    _actions("one for ten, and prices stay", R.SPLIT_MISMATCH, _unseen(0.1)),
    _actions("five for four, made twice", R.SPLIT_MISMATCH, _made_twice),
    _actions("a share for twenty, not adjusted for", R.SPLIT_MISMATCH, _unadjusted),
    _actions("a split on Christmas Day", R.NOT_A_TRADING_DAY, _split_on("2025-12-25")),
    _actions("a split of tomorrow", R.FUTURE_BAR, _split_on("2026-07-01")),
    _actions("a split of none for one", R.BAD_RATIO, _ratio(0.0)),
    _actions("a negative split", R.BAD_RATIO, _ratio(-2.0)),
    _actions("a split that is no number", R.BAD_RATIO, _ratio(np.nan)),
    _actions("a split without a ratio", R.BAD_RATIO, _ratio(None)),
    _actions("one split given twice", R.DUPLICATE_SAME, _given_twice(2.0)),
    _actions("two splits of one day", R.DUPLICATE_CONFLICT, _two_ratios),
    _actions("a dividend above the price", R.BAD_DIVIDEND, _dividend(1.2)),
    _actions("a negative dividend", R.BAD_DIVIDEND, _dividend(-0.01)),
    _actions("a dividend on a closed day", R.BAD_DIVIDEND, _dividend(0.01, on="2025-01-09")),
    _actions("a dividend in yen", R.NO_FX, _dividend(0.01, currency="JPY")),
]
