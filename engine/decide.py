"""From a panel and a strategy to dated target weights."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from engine.errors import EngineError, InsufficientHistory, MissingData, Refused
from engine.option_positions import Structure
from engine.panel import AnyArray, Panel, Window
from engine.returns import MAX_GAP
from engine.schedule import (
    DecisionClock,
    Rebalance,
    decision_instants,
    decision_rows,
    primary_rows,
)
from engine.signals import Signals
from engine.strategies.base import Decision, Strategy
from engine.types import BoolArray, FloatArray, IntArray

Checkpoint = Callable[[float, str], None]


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Decisions in order; cash is what the weights of a row leave to 1."""

    rows: IntArray  # (d,) panel rows of the decisions
    instants: IntArray  # (d,) ns UTC
    weights: FloatArray  # (d, m)
    reasons: Mapping[str, int]  # why assets were passed over, counted over all decisions
    flags: tuple[str, ...] = ()  # of any decision, in the order they first arose
    diagnostics: Mapping[str, Any] = field(default_factory=dict)  # by topic, the latest of each
    learnt: Mapping[str, AnyArray] = field(default_factory=dict)  # the latest model's tables
    signals: tuple[Signals, ...] = ()  # (d,) where the strategy is of kind `signals`
    opens: tuple[Structure | None, ...] = ()  # (d,) where any opens options
    # By panel row the decisions that are all cash because a method had no answer.
    refused: Mapping[int, Refused] = field(default_factory=dict)
    # By panel row the assets (m,) whose holdings that decision leaves as they are.
    keep: Mapping[int, BoolArray] = field(default_factory=dict)

    @property
    def by_ledger(self) -> bool:
        """Whether only the ledger can trade them: the kernel knows neither stops nor options."""
        return bool(self.signals or self.opens)

    def select(self, chosen: BoolArray) -> "Targets":
        """Return the decisions that are chosen, (d,); what was counted over all stays."""
        return replace(
            self,
            rows=self.rows[chosen],
            instants=self.instants[chosen],
            weights=self.weights[chosen],
            signals=tuple(s for s, kept in zip(self.signals, chosen, strict=False) if kept),
            opens=tuple(s for s, kept in zip(self.opens, chosen, strict=False) if kept),
        )

    def scaled(self, scales: FloatArray) -> "Targets":
        """Return the decisions times a scale (d,) each; entries become so much smaller.

        What a decision would have left as it was is scaled with the rest.
        """
        sized = (
            replace(s, scale=s.scale * float(k)) for s, k in zip(self.signals, scales, strict=False)
        )
        weights = self.weights * scales[:, None]
        return replace(self, weights=weights, signals=tuple(sized), keep={})


def join_targets(parts: Sequence[Targets]) -> Targets:
    """Return the decisions of all parts in order, with the last part's account of them."""
    return replace(
        parts[-1],
        rows=np.concatenate([part.rows for part in parts]),
        instants=np.concatenate([part.instants for part in parts]),
        weights=np.vstack([part.weights for part in parts]),
        signals=tuple(signals for part in parts for signals in part.signals),
        opens=_joined([part.opens or (None,) * len(part.rows) for part in parts]),
        refused={row: refusal for part in parts for row, refusal in part.refused.items()},
        keep={row: kept for part in parts for row, kept in part.keep.items()},
    )


def _joined(parts: Sequence[tuple[Structure | None, ...]]) -> tuple[Structure | None, ...]:
    opened = tuple(each for part in parts for each in part)
    return opened if any(opened) else ()


def decide(
    panel: Panel,
    strategy: Strategy[Any],
    *,
    first_row: int,
    last_row: int,
    rebalance: Rebalance,
    clock: DecisionClock,
    checkpoint: Checkpoint | None = None,
) -> Targets:
    """Let ``strategy`` decide on each of its days, seeing only what was known at that instant.

    1. Decide at ``first_row`` if the warm-up reaches it, else at the first later session it does.
    2. From there decide by the calendar of the primary market, up to ``last_row``.
    3. Lend each decision the window that ends with it (`lend`); pass the strategy's state along.

    Raises MissingData when a panel the strategy needs is not there, InsufficientHistory when no
    decision is possible before ``last_row``.
    """
    require_inputs(panel, strategy)
    rows = decision_calendar(panel, strategy, first_row, last_row, rebalance)
    instants = decision_instants(panel, rows, clock)
    made: list[tuple[int, Decision]] = []
    refused: dict[int, Refused] = {}
    for position, (decision, _, refusal) in enumerate(ask_all(panel, strategy, rows, instants)):
        if refusal is not None:
            refused[int(rows[position])] = refusal
        if decision is not None:
            made.append((position, decision))
        if checkpoint is not None:
            checkpoint((position + 1) / len(rows), "deciding")
    targets = replace(_targets(panel, rows, instants, made), refused=refused)
    _require_sign(strategy, targets)
    return targets


Answer: TypeAlias = tuple[Decision | None, Any, Refused | None]


def ask_all(
    panel: Panel, strategy: Strategy[Any], rows: IntArray, instants: IntArray, state: Any = None
) -> Iterator[Answer]:
    """Yield what `ask` returns for each decision, made together where the strategy can.

    Of several that were made together each comes with the state behind the last of them.
    """
    at = 0
    while at < len(rows):
        together, following = strategy.decide_together(panel, rows[at:], instants[at:], state)
        if together:
            yield from ((decision, following, None) for decision in together)
            state = following
        else:
            window = lend(panel, strategy, int(rows[at]), int(instants[at]))
            answer = ask(strategy, window, state)
            yield answer
            state = answer[1]
        at += max(len(together), 1)


def ask(strategy: Strategy[Any], window: Window, state: Any) -> Answer:
    """Return the decision, the next state, and why the decision is all cash where it had to be.

    That a method has no answer is no end to the run: what is held instead is its own policy
    (`engine.limits`). The state stays as it was.
    """
    try:
        decision, following = strategy.decide(window, state)
    except Refused as refusal:
        return Decision(np.zeros(len(window.symbols))), state, refusal
    return decision, following, None


def _require_sign(strategy: Strategy[Any], targets: Targets) -> None:
    if not strategy.shorts and (targets.weights < 0.0).any():
        raise EngineError(
            f"{strategy.key} asked for a weight of {targets.weights.min():.4f}; "
            "it must not sell short"
        )


def require_inputs(panel: Panel, strategy: Strategy[Any]) -> None:
    """Raise MissingData, naming the panel, where one that ``strategy`` needs is not there."""
    for name in strategy.inputs():
        if name not in panel.extra or not len(panel.extra[name].day):
            raise MissingData(
                f"{strategy.key} needs the panel {name}, of which nothing is stored; import it"
            )


def lend(panel: Panel, strategy: Strategy[Any], row: int, instant: int) -> Window:
    """Return what `strategy` sees on `row`: its warm-up, and where there are some, a few rows more.

    An asset whose market was closed on the last of the rows, or has yet to close, is judged by
    its own last session, which may lie before a short warm-up.
    """
    return panel.window(row, min(row + 1, strategy.warmup + MAX_GAP), instant)


def decision_calendar(
    panel: Panel, strategy: Strategy[Any], first_row: int, last_row: int, rebalance: Rebalance
) -> IntArray:
    """Return the rows on which `strategy` is asked, by rules 1 and 2 of `decide`."""
    trading = primary_rows(panel)
    ready = max(first_row, strategy.warmup - 1)
    start = int(np.searchsorted(trading, ready))
    stop = int(np.searchsorted(trading, last_row, side="right"))
    if start == len(trading) or trading[start] >= last_row:
        raise InsufficientHistory(
            f"{strategy.key} needs {strategy.warmup} sessions before it can decide; "
            f"the run offers {last_row} before its last"
        )
    calendar = decision_rows(
        panel.session[trading],
        rebalance,
        first_row=start + 1,
        last_row=stop - 1,
        offset=strategy.parameters.offset,
        market=panel.markets[0],
    )
    rows: IntArray = trading[np.concatenate([[start], calendar])]
    return rows


def _targets(
    panel: Panel, rows: IntArray, instants: IntArray, made: list[tuple[int, Decision]]
) -> Targets:
    chosen = np.array([position for position, _ in made], np.int64)
    reasons: Counter[str] = Counter()
    flags: dict[str, None] = {}
    diagnostics: dict[str, Any] = {}
    learnt: Mapping[str, AnyArray] = {}
    weights = np.zeros((len(made), len(panel.symbols)))
    for i, (_, decision) in enumerate(made):
        weights[i] = decision.weights
        reasons.update(decision.reasons)
        flags.update(dict.fromkeys(decision.flags))
        diagnostics.update(decision.diagnostics)
        learnt = decision.learnt or learnt
    opened = tuple(each.opens for _, each in made)
    return Targets(
        rows=rows[chosen],
        instants=instants[chosen],
        weights=weights,
        reasons=reasons,
        flags=tuple(flags),
        diagnostics=diagnostics,
        learnt=learnt,
        signals=tuple(each.signals for _, each in made if each.signals is not None),
        opens=opened if any(opened) else (),
        keep={int(rows[at]): each.keep for at, each in made if each.keep is not None},
    )
