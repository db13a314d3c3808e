"""The hits of a scanner, held."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

import numpy as np
from pydantic import Field, ValidationError

from engine.eligibility import screen
from engine.errors import InvalidParameters
from engine.panel import Window
from engine.parameters import first_fault
from engine.scan import ask
from engine.scan_view import see
from engine.scanners import SCANNERS, Scanner
from engine.strategies.base import (
    EMPTY_PLACES,
    Circumstances,
    Decision,
    Fill,
    Parameters,
    Strategy,
    places_shared,
    register,
)

# What a scanner asks in a run that says nothing else: a run has floors of its own on price and
# turnover, and a benchmark to be held against.
LEFT_OUT: Final[Mapping[str, Mapping[str, Any]]] = {
    "quallamaggie": {
        "min_price_us": None,
        "min_price_au": None,
        "min_turnover_us": None,
        "min_turnover_au": None,
        "beat_benchmark": False,
    }
}


class ScreenParameters(Parameters):
    scanner: Literal[
        "episodic_pivot",
        "high_tight_flag",
        "mean_reversion",
        "momentum",
        "new_high",
        "quallamaggie",
        "quiet",
        "vcp",
    ] = Field("new_high", title="Scanner", description="Whose hits are held.")
    scanner_parameters: dict[str, Any] = Field(
        {},
        title="Scanner's parameters",
        description="Parameters of the scanner by name; what is left out is its default. Rules on "
        "turnover, price and benchmark are asked only where they are set here: a run has floors "
        "and a benchmark of its own. Turnover is in AUD, which a run in dollars without a share "
        "in AUD does not know: then nobody passes.",
    )
    top_n: int = Field(
        10, ge=1, le=200, title="Names held", description="Number of hits held, best score first."
    )
    fill: Fill = EMPTY_PLACES
    history: int = Field(
        252,
        ge=21,
        le=504,
        title="History",
        description="Sessions looked back on. A rule that needs more bars than that holds nobody; "
        "more leave room for gaps.",
    )


@register
class Screen(Strategy[ScreenParameters]):
    """Hold the best hits of a scanner, asked anew at each rebalance.

    The very rules of the scanner page decide, with the same parameters where they are given, on
    what was known at each decision. Scanners that read opens, highs, lows or volume hold nothing
    where a source has closes only.
    """

    key: ClassVar = "screen"
    name: ClassVar = "Screen"
    family: ClassVar = "BREAKOUT"
    references: ClassVar = (
        (
            "George, T. J. & Hwang, C.-Y. (2004). The 52-Week High and Momentum Investing. "
            "Journal of Finance, 59(5)."
        ),
    )
    history: ClassVar = ((1, {"history": 1}),)
    parameters_type: ClassVar = ScreenParameters

    def __init__(
        self, parameters: ScreenParameters, circumstances: Circumstances | None = None
    ) -> None:
        super().__init__(parameters, circumstances)
        self.scanner = build_scanner(parameters)

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        """Return an equal share for each of the best hits."""
        p, scanner = self.parameters, self.scanner
        eligible = screen(window, p, length=len(window.session), min_obs=1)
        found = ask(see(window, bars=scanner.bars, member=eligible.passed), scanner)
        weights = np.zeros(len(window.symbols))
        held = [hit.asset for hit in found.hits[: p.top_n]]
        weights[held] = 1.0 / places_shared(len(held), p.top_n, p.fill)
        left = {step.code: step.failed + step.unknown for step in found.funnel}
        reasons = Counter(eligible.reasons) + Counter(left)
        return Decision(weights, reasons), state


def build_scanner(parameters: ScreenParameters) -> Scanner[Any]:
    """Return the scanner that is asked.

    Raises InvalidParameters, which names `scanner_parameters.<name>`.
    """
    cls = SCANNERS[parameters.scanner]
    given = {**LEFT_OUT.get(cls.key, {}), **parameters.scanner_parameters}
    try:
        return cls(cls.parameters_type(**given))
    except ValidationError as e:
        raise InvalidParameters(first_fault("scanner_parameters", e)) from e
