"""Named panels: which stored rows each is made of."""

from collections.abc import Iterable, Mapping, Sequence

from models.fingerprint import Scope

_THREE = ("Mkt-RF", "SMB", "HML", "RF")
_FIVE = ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF")
# Monthly returns of Kenneth French's library, as fractions; of the US where no region is named.
FACTOR_PANELS: Mapping[str, tuple[str, ...]] = {
    "FF3": _THREE,
    "FF5": _FIVE,
    "FF3_DEVELOPED_EX_US": _THREE,
    "FF5_DEVELOPED_EX_US": _FIVE,
    "FF3_ASIA_PACIFIC": _THREE,
    "FF5_ASIA_PACIFIC": _FIVE,
}
# Measured in US dollars, of shares that are not quoted in them: whoever reads these needs rates.
DOLLAR_PANELS = frozenset(FACTOR_PANELS) - {"FF3", "FF5"}
# One figure a day.
DAILY_PANELS = ("VIX", "VIX3M", "US10Y_REAL")
# One figure a day for each symbol; a day without one is a zero.
SYMBOL_PANELS = ("NEWS_FLAG",)
PANELS = (*FACTOR_PANELS, *DAILY_PANELS, *SYMBOL_PANELS)
# What a central bank set as the rate of its currency's cash, percent a year by day.
CASH_RATES = {"AUD": "AU_CASH_RATE", "USD": "US_CASH_RATE"}
# The currency whose bills we know; other currencies' cash is not theirs.
BILLS = ("USD",)
# Days for which a rate stands: boards meet every eight weeks at the latest, and say so each time.
CASH_RATE_REACH = 62
IMPORTED = (*PANELS, *CASH_RATES.values())


def series_of(name: str, symbols: Sequence[str]) -> list[str]:
    """Return the stored series a panel without factors is made of."""
    return [f"{name}/{symbol}" for symbol in symbols] if name in SYMBOL_PANELS else [name]


def stored_as(names: Iterable[str], symbols: Sequence[str]) -> dict[Scope, list[str]]:
    """Return the fingerprinted keys of these panels, for a run of these symbols."""
    keys: dict[Scope, list[str]] = {Scope.FACTORS: [], Scope.MACRO: []}
    for name in names:
        if name in FACTOR_PANELS:
            keys[Scope.FACTORS].append(name)
        else:
            keys[Scope.MACRO] += series_of(name, symbols)
    return keys
