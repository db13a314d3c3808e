"""How long to wait before trying again."""

import random


def full_jitter(attempt: int, *, base_seconds: float, cap_seconds: float) -> float:
    """Return a delay uniform below a ceiling that doubles with each attempt, counted from one."""
    ceiling = min(cap_seconds, base_seconds * 2 ** (attempt - 1))
    return random.uniform(0.0, ceiling)  # noqa: S311 - spreads load, guards nothing
