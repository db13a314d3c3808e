"""Choices made on some sessions and judged by others they were not made on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from engine.backtest import Constraints, Request, decide_within_limits
from engine.decide import Targets, join_targets
from engine.objectives import best_of
from engine.panel import Panel
from engine.trials import from_base, ledger_trial, simulate_targets
from engine.types import FloatArray, IntArray
from engine.validation import Fold, Split, cpcv_splits, group_edges, stitch

# Number of a trial -> its request.
RequestOf = Callable[[int], Request]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The trial a window chose; folds count sessions, [start, stop) of the trials' returns."""

    fold: Fold
    number: int


@dataclass(frozen=True, kw_only=True)
class OutOfSample:
    """One path through all tests, positions carried from window to window."""

    start: int  # session after which it begins
    equity: FloatArray  # (T - start + 1,) 1.0 first
    turnover: float  # one-way, added up


def choose(
    returns: FloatArray, rf: FloatArray, folds: Sequence[Fold], objective: str
) -> list[Choice]:
    """Return the best trial of returns (T, N) on the train of each fold."""
    return [
        Choice(fold=fold, number=best_of(returns, rf, slice(*fold.train), objective))
        for fold in folds
    ]


def trade_choices(
    panel: Panel, request_of: RequestOf, rows: IntArray, choices: Sequence[Choice]
) -> OutOfSample:
    """Simulate what the choices would have traded, one after the other, in one account.

    `rows` (T + 1,) are the panel rows of the trials' equity. A new choice decides at once when its
    test begins and pays for the change; one that stays goes on undisturbed.
    """
    start = choices[0].fold.test[0]
    stays = [list(group) for _, group in groupby(choices, key=lambda choice: choice.number)]
    requests = [request_of(group[0].number) for group in stays]
    parts: list[Targets] = []
    limits: list[Constraints] = []
    for request, group in zip(requests, stays, strict=True):
        first, stop = group[0].fold.test[0], group[-1].fold.test[1]
        # Where orders fill on the very row of the decision, the row before is the last in cash.
        shift = request.first_row - int(rows[0])
        span = replace(request, first_row=int(rows[first + shift]), last_row=int(rows[stop]))
        targets, _ = decide_within_limits(panel, span)
        parts.append(targets)
        limits += [request.constraints] * len(targets.rows)
    terms = replace(requests[0], last_row=int(rows[-1]))
    joined = join_targets(parts)
    if joined.by_ledger:
        # On the day a choice is made the one before has decided too; the new one counts.
        last = np.append(joined.rows[1:] != joined.rows[:-1], True)
        curve, traded = ledger_trial(panel, terms, joined.select(last), int(rows[start]))
        return OutOfSample(start=start, equity=curve, turnover=traded)
    fills, paths = simulate_targets(panel, terms, joined, limits)
    equity, turnover = from_base(panel, terms.costs, fills, paths, int(rows[start]))
    return OutOfSample(start=start, equity=equity[:, 0], turnover=float(turnover[0]))


@dataclass(frozen=True, kw_only=True)
class CrossValidated:
    """The splits with the trial each chose, and the whole paths their tests make."""

    splits: list[tuple[Split, int]]
    edges: list[tuple[int, int]]  # of the groups
    paths: list[FloatArray]  # (T,) returns each


def cross_validate(
    returns: FloatArray,
    rf: FloatArray,
    *,
    groups: int,
    test_groups: int,
    span: int,
    embargo: int,
    objective: str,
) -> CrossValidated:
    """Choose on every purged train of returns (T, N), and join the tests to whole paths."""
    edges = group_edges(len(returns), groups)
    made: list[tuple[Split, int]] = []
    predictions: dict[tuple[int, int], FloatArray] = {}
    splits = cpcv_splits(
        len(returns), groups=groups, test_groups=test_groups, span=span, embargo=embargo
    )
    for place, split in enumerate(splits):
        number = best_of(returns, rf, split.train, objective)
        made.append((split, number))
        for group in split.groups:
            predictions[place, group] = returns[slice(*edges[group]), number]
    return CrossValidated(splits=made, edges=edges, paths=stitch(predictions, groups))
