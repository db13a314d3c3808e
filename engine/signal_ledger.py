"""The share-exact ledger of entries, stops and exits: signals in, the ledger's accounts out.

Sessions and decisions follow each other in order of time. On a session of a market:

1. At its open sell what is to be left, what gapped through its stop, what is sold early by then;
   with the proceeds buy what was decided before that open, best first.
2. Within it fill buy stops, then stops and targets, by the rules of `engine.brackets`.

At a decision: value the account at what is known, note what is to be left, and let the best
entries wait for the next session of their market, as many as there are places. An entry that is
not made then is gone; a stop stands until the position is sold.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from engine.account import Account
from engine.cash_rates import require_cash_rates
from engine.costs import CostModel
from engine.decide import Targets
from engine.execution import FillPolicy
from engine.ledger import Ledger, base_row, close_ledger, require_rates, settle_terms
from engine.panel import NEVER, Panel
from engine.signal_trader import Trader
from engine.types import FloatArray

CHECK_EVERY: Final = 32  # decisions between two looks at whether to go on


def simulate_signals(
    panel: Panel,
    targets: Targets,
    *,
    costs: CostModel,
    whole_shares: bool,
    capital: float,
    first_row: int,
    last_row: int,
    extra_slippage: FloatArray | None = None,
    checkpoint: Callable[[float], None] | None = None,
) -> Ledger:
    """Trade `targets.signals` from `first_row` to `last_row` with `capital` in base currency.

    The ledger's weights are what the account is to hold after each decision, at its prices.
    `extra_slippage` (m,) comes on top of the model's, in bps.
    Raises BrokenIdentity when the accounts do not add up, MissingData where a rate is unknown.
    """
    policy = FillPolicy.NEXT_OPEN
    terms = settle_terms(panel, costs, policy, last_row, whole_shares)
    terms = replace(terms, extra_slippage=extra_slippage)
    base = base_row(panel, targets, policy, first_row)
    require_rates(panel, _wanted(targets), base, last_row)
    require_cash_rates(panel, costs, base, last_row)
    nothing = np.zeros(len(panel.symbols))
    # A stop of one share says nothing of another: who leaves by stops takes cash.
    account = Account(terms=terms, cash=capital, quantity=nothing, row=base, takes_shares=False)
    account.snapshot()
    trader = Trader(account=account, targets=targets)
    for _, is_decision, row, number in _events(panel, targets, last_row):
        if not is_decision:
            trader.trade(row, number)
            continue
        trader.decide(number)
        if checkpoint is not None and number % CHECK_EVERY == 0:
            checkpoint(number / len(targets.rows))
    trader.end(last_row)
    ledger = close_ledger(
        account,
        targets,
        weights=np.array(trader.weights).reshape(targets.weights.shape),
        equity=np.array(trader.equity),
        base=base,
        capital=capital,
        unpriced=trader.unpriced,
    )
    return replace(ledger, risks=tuple(trader.risks))


def _wanted(targets: Targets) -> Targets:
    """Return targets whose weights name every asset that may be bought."""
    weights = np.zeros_like(targets.weights)
    for k, signals in enumerate(targets.signals):
        weights[k, signals.asset] = 1.0
    return replace(targets, weights=weights)


def _events(panel: Panel, targets: Targets, last_row: int) -> Iterator[tuple[int, bool, int, int]]:
    """Yield sessions (instant of the close, False, row, market) and decisions in order of time.

    A decision at the very close of a session follows it.
    """
    decided = dict(zip(targets.rows.tolist(), range(len(targets.rows)), strict=True))
    first = int(targets.rows[0]) if len(targets.rows) else last_row + 1
    for row in range(first, last_row + 1):
        closes, opens = panel.closes_at[row].tolist(), panel.opens_at[row].tolist()
        events = [
            (close, False, row, market)
            for market, (close, opening) in enumerate(zip(closes, opens, strict=True))
            if opening != NEVER and close != NEVER
        ]
        if row in decided:
            k = decided[row]
            events.append((int(targets.instants[k]), True, row, k))
        yield from sorted(events)
