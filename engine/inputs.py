"""Which named panels parameters need. Plain Python: the API asks too."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

# A panel, and the values of the parameters under which it is needed; none of them: always.
Input: TypeAlias = tuple[str, Mapping[str, Any]]
GIVEN: Final = "*"  # any value of a parameter that may be left empty


def panels_needed(inputs: Iterable[Input], parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the panels these parameters need, each once, in the order declared."""
    needed = (name for name, when in inputs if _holds(when, parameters))
    return tuple(dict.fromkeys(needed))


def _holds(when: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    return all(
        parameters[name] is not None if value == GIVEN else parameters[name] == value
        for name, value in when.items()
    )
