"""Named panels: which stored rows each is made of."""

from collections.abc import Iterable, Mapping, Sequence

from models.fingerprint import Scope

# Monthly returns of Kenneth French's library, as fractions.
FACTOR_PANELS: Mapping[str, tuple[str, ...]] = {
    "FF3": ("Mkt-RF", "SMB", "HML", "RF"),
    "FF5": ("Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"),
}
# One figure a day.
DAILY_PANELS = ("VIX", "VIX3M", "US10Y_REAL")
# One figure a day for each symbol; a day without one is a zero.
SYMBOL_PANELS = ("NEWS_FLAG",)
PANELS = (*FACTOR_PANELS, *DAILY_PANELS, *SYMBOL_PANELS)


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
