"""What a caller asks of a sweep or a walk-forward, and the checks that need no database."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from api.errors import ClientError, InvalidInput, LimitExceeded
from api.services.axes import (
    MOST_COMBINATIONS,
    AxisRequest,
    count_combinations,
    read_axes,
)
from api.services.backtest_request import BacktestRequest, checked, idempotency_key_faults
from api.services.findings import Findings, Refused
from api.services.short_faults import short_axes
from api.services.strategies import StrategyEntry
from engine.axes import Axis, size
from models.study import SearchMethod, ValidationMethod

OBJECTIVES = (
    "sharpe",
    "sortino",
    "calmar",
    "cagr",
    "totalReturn",
    "maxDrawdown",
    "returnOverCvar",
    "deflatedSharpe",
)
USUAL_TRIALS = 100
# A search that learns evaluates few at once, in one place.
MOST_LEARNED = 500
MOST_SEED = 2**31 - 1
MOST_SPLITS = 1_000
# Least and most of what parts the sessions.
PLAN_BOUNDS: dict[str, tuple[float, float]] = {
    "trainSessions": (60, 5_000),
    "testSessions": (5, 2_500),
    "purge": (0, 252),
    "step": (5, 2_500),
    "embargo": (0.0, 0.5),
    "groups": (2, 20),
    "testGroups": (1, 10),
}


@dataclass(frozen=True, kw_only=True)
class SweepRequest:
    base: BacktestRequest
    axes: tuple[AxisRequest, ...]
    method: SearchMethod = SearchMethod.GRID
    max_trials: int | None = None
    objective: str = "sharpe"
    seed: int = 0
    idempotency_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class WalkForwardRequest:
    base: BacktestRequest
    axes: tuple[AxisRequest, ...]
    train_sessions: int = 756
    test_sessions: int = 126
    anchored: bool = False
    purge: int = 5
    objective: str = "sharpe"
    method: ValidationMethod = ValidationMethod.WALK_FORWARD
    step: int | None = None
    embargo: float = 0.01
    groups: int = 6
    test_groups: int = 2
    idempotency_key: str | None = None

    @property
    def plan(self) -> dict[str, Any]:
        """Return how the sessions are parted, a step left out being the length of a test."""
        return {
            "trainSessions": self.train_sessions,
            "testSessions": self.test_sessions,
            "anchored": self.anchored,
            "purge": self.purge,
            "step": self.test_sessions if self.step is None else self.step,
            "embargo": self.embargo,
            "groups": self.groups,
            "testGroups": self.test_groups,
        }


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search whose every part was checked."""

    base: BacktestRequest
    entry: StrategyEntry
    axes: list[Axis]
    combinations: int


def checked_sweep(request: SweepRequest) -> Asked:
    """Return the sweep with its base filled in. Raises Refused, LimitExceeded."""
    base, entry, axes = _checked(request, _sweep_faults(request))
    if request.method is SearchMethod.GRID:
        combinations = count_combinations(axes, base, entry)
        if request.max_trials is not None and combinations > request.max_trials:
            raise InvalidInput(
                f"the axes have {combinations:,} combinations, more than maxTrials,"
                f" {request.max_trials:,}; raise it, take fewer values, or search by RANDOM",
                field=("input", "maxTrials"),
            )
    else:
        asked = request.max_trials or USUAL_TRIALS
        combinations = min(asked, size(axes) or asked)
    return Asked(base=base, entry=entry, axes=axes, combinations=combinations)


def checked_walk_forward(request: WalkForwardRequest) -> Asked:
    """Return the walk-forward with its base filled in. Raises Refused, LimitExceeded."""
    base, entry, axes = _checked(request, _plan_faults(request))
    combinations = count_combinations(axes, base, entry)
    return Asked(base=base, entry=entry, axes=axes, combinations=combinations)


def of_the_base(error: ClientError) -> ClientError:
    """Return a fault of a run at its place in a search: below `base`."""
    if isinstance(error, Refused):
        return Refused([of_the_base(each) for each in error.errors])
    path = error.field
    if path[:1] == ("input",):
        path = ("input", "base", *path[1:])
    return type(error)(str(error), field=path, reason=error.reason)


def _checked(
    request: SweepRequest | WalkForwardRequest, faults: Iterator[ClientError]
) -> tuple[BacktestRequest, StrategyEntry, list[Axis]]:
    findings = Findings()
    findings.errors += faults
    findings.errors += _common_faults(request)
    base, entry, axes = request.base, None, []
    try:
        base, entry = checked(replace(request.base, idempotency_key=None))
    except ClientError as error:
        findings.errors.append(of_the_base(error))
    if entry is not None:
        with findings.collect():
            axes = read_axes(request.axes, entry)
        findings.errors += short_axes(entry.key, base.parameters, asdict(base.constraints), axes)
    findings.errors = [each for error in findings.errors for each in _each(error)]
    findings.settle()
    if entry is None:
        raise AssertionError("a strategy that is not known has been refused")
    return base, entry, axes


def _each(error: ClientError) -> Sequence[ClientError]:
    return error.errors if isinstance(error, Refused) else (error,)


def _common_faults(request: SweepRequest | WalkForwardRequest) -> Iterator[ClientError]:
    if request.objective not in OBJECTIVES:
        yield _fault(
            f"objective was {request.objective[:64]!r}; use one of {', '.join(OBJECTIVES)}",
            "objective",
        )
    if request.base.overlay_vol_target is not None:
        yield _fault(
            "overlayVolTarget is not searched with: it needs each trial's own ledger; leave it"
            " out and give it to the backtest of the trial you choose",
            "base",
            "overlayVolTarget",
        )
    yield from idempotency_key_faults(request.idempotency_key)


def _sweep_faults(request: SweepRequest) -> Iterator[ClientError]:
    most = MOST_LEARNED if request.method is SearchMethod.BAYESIAN else MOST_COMBINATIONS
    asked = request.max_trials
    if asked is not None and asked < 1:
        yield _fault(f"maxTrials was {asked}; use at least 1", "maxTrials")
    if asked is not None and asked > most:
        yield LimitExceeded(
            f"maxTrials was {asked:,}; a search by {request.method} takes at most {most:,}",
            field=("input", "maxTrials"),
            reason="COST",
        )
    if not 0 <= request.seed <= MOST_SEED:
        yield _fault(f"seed was {request.seed}; use 0 to {MOST_SEED}", "seed")


def _plan_faults(request: WalkForwardRequest) -> Iterator[ClientError]:
    for name, (least, most) in PLAN_BOUNDS.items():
        value = request.step if name == "step" else request.plan[name]
        if value is not None and not _in_bounds(name, value):
            yield _fault(f"{name} was {value:.10g}; use {least:g} to {most:g}", name)
    if request.step is not None and request.step > request.test_sessions:
        yield _fault(
            f"step was {request.step}; use at most testSessions, which is"
            f" {request.test_sessions}, or sessions would be judged by nobody",
            "step",
        )
    if request.method is ValidationMethod.CPCV:
        yield from _group_faults(request)
    varied = [axis.name for axis in request.axes if axis.name.startswith("costs.")]
    if varied:
        yield _fault(
            f"axis {varied[0][:64]} varies a cost, which is given and not chosen; sweep it instead",
            "axes",
        )


def check_length(request: WalkForwardRequest, start: date, end: date) -> None:
    """Refuse a train for which there cannot be enough sessions; the worker knows the holidays."""
    weekdays = ((end - start).days + 1) * 5 // 7
    if request.method is ValidationMethod.CPCV or request.train_sessions + request.purge < weekdays:
        return
    raise _fault(
        f"trainSessions was {request.train_sessions}; with a purge of {request.purge} they leave"
        f" none of about {weekdays} sessions to test on, choose fewer or an earlier start",
        "trainSessions",
    )


def _group_faults(request: WalkForwardRequest) -> Iterator[ClientError]:
    groups, tests = request.groups, request.test_groups
    if tests >= groups:
        yield _fault(
            f"testGroups was {tests}; it must be below groups, which is {groups}", "testGroups"
        )
    elif _in_bounds("groups", groups) and tests > 0 and math.comb(groups, tests) > MOST_SPLITS:
        yield _fault(
            f"{tests} of {groups} groups are {math.comb(groups, tests):,} splits; at most"
            f" {MOST_SPLITS:,} are made, take fewer groups",
            "groups",
        )


def _in_bounds(name: str, value: float) -> bool:
    least, most = PLAN_BOUNDS[name]
    return bool(least <= value <= most)


def _fault(message: str, *path: str) -> InvalidInput:
    return InvalidInput(message, field=("input", *path))
