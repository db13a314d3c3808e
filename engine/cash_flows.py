"""Returns of money that came and went: weighted by time, by money, and by simple interest."""

from typing import Final, NamedTuple

import numpy as np

from engine.types import FloatArray, IntArray

DAYS: Final = 365.0
RATES: Final = (-0.9999, 10.0)  # where a yearly rate is looked for
PROBES: Final = 4096
HALVINGS: Final = 80  # enough to narrow any probe's step below 1e-12


class Rate(NamedTuple):
    """A yearly rate, or None and the reason."""

    value: float | None
    reason: str | None = None


def time_weighted_return(values: FloatArray, flows: FloatArray) -> float:
    """Return the growth of one unit of money that stayed throughout.

    Parameters
    ----------
    values : ndarray of shape (k,)
        Value at the end of each session, flows included.
    flows : ndarray of shape (k,)
        Money put in (positive) or taken out at the start of each session; the first is in the
        first value already.
    """
    growth = values[1:] / (values[:-1] + flows[1:])
    return float(np.prod(growth) - 1.0)


def money_weighted_rate(flows: FloatArray, days: IntArray) -> Rate:
    """Return the yearly rate x that solves ``sum CF_k (1 + x)^(-d_k / 365) = 0``.

    Parameters
    ----------
    flows : ndarray of shape (k,)
        From the investor's side: deposits negative, the final value positive.
    days : ndarray of shape (k,)
        Days since 1970-01-01 of the flows; the first flow comes first.

    Returns
    -------
    Rate
        Without a value when all flows point one way, when more than one rate fits, or when none
        between -99.99 % and 1000 % does.
    """
    years = (days - days[0]) / DAYS
    if not (flows.min() < 0.0 < flows.max()):
        return Rate(None, "flows of one sign only")
    probes = np.linspace(*RATES, PROBES)
    worth = (flows * (1.0 + probes[:, None]) ** -years).sum(axis=1)
    crossings = np.flatnonzero((worth[1:] > 0.0) != (worth[:-1] > 0.0))
    if len(crossings) != 1:
        return Rate(None, "multiple roots" if len(crossings) else "no rate fits")
    at = int(crossings[0])
    return Rate(_bisect(flows, years, float(probes[at]), float(probes[at + 1])))


def modified_dietz(start: float, end: float, flows: FloatArray, ages: FloatArray) -> float | None:
    """Return the simple return of a span under a year, each flow weighted by its share of it.

    ``flows`` are deposits (positive) and ``ages`` the fraction of the span each was invested, both
    of shape (k,). None when no money was at work.
    """
    at_work = start + float((flows * ages).sum())
    return (end - start - float(flows.sum())) / at_work if at_work > 0.0 else None


def _bisect(flows: FloatArray, years: FloatArray, low: float, high: float) -> float:
    rising = (flows * (1.0 + high) ** -years).sum() > 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        above = (flows * (1.0 + middle) ** -years).sum() > 0.0
        low, high = (low, middle) if above == rising else (middle, high)
    return (low + high) / 2.0
