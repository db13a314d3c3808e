"""What a strategy is: described parameters, a window in, target weights out."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

from pydantic import Field

from engine import ENGINE_VERSION
from engine.costs import CostModel
from engine.eligibility import LIQUIDITY_SESSIONS
from engine.errors import EngineError
from engine.inputs import Input, panels_needed
from engine.option_positions import Structure
from engine.panel import AnyArray, Panel, Window
from engine.parameters import Described, parameter_schema
from engine.schedule import Rebalance
from engine.shorting import BORROW_BPS, Shorting
from engine.signals import Signals
from engine.types import BoolArray, FloatArray, IntArray
from engine.warmup import Term, sessions_needed

Kind: TypeAlias = Literal["weights", "signals", "overlay", "options"]
Fill: TypeAlias = Literal["cash", "spread"]

# Of every strategy that holds so many names.
EMPTY_PLACES: Any = Field(
    "cash",
    title="Empty places",
    description="When fewer assets qualify: leave their share in cash, or spread it.",
)


class Parameters(Described):
    """Parameters every strategy has. A run may replace `rebalance`."""

    rebalance: Rebalance = Field(
        Rebalance.MONTHLY,
        title="Rebalance",
        description="Decide on the last session of each of these periods.",
    )
    offset: int = Field(
        0,
        ge=0,
        le=20,
        title="Offset",
        description="Sessions after the period's end at which to decide, to measure timing luck.",
    )
    min_price: float | None = Field(
        None,
        ge=0.0,
        le=1000.0,
        title="Price floor",
        description="Lowest close, in the share's own currency, at which it is considered. "
        "Empty: A$0.20 or US$1 where unadjusted prices are known, none elsewhere.",
    )
    min_adv: float = Field(
        0.0,
        ge=0.0,
        le=1e9,
        title="Liquidity floor",
        description="Lowest median daily turnover over 63 sessions, in the share's own currency. "
        "Skipped where volume is unknown.",
    )


def places_shared(found: int, places: int, fill: Fill) -> int:
    """Return by how many places the money is divided when ``found`` assets qualify for them."""
    return places if fill == "cash" else max(found, 1)


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a run tells its strategy beside the market."""

    seed: int = 0  # of all that it draws
    costs: CostModel = field(default_factory=CostModel)
    capital: float = 100_000.0  # base currency, at the start


@dataclass(frozen=True)
class Decision:
    """Target weights of the window's assets; what is missing to 1 is cash."""

    weights: FloatArray  # (m,)
    reasons: Mapping[str, int] = field(default_factory=dict)  # code -> count of assets
    flags: tuple[str, ...] = ()  # what a reader of the run has to know
    # What the strategy measured of itself, by topic, as JSON values; unknown is None, never NaN.
    diagnostics: Mapping[str, Any] = field(default_factory=dict)
    learnt: Mapping[str, AnyArray] = field(default_factory=dict)  # tables of a model it trained
    scores: FloatArray | None = None  # (m,) what it ranked by, NaN where it passed one over
    # Of kind `signals`; the weights are then what its entries would weigh, a summary.
    signals: Signals | None = None
    # Of kind `options`: what to open at the next close beside the weights; None opens nothing.
    opens: Structure | None = None
    # (m,) assets whose holdings stay as they are, whatever they weigh by now; None: nobody's do.
    keep: BoolArray | None = None


class Strategy(Generic[P]):
    """A rule from what was known to target weights. State starts at None and is a plain value."""

    key: ClassVar[str]
    name: ClassVar[str]
    family: ClassVar[str]
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[Kind] = "weights"  # what its decisions are, so how they are carried out
    # Fields of prices and named panels that any of its parameters may need.
    requires: ClassVar[tuple[str, ...]] = ("adjusted_close",)
    panels: ClassVar[tuple[Input, ...]] = ()  # named panels, and the parameters that need them
    optional: ClassVar[tuple[str, ...]] = ()  # named panels it reads where there are any
    history: ClassVar[tuple[Term, ...]] = ((1, {}),)  # the longest term is the warm-up
    # Contract Allocator -> the value of the `weighting` parameter it replaces.
    allocators: ClassVar[Mapping[str, str]] = {}
    wraps: ClassVar[bool] = False  # whether it needs a primary strategy
    parameters_type: ClassVar[type[Parameters]]

    def __init__(self, parameters: P, circumstances: Circumstances | None = None) -> None:
        self.parameters = parameters
        self.circumstances = circumstances or Circumstances()

    @property
    def warmup(self) -> int:
        """Rows of history a decision needs, its own session included."""
        history = sessions_needed(self.history, vars(self.parameters))
        return max(history, LIQUIDITY_SESSIONS if self.parameters.min_adv > 0 else 1)

    @property
    def shorts(self) -> bool:
        """Whether a negative weight is meant: only where a parameter allows it."""
        return bool(getattr(self.parameters, "allow_short", False))

    @property
    def shorting(self) -> Shorting | None:
        """On what terms it is short; None where it never is."""
        if not self.shorts:
            return None
        given = self.parameters
        return Shorting(
            borrow_bps=getattr(given, "borrow_bps", BORROW_BPS),
            everywhere=getattr(given, "short_asx", False),
        )

    def extra_slippage(self) -> Mapping[str, float]:
        """Return by symbol the basis points a trade costs on top of the cost model's slippage."""
        return {}

    def inputs(self) -> tuple[str, ...]:
        """Return the names of the panels that must be published for these parameters."""
        return panels_needed(self.panels, vars(self.parameters))

    @abstractmethod
    def decide(self, window: Window, state: Any) -> tuple[Decision | None, Any]:
        """Return the decision and the next state. None: leave the holdings as they are."""

    def decide_together(
        self,
        panel: Panel,  # noqa: ARG002
        rows: IntArray,  # noqa: ARG002
        instants: IntArray,  # noqa: ARG002
        state: Any,
    ) -> tuple[list[Decision], Any]:
        """Return the first of several decisions, as many as are made at once, and the next state.

        They are those of `decide` on each one's window, to the bit; the counts by reason of all
        of them are on the first. None where a strategy decides one by one.
        """
        return [], state


STRATEGIES: dict[str, type[Strategy[Any]]] = {}

S = TypeVar("S", bound=type[Strategy[Any]])


def register(cls: S) -> S:
    """Enter a strategy in the registry under its key."""
    if cls.key in STRATEGIES:
        raise EngineError(f"strategy key {cls.key} was registered twice; choose another")
    STRATEGIES[cls.key] = cls
    return cls


def catalogue() -> dict[str, Any]:
    """Return what a client may know of every strategy, ready for JSON; no array is needed."""
    entries = [_describe(STRATEGIES[key]) for key in sorted(STRATEGIES)]
    return {"engineVersion": ENGINE_VERSION, "strategies": entries}


def _describe(cls: type[Strategy[Any]]) -> dict[str, Any]:
    defaults = cls.parameters_type()
    return {
        "key": cls.key,
        "name": cls.name,
        "family": cls.family,
        "version": str(cls.version),
        "summary": _paragraphs(cls)[0],
        "notes": " ".join(_paragraphs(cls)[1:]),
        "references": list(cls.references),
        "parameterSchema": _schema(cls),
        "defaultParameters": defaults.model_dump(mode="json"),
        "requires": list(cls.requires),
        "panels": [[name, dict(when)] for name, when in cls.panels],
        "optional": list(cls.optional),
        "minimumHistory": cls(defaults).warmup,
        "kind": cls.kind,
        "history": [[sessions, dict(factors)] for sessions, factors in cls.history],
        "liquidityHistory": LIQUIDITY_SESSIONS,
        "allocators": list(cls.allocators),
        # What a wrapper says for itself and its primary alike; nothing where it wraps none.
        "handsOn": list(Parameters.model_fields) if cls.wraps else [],
        "rebalance": defaults.rebalance.value,
    }


def _paragraphs(cls: type[Strategy[Any]]) -> list[str]:
    """Return the strategy in a sentence, then what it needs and where it is weak."""
    paragraphs = cleandoc(cls.__doc__ or "").split("\n\n")
    return [" ".join(each.split()) for each in paragraphs]


def _schema(cls: type[Strategy[Any]]) -> dict[str, Any]:
    """Return the JSON Schema of a strategy's parameters; a primary is one of those there are."""
    schema = parameter_schema(cls.parameters_type, last=Parameters.model_fields)
    if cls.wraps:
        schema["properties"]["primary"]["enum"] = primaries()
    return schema


def primaries() -> list[str]:
    """Return the keys of the strategies that another one may wrap."""
    return sorted(key for key, cls in STRATEGIES.items() if cls.kind == "weights" and not cls.wraps)
