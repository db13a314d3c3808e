"""What no skill would have made of the same assets: equal shares of all, and buying them once."""

from dataclasses import replace
from typing import Any, Final

from engine.backtest import Constraints, Request, account, decided
from engine.decide import Checkpoint
from engine.errors import BrokenIdentity, EngineError
from engine.ledger import Ledger
from engine.metrics import measure
from engine.panel import Panel
from engine.report import risk_free
from engine.schedule import Rebalance
from engine.strategies.base import Circumstances, Strategy
from engine.strategies.buy_and_hold import BuyAndHold, BuyAndHoldParameters
from engine.strategies.equal_weight import EqualWeight, EqualWeightParameters

FIGURES: Final = ("cagr", "volatility", "sharpe", "max_drawdown")


def yardsticks(
    panel: Panel, request: Request, own: Ledger, *, checkpoint: Checkpoint
) -> dict[str, dict[str, float | None]]:
    """Return the figures of a run beside equal weight and buy and hold of its assets.

    Parameters
    ----------
    panel : Panel
        The market of the run.
    request : Request
        Its terms: days, capital, costs, fill and clock are the yardsticks' too. Its limits and its
        rebalance are not: equal weights are restored every month.
    own : Ledger
        The run's account.

    Returns
    -------
    dict
        Figures by portfolio; each yardstick at the costs of the run and, named so, without any.
        None where one is undefined, or where a yardstick's account was ruined.

    References
    ----------
    DeMiguel, V., Garlappi, L. & Uppal, R. (2009). Optimal Versus Naive Diversification. Review of
    Financial Studies, 22(5).
    """
    found = {"this_run": _figures(panel, own)}
    plain = replace(
        request, rebalance=Rebalance.MONTHLY, constraints=Constraints(), overlay_vol_target=None
    )
    naive = _naive(request)
    for done, (name, strategy) in enumerate(naive.items()):
        terms = replace(plain, strategy=strategy)
        chosen = decided(panel, terms, lambda *_: None)
        free = replace(terms, costs=request.costs.without_costs())
        for suffix, each in (("", terms), ("_without_costs", free)):
            try:
                found[name + suffix] = _figures(panel, account(panel, chosen, each))
            except BrokenIdentity:
                raise
            except EngineError:
                found[name + suffix] = dict.fromkeys(FIGURES)
        checkpoint((done + 1) / len(naive), "holding everything alike")
    return found


def _naive(request: Request) -> dict[str, Strategy[Any]]:
    told = Circumstances(costs=request.costs, capital=request.capital)
    return {
        "equal_weight": EqualWeight(EqualWeightParameters(), told),
        "buy_and_hold": BuyAndHold(BuyAndHoldParameters(), told),
    }


def _figures(panel: Panel, ledger: Ledger) -> dict[str, float | None]:
    books = ledger.books
    measured = measure(books.equity, books.session, rf=risk_free(panel, ledger))
    return {name: getattr(measured, name) for name in FIGURES}
