"""What the known factors explain of a finished run, month by month."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.market import MONTHLY, RISK_FREE
from api.services.named_panels import FACTOR_PANELS
from engine.regression import MIN_MONTHS, factor_regression
from engine.types import FloatArray
from models.backtest import Backtest
from models.published_series import FactorReturnRepository

SETS: Final = ("FF5", "FF3")  # the first that covers enough of a run is taken
EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Factors:
    """A set of monthly factors by months since 1970-01; NaN where one is unknown."""

    name: str
    factors: tuple[str, ...]
    month: Mapping[int, int]  # month to row
    values: FloatArray  # (k, f + 1), the risk-free return last


async def stored_factors(session: AsyncSession, run: Backtest) -> list[Factors]:
    """Return the sets of factors that were known to the run."""
    return [await _set(session, name, run) for name in SETS]


async def _set(session: AsyncSession, name: str, run: Backtest) -> Factors:
    wanted = [factor for factor in FACTOR_PANELS[name] if factor != RISK_FREE]
    columns = await FactorReturnRepository(session).columns(
        [*wanted, RISK_FREE],
        factor_set=name,
        frequency=MONTHLY,
        end=run.end_on,
        known_at=run.known_at,
    )
    by_month = [
        dict(zip(map(_month, each.days), each.values, strict=True))
        for each in (columns[factor] for factor in (*wanted, RISK_FREE))
    ]
    months = sorted(set().union(*by_month))
    values = np.array([[each.get(month, np.nan) for each in by_month] for month in months])
    return Factors(
        name=name,
        factors=tuple(wanted),
        month={month: row for row, month in enumerate(months)},
        values=values.reshape(len(months), len(by_month)),
    )


def _month(day: int) -> int:
    at = date.fromordinal(EPOCH.toordinal() + day)
    return (at.year - EPOCH.year) * 12 + at.month - 1


def explained(
    monthly: Sequence[tuple[int, int, float, float | None]],
    partial: Sequence[bool],
    known: Sequence[Factors],
) -> dict[str, Any]:
    """Return alpha and loadings over the whole months of a run, as a topic of its diagnostics.

    `partial` tells of its first and its last month. A set that covers fewer than 24 of the months
    says so, and nothing is said where nothing is stored.
    """
    months = list(monthly)[int(partial[0]) : len(monthly) - int(partial[1])]
    sets = [each for each in known if each.month]
    if not sets:
        return {}
    tried = [_regressed(months, each) for each in sets]
    return {"factor_regression": next((each for each in tried if "alpha" in each), tried[-1])}


def _regressed(
    months: Sequence[tuple[int, int, float, float | None]], known: Factors
) -> dict[str, Any]:
    rows = [
        (value, known.values[row])
        for year, month, value, _ in months
        if (row := known.month.get((year - EPOCH.year) * 12 + month - 1)) is not None
    ]
    returns = np.array([value for value, _ in rows])
    values = np.array([factors for _, factors in rows]).reshape(len(rows), len(known.factors) + 1)
    found = factor_regression(returns, values[:, -1], values[:, :-1])
    told = {"factors": known.name, "months": found.months}
    if found.months < MIN_MONTHS or math.isnan(found.alpha):
        return told | {"undefined": f"fewer than {MIN_MONTHS} whole months beside the factors"}
    by_factor = zip(known.factors, found.loadings, found.loading_t_stats, strict=True)
    return told | {
        "alpha": _known(found.alpha),
        "alpha_t_stat": _known(found.alpha_t_stat),
        "r_squared": _known(found.r_squared),
        "loadings": [
            {"factor": factor, "loading": _known(loading), "t_stat": _known(t_stat)}
            for factor, loading, t_stat in by_factor
        ],
    }


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
