"""What a caller asks of a backtest, and the checks that need no database."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from api.errors import ClientError, InvalidInput
from api.services.findings import Findings
from api.services.option_faults import option_faults
from api.services.short_faults import short_faults
from api.services.signal_faults import signal_faults
from api.services.strategies import StrategyEntry, complete_parameters, require_strategy
from api.services.text import clean_text
from models.backtest import Allocator, Currency, DecisionClock, FillPolicy, Rebalance

FIRST_DAY = date(1900, 1, 1)
MOST_SYMBOLS = 1_000
MOST_NAMED = 10
LEAST_CAPITAL, MOST_CAPITAL = Decimal("1.00"), Decimal(10) ** 12
MINOR_UNIT = Decimal("0.01")
LONGEST_NAME, LONGEST_KEY = 200, 128


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Cost model of a run: names and defaults of the contract, money in the run's currency.

    A half spread that is None is the slippage of all markets.
    """

    commission_flat: float = 3.0
    commission_bps: float = 0.0
    minimum_commission: float = 0.0
    slippage_bps: float = 5.0
    half_spread_us_bps: float | None = None
    half_spread_au_bps: float | None = None
    half_spread_crypto_bps: float | None = None
    impact_coefficient: float = 0.0
    fx_spread_bps: float = 70.0
    fx_mode: str = "CONVERT_EACH"
    max_volume_share: float = 0.02
    max_carry: int = 3
    cash_rate: float = 0.0
    cash_rate_basis: str = "FIXED"
    cash_margin_bps: float = 0.0
    borrow_spread_bps: float = 150.0
    cash_buffer: float = 0.0
    residual_pass: bool = False
    delist_return: float = -0.3


@dataclass(frozen=True, kw_only=True)
class Constraints:
    """Bounds on weights and turnover of a run; None is no bound."""

    min_weight: float = 0.0
    max_weight: float = 1.0
    max_turnover: float | None = None
    no_trade_band: float = 0.0
    relative_band: float = 0.0
    min_trade: float = 0.0
    band_fill: str = "CASH"
    group_cap: float | None = None
    group_by: str = "SECTOR"
    group_caps: tuple[Mapping[str, Any], ...] = ()  # of `by` and `cap`
    max_positions: int | None = None
    on_infeasible: str = "CASH"

    @property
    def caps_groups(self) -> bool:
        return self.group_cap is not None or len(self.group_caps) > 0


@dataclass(frozen=True, kw_only=True)
class BacktestRequest:
    """One wish, as it came; `checked` fills the parameters in."""

    strategy: str
    start: date
    parameters: Mapping[str, Any] = field(default_factory=dict)
    universe: str | None = None
    symbols: tuple[str, ...] | None = None
    end: date | None = None
    initial_capital: Decimal = Decimal(100_000)
    currency: Currency = Currency.AUD
    benchmark: str | None = None
    rebalance: Rebalance | None = None
    allocator: Allocator | None = None
    constraints: Constraints = field(default_factory=Constraints)
    costs: Costs = field(default_factory=Costs)
    known_at: datetime | None = None
    overlay_vol_target: float | None = None
    fill: FillPolicy = FillPolicy.NEXT_OPEN
    whole_shares: bool = True
    decision_clock: DecisionClock = DecisionClock.US_CLOSE
    idempotency_key: str | None = None
    name: str | None = None


# Least and most of each cost and constraint; a bound that is excluded is written as its neighbour.
TINY = 1e-9
COST_BOUNDS: dict[str, tuple[float, float]] = {
    "commission_flat": (0.0, 1_000.0),
    "commission_bps": (0.0, 1_000.0),
    "minimum_commission": (0.0, 1_000.0),
    "slippage_bps": (0.0, 1_000.0),
    "half_spread_us_bps": (0.0, 1_000.0),
    "half_spread_au_bps": (0.0, 1_000.0),
    "half_spread_crypto_bps": (0.0, 1_000.0),
    "impact_coefficient": (0.0, 10.0),
    "fx_spread_bps": (0.0, 1_000.0),
    "max_volume_share": (TINY, 1.0),
    "max_carry": (0, 20),
    "cash_rate": (0.0, 0.25),
    "cash_margin_bps": (0.0, 1_000.0),
    "borrow_spread_bps": (0.0, 1_000.0),
    "cash_buffer": (0.0, 0.5),
    "delist_return": (-1.0, 0.0),
}
CONSTRAINT_BOUNDS: dict[str, tuple[float, float]] = {
    "min_weight": (0.0, 1.0),
    "max_weight": (TINY, 1.0),
    "max_turnover": (TINY, 1.0),
    "no_trade_band": (0.0, 1.0),
    "relative_band": (0.0, 0.5),
    "min_trade": (0.0, 1e6),
    "group_cap": (TINY, 1.0),
    "max_positions": (1, 10_000),
}
OVERLAY_BOUNDS: dict[str, tuple[float, float]] = {"overlay_vol_target": (0.02, 0.4)}


def checked(request: BacktestRequest) -> tuple[BacktestRequest, StrategyEntry]:
    """Return the request with its text cleaned and its parameters complete.

    Raises Refused with every fault that can be seen without the database.
    """
    findings = Findings()
    name, entry, parameters = request.name, None, dict(request.parameters)
    with findings.collect():
        entry = require_strategy(request.strategy)
        parameters = complete_parameters(entry, parameters)
        findings.errors += short_faults(entry.key, parameters, asdict(request.constraints))
    with findings.collect():
        name = clean_text(request.name, field=("input", "name"), longest=LONGEST_NAME)
    findings.errors += _faults(request, entry)
    findings.settle()
    if entry is None:
        raise AssertionError("a strategy that is not known has been refused")
    parameters["rebalance"] = (request.rebalance or Rebalance(parameters["rebalance"])).value
    return replace(request, name=name, parameters=parameters), entry


def _overlays(entry: StrategyEntry, target: float | None) -> Iterator[ClientError]:
    if target is not None and entry.kind == "overlay":
        yield _fault(
            f"overlayVolTarget was {target:g}, but {entry.key} has a target of its own; leave it"
            " out",
            "overlayVolTarget",
        )


def _faults(request: BacktestRequest, entry: StrategyEntry | None) -> Iterator[ClientError]:
    yield from _assets(request)
    yield from _dates(request)
    yield from _capital(request.initial_capital)
    yield from _bounded(("costs",), asdict(request.costs), COST_BOUNDS)
    yield from _bounded(("constraints",), asdict(request.constraints), CONSTRAINT_BOUNDS)
    for at, each in enumerate(request.constraints.group_caps):
        place = ("constraints", "groupCaps", str(at))
        yield from _bounded(place, each, {"cap": (TINY, 1.0)}, of=f" of {each['by']}")
    yield from _bounded((), {"overlay_vol_target": request.overlay_vol_target}, OVERLAY_BOUNDS)
    if entry is not None:
        limits, rest = asdict(request.constraints), request.costs.residual_pass
        yield from signal_faults(entry, request.fill, limits, residual_pass=rest)
        yield from option_faults(entry, request.overlay_vol_target)
        yield from _overlays(entry, request.overlay_vol_target)
    if request.costs.residual_pass and request.constraints.caps_groups:
        yield _fault(
            "residualPass was true, but groups are capped, and one share more may lead above a cap;"
            " leave out either",
            "costs",
            "residualPass",
        )
    if request.constraints.min_weight > request.constraints.max_weight:
        yield _fault(
            f"minWeight was {request.constraints.min_weight}; it must not be above maxWeight,"
            f" which is {request.constraints.max_weight}",
            "constraints",
            "minWeight",
        )
    if entry is not None and request.allocator and request.allocator not in entry.allocators:
        offered = ", ".join(entry.allocators)
        remedy = f"choose one of {offered}, or leave it out" if offered else "leave it out"
        yield _fault(
            f"allocator was {request.allocator.name}, which {entry.key} does not take; {remedy}",
            "allocator",
        )
    yield from idempotency_key_faults(request.idempotency_key)


def _assets(request: BacktestRequest) -> Iterator[ClientError]:
    symbols = request.symbols
    if (request.universe is None) == (symbols is None):
        given = "neither" if symbols is None else "both"
        message = f"{given} of universe and symbols was given; give exactly one of them"
        yield _fault(message, "universe" if symbols is None else "symbols")
    if symbols is None:
        return
    if not 1 <= len(symbols) <= MOST_SYMBOLS:
        yield _fault(f"symbols had {len(symbols)} entries; list 1 to {MOST_SYMBOLS}", "symbols")
    repeated = sorted(symbol for symbol, count in Counter(symbols).items() if count > 1)
    if repeated:
        yield _fault(f"symbols named {listed(repeated)} twice; list each once", "symbols")


def listed(symbols: list[str]) -> str:
    """Name at most ten, each cut to a length a message can carry."""
    rest = len(symbols) - MOST_NAMED
    named = ", ".join(symbol[:32] for symbol in symbols[:MOST_NAMED])
    return f"{named} and {rest} more" if rest > 0 else named


def _dates(request: BacktestRequest) -> Iterator[ClientError]:
    now = datetime.now(UTC)
    if request.start < FIRST_DAY:
        yield _fault(f"start was {request.start}; no prices are older than {FIRST_DAY}", "start")
    if request.start >= (request.end or now.date()):
        behind = request.end or f"today, {now.date()}"
        yield _fault(f"start was {request.start}; it must lie before the end, {behind}", "start")
    if request.end is not None and request.end > now.date():
        message = f"end was {request.end}; today is {now.date()}, choose it or an earlier day"
        yield _fault(message, "end")
    if request.known_at is not None and request.known_at > now:
        yield _fault(
            f"knownAt was {request.known_at.isoformat()}; nobody knows what comes after now,"
            " choose an earlier instant or leave it out",
            "knownAt",
        )


def _capital(capital: Decimal) -> Iterator[ClientError]:
    if not capital.is_finite() or not LEAST_CAPITAL <= capital <= MOST_CAPITAL:
        message = f"initialCapital was {capital:.20}; write an amount from 1.00 to 1000000000000"
        yield _fault(message, "initialCapital")
    elif capital != capital.quantize(MINOR_UNIT):
        message = f"initialCapital was {capital}; write at most two digits behind the point"
        yield _fault(message, "initialCapital")


def _bounded(
    group: tuple[str, ...],
    values: Mapping[str, Any],
    bounds: Mapping[str, tuple[float, float]],
    *,
    of: str = "",
) -> Iterator[ClientError]:
    for name, (least, most) in bounds.items():
        value = values[name]
        # Written so that NaN is refused: it satisfies no comparison.
        if value is not None and not (math.isfinite(value) and least <= value <= most):
            lowest = "more than 0" if least == TINY else f"at least {least:g}"
            shown = _camel(name)
            yield _fault(
                f"{shown}{of} was {value:.12g}; use {lowest} and at most {most:g}", *group, shown
            )


def idempotency_key_faults(key: str | None) -> Iterator[ClientError]:
    """Yield what is wrong with a caller's key."""
    if key is None:
        return
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        yield _fault(
            f"idempotencyKey had {len(key)} characters; use 1 to {LONGEST_KEY} printable ASCII"
            " characters, or leave it out",
            "idempotencyKey",
        )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def _fault(message: str, *path: str) -> InvalidInput:
    return InvalidInput(message, field=("input", *path))
