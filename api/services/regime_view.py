"""The regimes of an index up to one of its sessions, from the stored columns. Plain Python."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.services.thinning import thinned
from engine.regime_allocation import SLEEVES, SMOOTHING, smoothed, suggest

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
SESSIONS_PER_YEAR = 252


@dataclass(frozen=True, kw_only=True)
class StateView:
    """One state under the model in force; figures are None while a rule stands in."""

    name: str
    share: float  # of the sessions so far
    probability: float | None = None
    mean_return: float | None = None  # a year, of log returns
    volatility: float | None = None  # a year
    expected_sessions: float | None = None  # None too where it is never left


@dataclass(frozen=True, kw_only=True)
class RegimeView:
    """The regimes of an index up to a session."""

    symbol: str
    source: str
    as_of: date
    fitted_on: date | None
    current: str
    since: date
    sessions_in_state: int
    states: list[StateView]
    transitions: list[list[float]]
    dates: list[str]
    labels: list[int]
    probabilities: list[list[float | None]]
    allocation: dict[str, float]
    basis: dict[str, Any]
    flags: list[str]


def view_of(
    document: Mapping[str, Any],
    sessions: int,
    *,
    symbol: str,
    source: str,
    start: date | None,
    max_points: int | None,
) -> RegimeView:
    """Return what the first `sessions` sessions say; the columns begin at `start`."""
    names: list[str] = document["names"]
    days, labels = document["days"][:sessions], document["labels"][:sessions]
    columns = [column[:sessions] for column in document["probabilities"]]
    fits = [fit for fit in document["fits"] if fit["since"] < sessions]
    fit = fits[-1] if fits else None
    changes = (row for row in range(sessions - 1, 0, -1) if labels[row] != labels[row - 1])
    since = next(changes, 0)
    shown = _shown(days, labels, columns[-1], start, max_points)
    mixed = _mixed(names, columns, labels[-1])
    return RegimeView(
        symbol=symbol,
        source=source,
        as_of=_day(days[-1]),
        fitted_on=None if fit is None else _day(days[fit["since"]]),
        current=names[labels[-1]],
        since=_day(days[since]),
        sessions_in_state=sessions - since,
        states=[_state(names, state, columns, labels, fit) for state in range(len(names))],
        transitions=[] if fit is None else fit["transition"],
        dates=[_day(days[row]).isoformat() for row in shown],
        labels=[labels[row] for row in shown],
        probabilities=[[column[row] for row in shown] for column in columns],
        allocation=suggest(mixed),
        basis={
            "probabilities": mixed,
            "sessions": SMOOTHING,
            "shares": {name: SLEEVES[name] for name in names},
        },
        flags=_flags(document, fits, sessions),
    )


def _shown(
    days: Sequence[int],
    labels: Sequence[int],
    stress: Sequence[float | None],
    start: date | None,
    max_points: int | None,
) -> Sequence[int]:
    first = 0 if start is None else bisect_left(days, start.toordinal() - EPOCH_ORDINAL)
    if max_points is None:
        return range(first, len(days))
    heights = [
        float(label) if known is None else known
        for label, known in zip(labels[first:], stress[first:], strict=True)
    ]
    return [first + row for row in thinned(heights, max_points)]


def _mixed(
    names: Sequence[str], columns: Sequence[Sequence[float | None]], label: int
) -> dict[str, float]:
    """Return each state's smoothed probability; where none is known, the label's is 1."""
    known = [[value for value in column if value is not None] for column in columns]
    if not known[0]:
        return {name: float(state == label) for state, name in enumerate(names)}
    return {name: smoothed(values) for name, values in zip(names, known, strict=True)}


def _state(
    names: Sequence[str],
    state: int,
    columns: Sequence[Sequence[float | None]],
    labels: Sequence[int],
    fit: Mapping[str, Any] | None,
) -> StateView:
    share = labels.count(state) / len(labels)
    if fit is None:
        return StateView(name=names[state], share=share)
    stay = fit["transition"][state][state]
    return StateView(
        name=names[state],
        share=share,
        probability=columns[state][-1],
        mean_return=fit["mean"][state] * SESSIONS_PER_YEAR,
        volatility=fit["volatility"][state] * math.sqrt(SESSIONS_PER_YEAR),
        expected_sessions=1.0 / (1.0 - stay) if stay < 1.0 else None,
    )


def _flags(
    document: Mapping[str, Any], fits: Sequence[Mapping[str, Any]], sessions: int
) -> list[str]:
    found = {
        "fallback": not fits,
        "refit_rejected": any(row < sessions for row in document["rejected"]),
        "relabelled": any(fit["relabelled"] for fit in fits),
    }
    return [flag for flag, raised in found.items() if raised]


def _day(number: int) -> date:
    return date.fromordinal(EPOCH_ORDINAL + number)
