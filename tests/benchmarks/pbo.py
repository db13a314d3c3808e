"""The probability of backtest overfitting: 1,000 trials of 5,040 sessions in all 12,870 splits."""

import statistics
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from engine.cscv import BLOCKS, Cscv, cscv
from engine.types import FloatArray
from tests.benchmarks.figure import Check, Figure, alternate, spell

TRIALS, SESSIONS = 1_000, 5_040
ROUNDS = 5
TARGET_SECONDS = 3.0
JOINED = 40  # splits the peer works out, evenly spread over all of them


def make_returns() -> FloatArray:
    """Return trials that share a market, as those of a sweep do."""
    rng = np.random.default_rng(5)
    shared = rng.normal(0.0003, 0.008, (SESSIONS, 1))
    returns: FloatArray = shared + rng.normal(0.0, 0.006, (SESSIONS, TRIALS))
    return returns


def joined(returns: FloatArray, splits: list[int]) -> FloatArray:
    """Return the logit of each split by joining its halves' rows and taking their moments."""
    blocks = np.split(returns, BLOCKS)
    halves = list(combinations(range(BLOCKS), BLOCKS // 2))
    logits = []
    for split in splits:
        inside = _sharpes([blocks[k] for k in halves[split]])
        outside = _sharpes([blocks[k] for k in range(BLOCKS) if k not in halves[split]])
        rank = 1 + np.count_nonzero(outside < outside[np.argmax(inside)])
        logits.append(np.log(rank / (TRIALS + 1 - rank)))
    return np.array(logits)


def _sharpes(blocks: list[FloatArray]) -> FloatArray:
    rows = np.concatenate(blocks)
    sharpes: FloatArray = rows.mean(axis=0) / rows.std(axis=0, ddof=1)
    return sharpes


def figures() -> Iterator[Figure]:
    returns = make_returns()
    found = _required(returns)
    splits = np.linspace(0, len(found.logits) - 1, JOINED).astype(int).tolist()
    ours, theirs = alternate(
        [lambda: cscv(returns), lambda: joined(returns, splits)], rounds=ROUNDS
    )
    seconds = statistics.median(ours)
    whole = statistics.median(theirs) * len(found.logits) / JOINED
    error = float(np.abs(found.logits[splits] - joined(returns, splits)).max())
    yield Figure(
        name=f"PBO, {len(found.logits):,} splits of {TRIALS:,} x {SESSIONS:,}",
        ours=spell(seconds),
        peer=f"joining halves {spell(whole)}",
        ratio=f"{whole / seconds:.0f}x",
        target=f"<= {TARGET_SECONDS:.0f} s",
        met=seconds <= TARGET_SECONDS,
        checks=[Check(what=f"logits equal those of {JOINED} joined", error=error, bound=1e-9)],
        notes=[
            f"PBO of trials without skill {found.pbo:.3f}; the peer's time is of {JOINED} splits"
        ],
    )


def _required(returns: FloatArray) -> Cscv:
    found = cscv(returns)
    if found is None:
        raise ValueError("no split was possible")
    return found
