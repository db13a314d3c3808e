"""What was exported from the engine for a process that does not load it."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson

CATALOGUE = Path(__file__).parents[1] / "catalogue.json"


@cache
def exported() -> dict[str, Any]:
    """Return strategies, scanners and the edition of the calendars, as they were written."""
    exported: dict[str, Any] = orjson.loads(CATALOGUE.read_bytes())
    return exported
