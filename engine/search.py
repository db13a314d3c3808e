"""Which combinations a search tries, where it does not try them all. Seeded, so it repeats."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from engine.axes import Axis

if TYPE_CHECKING:
    import optuna

MOST_DRAWS: Final = 32  # draws for each combination wanted, before a search is content with fewer
START_UP: Final = 10  # random trials before the estimator has something to learn from
AT_ONCE: Final = 8  # proposals evaluated together

Allowed = Callable[[Mapping[str, Any]], bool]
# Combinations -> their objectives, None where undefined.
Evaluate = Callable[[Sequence[dict[str, Any]]], Sequence[float | None]]


def scattered(
    axes: Sequence[Axis], *, count: int, seed: int, allowed: Allowed
) -> list[dict[str, Any]]:
    """Return up to `count` distinct combinations spread evenly, by a scrambled Sobol sequence.

    Fewer where the axes have no more that are allowed.

    References
    ----------
    Owen, A. B. (1998). Scrambling Sobol' and Niederreiter-Xing Points. Journal of Complexity.
    """
    from scipy.stats import qmc

    ordered = sorted(axes, key=lambda axis: axis.name)
    sampler = qmc.Sobol(len(ordered), scramble=True, rng=seed)
    found: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    drawn, size = 0, 2 ** max(math.ceil(math.log2(max(count, 2))), 1)
    while len(found) < count and drawn < MOST_DRAWS * size:
        for point in sampler.random(size).tolist():
            one = {axis.name: axis.at(share) for axis, share in zip(ordered, point, strict=True)}
            if allowed(one):
                found.setdefault(tuple((name, repr(value)) for name, value in one.items()), one)
        drawn += size
    return list(found.values())[:count]


def learned(
    axes: Sequence[Axis], *, count: int, seed: int, allowed: Allowed, evaluate: Evaluate
) -> Iterator[tuple[dict[str, Any], float | None]]:
    """Yield up to `count` distinct combinations with their objectives, each batch learned from.

    A tree-structured Parzen estimator proposes where good trials were dense; the highest objective
    is sought and an undefined one counts as the worst.

    References
    ----------
    Bergstra, J., Bardenet, R., Bengio, Y. & Kégl, B. (2011). Algorithms for Hyper-Parameter
    Optimization. NeurIPS 24.
    """
    study = _study(seed)
    ordered = sorted(axes, key=lambda axis: axis.name)
    known: dict[str, float | None] = {}
    proposals = 0
    while len(known) < count and proposals < MOST_DRAWS * count:
        asked = [study.ask() for _ in range(min(AT_ONCE, count - len(known)))]
        proposals += len(asked)
        points = [{axis.name: _suggest(trial, axis) for axis in ordered} for trial in asked]
        fresh = {repr(one): one for one in points if allowed(one) and repr(one) not in known}
        values = evaluate(list(fresh.values())) if fresh else []
        scored = dict(zip(fresh, values, strict=True))
        known |= scored
        for trial, one in zip(asked, points, strict=True):
            _tell(study, trial, known.get(repr(one)))
        yield from ((fresh[key], value) for key, value in scored.items())


def _study(seed: int) -> "optuna.Study":
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=START_UP)
    return optuna.create_study(direction="maximize", sampler=sampler)


def _suggest(trial: "optuna.Trial", axis: Axis) -> Any:
    count = axis.count
    if axis.values is not None and not all(_is_number(value) for value in axis.values):
        place = trial.suggest_categorical(axis.name, list(range(len(axis.values))))
        return axis.values[place]
    if count is not None and not (axis.log and axis.step is None):
        return axis.value(trial.suggest_int(axis.name, 0, count - 1))
    if axis.whole:
        return trial.suggest_int(axis.name, int(axis.low), int(axis.high), log=axis.log)
    return axis.rounded(trial.suggest_float(axis.name, axis.low, axis.high, log=axis.log))


def _tell(study: "optuna.Study", trial: "optuna.Trial", value: float | None) -> None:
    from optuna.trial import TrialState

    if value is None:
        study.tell(trial, state=TrialState.FAIL)
    else:
        study.tell(trial, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
