"""What the engine refuses.

EngineError
 x PanelError            the arrays cannot be a market: say which field and where
 x InvalidParameters     a strategy's parameters contradict each other
 x InsufficientHistory   no decision is possible before the run ends
 x MissingData           a panel or a rate the run needs is not there; names it
 x Infeasible            constraints that cannot hold together, in numbers
 x BrokenIdentity        an accounting identity failed; the run is void
"""


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
    pass


class BrokenIdentity(EngineError):
    pass
