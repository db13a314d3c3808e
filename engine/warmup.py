"""How much history a decision needs, by terms of its parameters. Plain Python: the API asks too."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

# Sessions, and how many more for each unit of the parameters named.
Term: TypeAlias = tuple[int, Mapping[str, int]]


def sessions_needed(terms: Iterable[Term], parameters: Mapping[str, Any]) -> int:
    """Return the most that any term asks for, the decision's own session included.

    A term that names a parameter left empty asks for nothing.
    """
    return max((_asked(term, parameters) for term in terms), default=1)


def deciding_parameter(terms: Sequence[Term], parameters: Mapping[str, Any]) -> str | None:
    """Return the parameter that adds most to the longest term; None where none does."""
    _, factors = max(terms, key=lambda term: _asked(term, parameters))
    added = {name: factor * (parameters[name] or 0) for name, factor in factors.items()}
    largest = max(added, key=added.__getitem__, default=None)
    return largest if largest is not None and added[largest] > 0 else None


def _asked(term: Term, parameters: Mapping[str, Any]) -> int:
    sessions, factors = term
    if any(parameters[name] is None for name in factors):
        return 1
    return sessions + sum(factor * int(parameters[name]) for name, factor in factors.items())
