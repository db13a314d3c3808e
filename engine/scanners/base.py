"""What a scanner is: described parameters, rules in order, parts of a score."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import Field

from engine.errors import EngineError
from engine.parameters import Described, parameter_schema
from engine.scan_rules import Part, Rule
from engine.scan_view import View


class ScanParameters(Described):
    """Parameters every scanner has."""

    rank_base: Literal["survivors", "universe"] = Field(
        "survivors",
        title="Ranked among",
        description="Whom the percentile ranks of the score are taken among: those who passed "
        "every rule, or all members with a current bar.",
    )


P = TypeVar("P", bound=ScanParameters)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A suggested order, in the asset's own currency."""

    entry: float
    stop: float
    shares: int


class Scanner(Generic[P]):
    """Rules asked in order, and what scores those that pass."""

    key: ClassVar[str]
    name: ClassVar[str]
    version: ClassVar[int] = 1
    references: ClassVar[tuple[str, ...]] = ()
    # Parameters that lengthen the history, and how many bars each of their sessions takes.
    windows: ClassVar[Mapping[str, int]] = {}
    parameters_type: ClassVar[type[ScanParameters]]

    def __init__(self, parameters: P) -> None:
        self.parameters = parameters

    @property
    def bars(self) -> int:
        """Bars the longest of its figures rests on."""
        ruled = [rule.bars for rule in (*self.rules(), *self.strong())]
        return max(*ruled, *(part.bars for part in self.parts()))

    @abstractmethod
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules, in the order in which they are asked."""

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """Return the terms of the score; their weights sum to 1."""

    def strong(self) -> tuple[Rule, ...]:
        """Return what makes a hit STRONG; without any, none is."""
        return ()

    def ticket(self, view: View, asset: int) -> Ticket | None:  # noqa: ARG002 - for who sizes
        """Return a suggested order for a hit; None where the scanner suggests none."""
        return None


SCANNERS: dict[str, type[Scanner[Any]]] = {}

S = TypeVar("S", bound=type[Scanner[Any]])


def register(cls: S) -> S:
    """Enter a scanner in the registry under its key."""
    if cls.key in SCANNERS:
        raise EngineError(f"scanner key {cls.key} was registered twice; choose another")
    SCANNERS[cls.key] = cls
    return cls


def catalogue() -> list[Mapping[str, Any]]:
    """Return what a client may know of every scanner, ready for JSON."""
    return [_describe(SCANNERS[key]) for key in sorted(SCANNERS)]


def _describe(cls: type[Scanner[Any]]) -> dict[str, Any]:
    defaults = cls.parameters_type()
    return {
        "key": cls.key,
        "name": cls.name,
        "version": str(cls.version),
        "description": cleandoc(cls.__doc__ or "")
        .replace("\n\n", "\0")
        .replace("\n", " ")
        .replace("\0", "\n\n"),
        "references": list(cls.references),
        "parameterSchema": parameter_schema(cls.parameters_type, last=ScanParameters.model_fields),
        "defaultParameters": defaults.model_dump(mode="json"),
        "minimumHistory": cls(defaults).bars,
        "windows": dict(cls.windows),
    }
