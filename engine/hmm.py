"""Hidden Markov models with Gaussian emissions, a batch of them over one series.

The models of a batch differ in how much of the series they may see: model i has the first
``ends[i]`` sessions, and no session behind them touches its figures, not even in the last bit.
Every array has the models on its last axis: sums over sessions then add row after row, however
many rows follow.

References
----------
Rabiner, L. (1989). A Tutorial on Hidden Markov Models. Proceedings of the IEEE, 77(2).
"""

from dataclasses import dataclass, fields
from typing import Final, NewType

import numpy as np

from engine.types import BoolArray, FloatArray, IntArray

# What is known of the state at each session from that session and earlier ones: the only
# probabilities a decision may use. Nothing but `filtered` makes them.
FilteredProbabilities = NewType("FilteredProbabilities", np.ndarray)

MAX_ITERATIONS: Final = 50
TOLERANCE: Final = 1e-5  # gain of log likelihood per observation at which the fit is done
COVARIANCE_FLOOR: Final = 1e-4  # standardised units
STAY: Final = 0.95  # chance to stay in a state at the start of a fit
BLOCK: Final = 32  # sessions whose moves are multiplied together before blocks are chained


@dataclass(frozen=True, kw_only=True)
class Models:
    """r models of k states over d features."""

    start: FloatArray  # (k, r)
    transition: FloatArray  # (k, k, r) from, to; sums to 1 over the second axis
    mean: FloatArray  # (k, d, r)
    covariance: FloatArray  # (k, d, d, r)

    def take(self, chosen: IntArray) -> "Models":
        """Return some of the models."""
        return Models(**{part.name: getattr(self, part.name)[..., chosen] for part in fields(self)})

    def put(self, chosen: IntArray, others: "Models") -> None:
        """Write other models over some of these."""
        for part in fields(self):
            getattr(self, part.name)[..., chosen] = getattr(others, part.name)


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """Models as expectation maximisation left them."""

    models: Models
    log_likelihood: FloatArray  # (r,) NaN where the fit failed
    occupancy: FloatArray  # (k, r) mean posterior probability of each state


@dataclass(frozen=True, kw_only=True)
class _Expected:
    """What a batch expects of the hidden states under its models."""

    log_likelihood: FloatArray  # (r,)
    posterior: FloatArray  # (n, k, r); 0 behind the end
    moves: FloatArray  # (k, k, r) expected number of moves from one state to another


def filtered(models: Models, x: FloatArray, ends: IntArray) -> FilteredProbabilities:
    """Return the probability of each state at each session, given that session and those before.

    Parameters
    ----------
    x : ndarray of shape (n, d, r)
        Observations, no NaN; each model has its own scale of them.
    ends : ndarray of shape (r,)
        Sessions each model sees, ascending.

    Returns
    -------
    ndarray of shape (n, k, r)
        Sums to 1 over the states; 0 behind a model's end.
    """
    forward, _ = _forward(models, _densities(models, x)[0], ends)
    return FilteredProbabilities(forward)


def fit(x: FloatArray, spread: FloatArray, ends: IntArray, *, states: int) -> Fitted:
    """Return the models that expectation maximisation finds, each on its own sessions.

    It begins with the sessions split into `states` equal groups by their `spread` (n,), so
    that the same series gives the same models: nothing is drawn at random. A model whose figures
    are no longer finite has failed, and its likelihood is NaN.
    """
    models = _begin(x, spread, ends, states)
    n_models = len(ends)
    likelihood, occupancy = np.full(n_models, -np.inf), np.zeros((states, n_models))
    going = np.arange(n_models)
    for _ in range(MAX_ITERATIONS):
        seen = x if len(going) == n_models else np.ascontiguousarray(x[..., going])
        found = _expect(models.take(going), seen, ends[going])
        gain = (found.log_likelihood - likelihood[going]) / ends[going]
        likelihood[going] = found.log_likelihood
        occupancy[:, going] = found.posterior.sum(axis=0) / ends[going]
        onwards = np.flatnonzero(gain >= TOLERANCE)
        if not len(onwards):
            break
        better = _maximise(found, seen).take(onwards)
        going = going[onwards]
        models.put(going, better)
    likelihood[~np.isfinite(likelihood)] = np.nan
    return Fitted(models=models, log_likelihood=likelihood, occupancy=occupancy)


def _begin(x: FloatArray, spread: FloatArray, ends: IntArray, states: int) -> Models:
    _, d, r = x.shape
    models = Models(
        start=np.full((states, r), 1.0 / states),
        transition=np.full((states, states, r), (1.0 - STAY) / (states - 1)),
        mean=np.zeros((states, d, r)),
        covariance=np.zeros((states, d, d, r)),
    )
    models.transition[np.arange(states), np.arange(states)] = STAY
    for i, end in enumerate(ends.tolist()):
        rank = np.argsort(np.argsort(spread[:end], kind="stable"), kind="stable")
        group = rank * states // end
        for k in range(states):
            own = x[:end, :, i][group == k]
            models.mean[k, :, i] = own.mean(axis=0)
            away = own - models.mean[k, :, i]
            models.covariance[k, :, :, i] = (away[:, :, None] * away[:, None]).mean(axis=0)
    _floor(models.covariance)
    return models


def _floor(covariance: FloatArray) -> None:
    features = np.arange(covariance.shape[1])
    covariance[:, features, features] += COVARIANCE_FLOOR


def _densities(models: Models, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the emission densities (n, k, r) over the largest of each session, and its log."""
    d = x.shape[1]
    matrices = np.moveaxis(models.covariance, -1, 0)
    precision = np.moveaxis(np.linalg.inv(matrices), 0, -1)
    _, log_determinant = np.linalg.slogdet(matrices)
    away = x[:, None] - models.mean
    quadratic = np.zeros_like(away[:, :, 0])
    for i in range(d):
        for j in range(d):
            quadratic += precision[:, i, j] * away[:, :, i] * away[:, :, j]
    log = -0.5 * (quadratic + log_determinant.T + d * np.log(2.0 * np.pi))
    largest = log.max(axis=1)
    return np.exp(log - largest[:, None]), largest


def _forward(models: Models, emission: FloatArray, ends: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return the filtered probabilities (n, k, r) and the scale of each session (n, r).

    A session is a matrix by which the row of probabilities before it is multiplied. The products
    within a block of sessions are made for all blocks at once, and then chained from block to
    block: a hundred steps in place of one for each session.
    """
    steps = models.transition * emission[:, None]
    steps[0] = np.eye(len(models.start))[:, :, None] * emission[0]  # the start is no move
    products = _blocks(steps)
    for j in range(1, BLOCK):
        joint = _product(products[:, j - 1], products[:, j])
        if j % 4 == 0:  # before it falls below what a double holds
            joint /= np.add.reduce(np.add.reduce(joint, axis=1), axis=1)[:, None, None]
        products[:, j] = joint
    entries, entry = [], models.start
    for last in products[:, -1]:
        entries.append(entry)
        entry = np.add.reduce(entry[:, None] * last, axis=0)
        entry = entry / np.add.reduce(entry, axis=0)
    rough = np.add.reduce(np.stack(entries)[:, None, :, None] * products, axis=2)
    rough = rough.reshape(-1, *emission.shape[1:])[: len(emission)]
    rough = rough / np.add.reduce(rough, axis=1)[:, None]
    predicted = np.concatenate([models.start[None], _moved(models, rough[:-1])])
    joint = predicted * emission
    scale = np.add.reduce(joint, axis=1)
    seen = _seen(len(emission), ends)
    return np.where(seen[:, None], joint / scale[:, None], 0.0), np.where(seen, scale, 1.0)


def _backward(
    models: Models, emission: FloatArray, scale: FloatArray, ends: IntArray
) -> FloatArray:
    """Return what later sessions add to each state's odds (n, k, r); 1 from the end on."""
    n, k, r = emission.shape
    steps = np.empty((n, k, k, r))
    steps[:] = np.eye(k)[:, :, None]
    ahead = _seen(n, ends)[1:, None, None]
    moves = models.transition * (emission / scale[:, None])[1:, None]
    steps[:-1] = np.where(ahead, moves, steps[:-1])
    products = _blocks(steps)
    for j in range(BLOCK - 2, -1, -1):
        products[:, j] = _product(products[:, j], products[:, j + 1])
    exits, odds = [], np.ones((k, r))
    for first in products[::-1, 0]:
        exits.append(odds)
        odds = np.add.reduce(first * odds, axis=1)
    backward = np.add.reduce(products * np.stack(exits[::-1])[:, None, None], axis=3)
    kept: FloatArray = backward.reshape(-1, k, r)[:n]
    return kept


def _blocks(steps: FloatArray) -> FloatArray:
    """Return the matrices of the sessions (n, k, k, r) in blocks, the last filled with identity."""
    n, k, _, r = steps.shape
    count = -(-n // BLOCK)
    blocks = np.empty((count * BLOCK, k, k, r))
    blocks[:n] = steps
    blocks[n:] = np.eye(k)[:, :, None]
    return blocks.reshape(count, BLOCK, k, k, r)


def _product(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return the matrix products of (b, k, k, r), element by element: no sum depends on r."""
    products: FloatArray = np.add.reduce(one[:, :, :, None] * other[:, None], axis=2)
    return products


def _moved(models: Models, probability: FloatArray) -> FloatArray:
    """Return the probabilities (n, k, r) one move later."""
    moved: FloatArray = np.add.reduce(probability[:, :, None] * models.transition, axis=1)
    return moved


def _expect(models: Models, x: FloatArray, ends: IntArray) -> _Expected:
    with np.errstate(all="ignore"):  # a model that fails is dropped by its likelihood
        emission, largest = _densities(models, x)
        forward, scale = _forward(models, emission, ends)
        backward = _backward(models, emission, scale, ends)
        seen = _seen(len(x), ends)
        ahead = (emission * backward / scale[:, None])[1:] * seen[1:, None]
        states = range(len(models.start))
        moves = np.stack([(forward[:-1, j, None] * ahead).sum(axis=0) for j in states])
        log = np.where(seen, np.log(scale) + largest, 0.0)
    return _Expected(
        log_likelihood=log.sum(axis=0),
        posterior=forward * backward,
        moves=moves * models.transition,
    )


def _seen(n: int, ends: IntArray) -> BoolArray:
    return np.arange(n)[:, None] < ends


def _maximise(found: _Expected, x: FloatArray) -> Models:
    weight = found.posterior
    with np.errstate(all="ignore"):  # an empty state makes its model fail
        total = weight.sum(axis=0)
        share = weight / total
        mean = np.stack([(share * x[:, None, i]).sum(axis=0) for i in range(x.shape[1])], axis=1)
        covariance = _covariance(share, x, mean)
        transition = found.moves / found.moves.sum(axis=1, keepdims=True)
    _floor(covariance)
    return Models(
        start=weight[0] / weight[0].sum(axis=0),
        transition=transition,
        mean=mean,
        covariance=covariance,
    )


def _covariance(share: FloatArray, x: FloatArray, mean: FloatArray) -> FloatArray:
    features = range(x.shape[1])
    away = [x[:, None, i] - mean[:, i] for i in features]
    rows = [[(share * away[i] * away[j]).sum(axis=0) for j in features] for i in features]
    return np.moveaxis(np.array(rows), 2, 0)
