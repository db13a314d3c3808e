"""Expected returns from a reference portfolio and views, each with its confidence.

References
----------
Black, F. & Litterman, R. (1992). Global Portfolio Optimization. Financial Analysts Journal, 48(5).
He, G. & Litterman, R. (1999). The Intuition Behind Black-Litterman Model Portfolios.
Idzorek, T. (2005). A Step-by-Step Guide to the Black-Litterman Model.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.errors import Infeasible
from engine.types import FloatArray

RISK_AVERSION: Final = 2.5
TAU: Final = 0.05  # how uncertain the reference is, as a share of the covariance
SKILL: Final = 0.05  # correlation of a score with the return of the next month
MONTH: Final = 21
EVEN: Final = 0.5  # confidence
ALIKE: Final = 1e-8  # deviation of scores below which they tell nothing apart


@dataclass(frozen=True, kw_only=True)
class Views:
    """What is believed of v portfolios of k assets: `portfolios @ returns = expected`."""

    portfolios: FloatArray  # (v, k)
    expected: FloatArray  # (v,)
    confidence: FloatArray  # (v,) above 0; 1 is certain, 1/2 as uncertain as the reference


@dataclass(frozen=True, kw_only=True)
class Posterior:
    expected: FloatArray  # (k,)
    covariance: FloatArray  # (k, k) of returns, what is unsure about the expectation included


def equilibrium(
    covariance: FloatArray, reference: FloatArray, *, risk_aversion: float = RISK_AVERSION
) -> FloatArray:
    """Return the expected returns (k,) that would make `reference` the best portfolio."""
    implied: FloatArray = risk_aversion * (covariance @ reference)
    return implied


def posterior(
    covariance: FloatArray,
    prior: FloatArray,
    views: Views,
    *,
    tau: float = TAU,
) -> Posterior:
    """Blend `prior` (k,) with the views.

    In the form that inverts only the views' own covariance, so that a view held with certainty is
    one like the others: ``prior + tau C P' (P tau C P' + Omega)^-1 (Q - P prior)`` with
    ``Omega = diag(P tau C P') (1 - c) / c``.

    Raises
    ------
    Infeasible
        When a confidence is not in (0, 1], or certain views contradict or repeat each other.
    """
    confidence, picks = views.confidence, views.portfolios
    if not ((confidence > 0.0) & (confidence <= 1.0)).all():
        raise Infeasible(f"confidence must be above 0 and at most 1, {confidence.tolist()} found")
    if not len(picks):
        return Posterior(expected=prior, covariance=covariance)
    uncertain = tau * covariance
    spread = picks @ uncertain @ picks.T
    doubt = np.diag(spread.diagonal() * (1.0 - confidence) / confidence)
    try:
        gain = np.linalg.solve(spread + doubt, picks @ uncertain).T
    except np.linalg.LinAlgError as e:
        raise Infeasible("views held with certainty repeat or contradict each other") from e
    expected = prior + gain @ (views.expected - picks @ prior)
    left = uncertain - gain @ picks @ uncertain
    return Posterior(expected=expected, covariance=covariance + (left + left.T) / 2.0)


def score_alphas(covariance: FloatArray, scores: FloatArray) -> FloatArray:
    """Return the returns (k,) scores promise per session: skill times volatility times score.

    Scores are standardised across the assets; all alike they promise nothing. `covariance` (k, k)
    is per session.

    References
    ----------
    Grinold, R. (1994). Alpha is Volatility Times IC Times Score. Journal of Portfolio Management.
    """
    spread = float(scores.std()) if len(scores) else 0.0
    if not spread > ALIKE:
        return np.zeros(len(scores))
    standard = (scores - scores.mean()) / spread
    alphas: FloatArray = SKILL / np.sqrt(MONTH) * np.sqrt(covariance.diagonal()) * standard
    return alphas


def views_of_scores(covariance: FloatArray, prior: FloatArray, scores: FloatArray) -> Views:
    """Return a view on each asset: `prior` and what its score promises, with even confidence.

    Scores all alike are no view.
    """
    alphas = score_alphas(covariance, scores)
    held = len(scores) if alphas.any() else 0
    return Views(
        portfolios=np.eye(len(scores))[:held],
        expected=(prior + alphas)[:held],
        confidence=np.full(held, EVEN),
    )


def free_weights(believed: Posterior, *, risk_aversion: float = RISK_AVERSION) -> FloatArray:
    """Return the weights (k,) that suit `believed` best where nothing limits them."""
    weights = np.linalg.solve(risk_aversion * believed.covariance, believed.expected)
    return np.asarray(weights, np.float64)
