"""What is sent beside a document: bounded before anything reads a type into it."""

from collections.abc import Mapping
from typing import Any, Final

from api.limits import Limits

# The one text that is a file.
CSV: Final = "csv"


def excesses(variables: Mapping[str, Any], limits: Limits) -> list[str]:
    """Return what is too large among the variables, before anything reads a type into them."""
    found: set[str] = set()
    for name, value in variables.items():
        _measure(value, name, 0, limits, found)
    return sorted(found)


def _measure(value: Any, name: str, level: int, limits: Limits, found: set[str]) -> None:
    if isinstance(value, str):
        most = limits.csv_characters if name == CSV else limits.string_characters
        if len(value) > most:
            found.add(f"a text had {len(value):,} characters; write at most {most:,}")
    elif isinstance(value, dict | list):
        if level >= limits.input_levels:
            found.add(f"the variables were nested deeper than {limits.input_levels} levels")
            return
        if len(value) > limits.list_items:
            found.add(f"a list had {len(value):,} items; send at most {limits.list_items:,}")
            return
        within = value.items() if isinstance(value, dict) else ((name, item) for item in value)
        for key, item in within:
            _measure(item, key, level + 1, limits, found)
