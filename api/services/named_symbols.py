"""Symbols that parameters name: what they choose among must be in the run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from api.errors import ClientError, MissingData
from api.services.market import unknown_symbols
from api.services.parameters import PARAMETERS
from api.services.strategies import StrategyEntry

Path: TypeAlias = tuple[str, ...]
PRIMARY: Path = (*PARAMETERS, "primary_parameters")


def named_symbols(entry: StrategyEntry, parameters: Mapping[str, Any]) -> set[str]:
    """Return every symbol named, those of a wrapped strategy as well."""
    return {symbol for _, _, _, symbols in _named(entry, parameters) for symbol in symbols}


def strangers(
    entry: StrategyEntry, parameters: Mapping[str, Any], symbols: Sequence[str]
) -> Iterator[ClientError]:
    """Refuse what parameters name and the run does not have."""
    for each, field, by_default, named in _named(entry, parameters):
        missing = sorted(set(named) - set(symbols))
        if missing and by_default:
            # Nobody named it, so nobody misspelt it.
            yield MissingData(
                f"{each.key} needs {', '.join(missing)} among the assets of the run; add it, or "
                f"name what stands for it in {field[-1]}",
                field=field,
            )
        elif missing:
            error = unknown_symbols(missing, field=field)
            told = str(error).partition(", which")[0]
            yield type(error)(
                f"{told}, which is no asset of this run; name only what it chooses from",
                field=field,
            )


def _named(
    entry: StrategyEntry, parameters: Mapping[str, Any]
) -> Iterator[tuple[StrategyEntry, Path, bool, Sequence[str]]]:
    """Yield each list of symbols with where it stands and whether that is its default."""
    wrapped = [(each, own, PRIMARY) for each, own in entry.wrapped(parameters)]
    for each, own, path in [(entry, parameters, PARAMETERS), *wrapped]:
        for name in each.symbol_parameters:
            by_default = own[name] == each.default_parameters[name]
            yield each, (*path, name), by_default, own[name]
