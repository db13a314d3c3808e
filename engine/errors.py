"""What the engine refuses.

EngineError
 x PanelError            the arrays cannot be a market: say which field and where
 x InvalidParameters     a strategy's parameters contradict each other
 x InsufficientHistory   no decision is possible before the run ends
 x MissingData           a panel or a rate the run needs is not there; names it
 x Infeasible            constraints that cannot hold together, in numbers
    x Refused            an allocation method has no answer for these assets
 x BrokenIdentity        an accounting identity failed; the run is void
 x LookedAhead           a decision changed when its future was removed; the run is void
"""

from typing import Any


class EngineError(Exception):
    """Base of everything the engine raises on purpose."""


class PanelError(EngineError):
    pass


class InvalidParameters(EngineError):
    pass


class InsufficientHistory(EngineError):
    pass


class MissingData(EngineError):
    pass


class Infeasible(EngineError):
    """Where less could be had, `nearest` is it, as weights, and `loosened` says what gave way."""

    def __init__(self, message: str, *, nearest: Any = None, loosened: str = "") -> None:
        super().__init__(message)
        self.nearest, self.loosened = nearest, loosened


class Refused(Infeasible):
    """`method` was asked to weigh the assets at positions `chosen` of a window and cannot."""

    def __init__(self, message: str, *, method: str, chosen: Any, **less: Any) -> None:
        super().__init__(message, **less)
        self.method, self.chosen = method, chosen


class BrokenIdentity(EngineError):
    pass


class LookedAhead(EngineError):
    pass
