"""What a run is put through, and how it did by the state of the market."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import strawberry

if TYPE_CHECKING:
    from engine.scenarios import Scenario


def _figure(description: str) -> Any:
    return strawberry.field(default=None, description=description)


@strawberry.type(
    description="A window of history, or a shock. Shocks at one stroke are first order: nothing is "
    "traded on the way."
)
class StressScenario:
    key: str = strawberry.field(description="Its name in results, such as `covid`.")
    name: str = strawberry.field(description="Its name for people.")
    kind: str = strawberry.field(
        description="HISTORIC, a window of history; SHOCK, moves at one stroke; CORRELATION, a "
        "session's loss when everything falls together; PATH, a fall over sessions and a way back, "
        "through which a run goes on trading."
    )
    description: str = strawberry.field(description="What happens.")
    starts_on: date | None = _figure("Close from which a window is measured.")
    ends_on: date | None = _figure("Close to which it is.")


@strawberry.type(
    description="A run in one scenario. A window it covers only in part, and a shock about "
    "something it does not hold, have no figures and are not covered."
)
class StressResult:
    scenario: StressScenario = strawberry.field(description="What it was put through.")
    covered: bool = strawberry.field(description="Whether the figures exist.")
    return_: float | None = strawberry.field(
        default=None, name="return", description="Return of the run, or of its last holdings."
    )
    max_drawdown: float | None = _figure("Deepest fall inside the window, at most 0.")
    benchmark_return: float | None = _figure("Return of the benchmark.")
    asset_return: float | None = _figure("Return without the effect of exchange rates.")
    currency_return: float | None = _figure("What exchange rates added.")
    costs: float | None = _figure("Return the costs took, as a fraction at least 0.")
    turnover: float | None = _figure("Sum of the turnovers of its decisions, one way.")
    days_to_recover: int | None = _figure(
        "Calendar days from the window's end until the equity of its start was back; null while "
        "it is not."
    )


@strawberry.type(
    description="The sessions of a run under one state of the market, as known at the close before "
    "each. The groups of one index sum to the run."
)
class RegimeStats:
    regime: str = strawberry.field(
        description="The state, such as CALM; UNKNOWN before anything was known."
    )
    of: str = strawberry.field(
        description="What the state is of: an index, or VIX for thirds of its past."
    )
    share: float = strawberry.field(description="Share of the run's sessions.")
    sessions: int = strawberry.field(description="Number of sessions.")
    cagr: float | None = _figure(
        "Growth a year of its sessions one after another, 252 a year; null below 252."
    )
    mean_return: float | None = _figure("Arithmetic mean of session returns, per annum.")
    volatility: float | None = _figure("Standard deviation of session returns, per annum.")
    sharpe: float | None = _figure("Annual excess return per unit of volatility; null below 30.")
    max_drawdown: float | None = _figure(
        "Always null: sessions that do not follow one another have no drawdown."
    )
    hit_rate: float | None = _figure("Share of sessions with a gain among those that moved.")
    beta: float | None = _figure("Sensitivity to the benchmark; null below 30 sessions.")


@strawberry.type(
    description="A run that goes on through a shock: it decides, rebalances and stops on the way, "
    "at higher costs. Days are drawn several times around the same fall: a figure is the median of "
    "the draws, a span their lowest and highest, as fractions of the equity before."
)
class PathResult:
    scenario: StressScenario = strawberry.field(description="What it went through.")
    covered: bool = strawberry.field(description="Whether the figures exist.")
    reason: str | None = _figure("Why they do not.")
    draws: int = strawberry.field(description="Number of draws.")
    benchmark_return: float | None = _figure(
        "Return of the benchmark at the trough, in the run's currency."
    )
    at_trough: float | None = _figure("Return of the run at the trough.")
    at_trough_span: list[float] | None = _figure("Lowest and highest of it.")
    at_end: float | None = _figure("Return of the run at the end of the way back.")
    at_end_span: list[float] | None = _figure("Lowest and highest of it.")
    max_drawdown: float | None = _figure("Deepest fall from a peak, at most 0.")
    worst_drawdown: float | None = _figure("The deepest of all draws.")
    turnover: float | None = _figure("Sum of the turnovers of its decisions, one way.")
    costs: float | None = _figure("What trading cost, at least 0.")


@strawberry.type
class StressQuery:
    @strawberry.field(description="Everything runs are put through: windows of history, shocks.")
    def stress_scenarios(self) -> list[StressScenario]:
        from engine.scenarios import SCENARIOS

        return [_scenario(scenario) for scenario in SCENARIOS]


def stress_results(rows: Sequence[Mapping[str, Any]] | None) -> list[StressResult]:
    """Return what was stored of the scenarios we still know."""
    from engine.scenarios import BY_KEY

    return [_result(row, BY_KEY[row["key"]]) for row in rows or () if row["key"] in BY_KEY]


def path_results(rows: Sequence[Mapping[str, Any]] | None) -> list[PathResult]:
    """Return what was stored of the shocks we still know."""
    from engine.scenarios import BY_KEY

    known = [row for row in rows or () if row["key"] in BY_KEY]
    return [
        PathResult(
            scenario=_scenario(BY_KEY[row["key"]]),
            **{name: value for name, value in row.items() if name != "key"},
        )
        for row in known
    ]


def regime_stats(rows: Sequence[Mapping[str, Any]] | None) -> list[RegimeStats]:
    return [
        RegimeStats(
            regime=row["regime"],
            of=row["of"],
            share=row["share"],
            sessions=row["sessions"],
            cagr=row["cagr"],
            mean_return=row["mean"],
            volatility=row["volatility"],
            sharpe=row["sharpe"],
            hit_rate=row["hit_rate"],
            beta=row["beta"],
        )
        for row in rows or ()
    ]


def _result(row: Mapping[str, Any], scenario: "Scenario") -> StressResult:
    return StressResult(
        scenario=_scenario(scenario),
        covered=row["covered"],
        return_=row["total_return"],
        max_drawdown=row["max_drawdown"],
        benchmark_return=row["benchmark_return"],
        asset_return=row["asset_return"],
        currency_return=row["currency_return"],
        costs=row["costs"],
        turnover=row["turnover"],
        days_to_recover=row["days_to_recover"],
    )


def _scenario(scenario: "Scenario") -> StressScenario:
    return StressScenario(
        key=scenario.key,
        name=scenario.name,
        kind=scenario.kind,
        description=scenario.description,
        starts_on=scenario.start,
        ends_on=scenario.end,
    )
