"""What a caller asks of a plan, and the checks that need no database."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from api.errors import ClientError, InvalidInput
from api.services.backtest_request import (
    FIRST_DAY,
    LEAST_CAPITAL,
    MOST_CAPITAL,
    Constraints,
    Costs,
)
from api.services.portfolio_days import today
from models.backtest import Allocator

# What a finished run has settled: to plan with another one is to run another one.
SETTLED = ("parameters", "universe", "symbols", "allocator")
# Stands for an id that is nobody's.
UNKNOWN_RUN = UUID(int=0)
# Of the constraints, what depends on holdings and not on the weights.
TRIMMING = ("no_trade_band", "relative_band", "min_trade", "band_fill", "max_turnover")


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """One wish: the weights of a finished run, or those a strategy decides on now."""

    backtest_id: UUID | None = None
    strategy: str | None = None
    parameters: Mapping[str, Any] | None = None
    universe: str | None = None
    symbols: tuple[str, ...] | None = None
    as_of: date | None = None  # None: today
    capital: Decimal | None = None  # AUD; None: what the books come to
    allocator: Allocator | None = None
    constraints: Constraints | None = None
    costs: Costs | None = None

    @property
    def day(self) -> date:
        return self.as_of or today(datetime.now(UTC))

    def payload(self) -> dict[str, Any]:
        """Return what the worker needs, as JSON values; `load` reads it."""
        named = {
            "strategy": self.strategy,
            "parameters": dict(self.parameters or {}),
            "universe": self.universe,
            "symbols": None if self.symbols is None else list(self.symbols),
            "as_of": self.day.isoformat(),
            "capital": None if self.capital is None else str(self.capital),
            "allocator": self.allocator,
            "constraints": asdict(self.constraints or Constraints()),
            "costs": asdict(self.costs or Costs()),
        }
        return {name: value for name, value in named.items() if value is not None}

    @classmethod
    def load(cls, payload: Mapping[str, Any]) -> "PlanRequest":
        symbols, allocator = payload.get("symbols"), payload.get("allocator")
        capital = payload.get("capital")
        return cls(
            strategy=payload["strategy"],
            parameters=payload["parameters"],
            universe=payload.get("universe"),
            symbols=None if symbols is None else tuple(symbols),
            as_of=date.fromisoformat(payload["as_of"]),
            capital=None if capital is None else Decimal(capital),
            allocator=None if allocator is None else Allocator(allocator),
            constraints=Constraints(**payload["constraints"]),
            costs=Costs(**payload["costs"]),
        )


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """The day a plan stands on, and the instant up to which it knows bars and rates."""

    day: date
    known_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        ends = datetime.combine(self.day + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
        object.__setattr__(self, "known_at", min(ends, datetime.now(UTC)))


def plan_faults(request: PlanRequest) -> Iterator[ClientError]:
    """Yield what is wrong with a request that no strategy and no run need be known for."""
    if (request.backtest_id is None) == (request.strategy is None):
        given = "neither" if request.strategy is None else "both"
        message = f"{given} of backtest and strategy was given; give exactly one of them"
        yield _fault(message, "backtest" if request.strategy is None else "strategy")
    if request.backtest_id is not None:
        yield from _settled(request)
    yield from _day(request.as_of)
    yield from _capital(request.capital)


def _settled(request: PlanRequest) -> Iterator[ClientError]:
    """Refuse what would change the weights of a run that has finished."""
    for name in SETTLED:
        if getattr(request, name) is not None:
            yield _fault(
                f"{name} was given beside a finished run, whose weights are settled; leave it out,"
                " or plan from the strategy",
                name,
            )
    if request.constraints is None:
        return
    asked, usual = asdict(request.constraints), asdict(Constraints())
    if any(asked[name] != usual[name] for name in asked if name not in TRIMMING):
        yield _fault(
            "constraints asked for other weights than those of the finished run; give the bands"
            " and maxTurnover only, or plan from the strategy",
            "constraints",
        )


def _day(day: date | None) -> Iterator[ClientError]:
    latest = today(datetime.now(UTC))
    if day is not None and day < FIRST_DAY:
        yield _fault(f"asOf was {day}; no prices are older than {FIRST_DAY}", "asOf")
    if day is not None and day > latest:
        yield _fault(
            f"asOf was {day}; nobody knows what comes after today, {latest}, choose it or an"
            " earlier day",
            "asOf",
        )


def _capital(capital: Decimal | None) -> Iterator[ClientError]:
    if capital is None:
        return
    if not capital.is_finite() or not LEAST_CAPITAL <= capital <= MOST_CAPITAL:
        yield _fault(
            f"capital was {capital:.20}; write an amount from 1.00 to 1000000000000, or leave it"
            " out to take what the books come to",
            "capital",
        )
    elif capital != capital.quantize(Decimal("0.01")):
        yield _fault(f"capital was {capital}; write at most two digits behind the point", "capital")


def _fault(message: str, *path: str) -> InvalidInput:
    return InvalidInput(message, field=("input", *path))
