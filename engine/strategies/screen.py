"""The hits of a scanner, held."""

from collections import Counter
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from engine.eligibility import screen
from engine.panel import Window
from engine.scan import ask
from engine.scan_view import see
from engine.scanners import SCANNERS, Scanner, ScanParameters
from engine.strategies.base import (
    EMPTY_PLACES,
    Decision,
    Fill,
    Parameters,
    Strategy,
    places_shared,
    register,
)

# A run has its own floors on price and turnover, and a window has no benchmark and no opens.
LEFT_OUT = {
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
        "high_tight_flag", "mean_reversion", "momentum", "new_high", "quallamaggie", "quiet", "vcp"
    ] = Field(
        "new_high",
        title="Scanner",
        description="Whose hits are held, by its default settings. Its rules on turnover, price "
        "and benchmark are left out: a run has floors and a benchmark of its own.",
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

    The very rules of the scanner page decide, on what was known at each decision. Scanners that
    read highs, lows or volume hold nothing where a source has closes only.
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

    def decide(self, window: Window, state: None) -> tuple[Decision, None]:
        """Return an equal share for each of the best hits."""
        p, scanner = self.parameters, self._scanner()
        eligible = screen(window, p, length=len(window.session), min_obs=1)
        found = ask(see(window, bars=scanner.bars, member=eligible.passed), scanner)
        weights = np.zeros(len(window.symbols))
        held = [hit.asset for hit in found.hits[: p.top_n]]
        weights[held] = 1.0 / places_shared(len(held), p.top_n, p.fill)
        left = {step.code: step.failed + step.unknown for step in found.funnel}
        reasons = Counter(eligible.reasons) + Counter(left)
        return Decision(weights, reasons), state

    def _scanner(self) -> Scanner[ScanParameters]:
        cls = SCANNERS[self.parameters.scanner]
        return cls(cls.parameters_type(**LEFT_OUT.get(cls.key, {})))
