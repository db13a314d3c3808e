"""Regimes of an index, as they were known."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import orjson
import strawberry
from strawberry.scalars import JSON

from api.graphql.context import Info
from api.graphql.market_data import KnownAt, Points
from api.graphql.scalars import DateArray, FloatArray
from models.regime_history import DEFAULT_INDEX

if TYPE_CHECKING:
    from api.services.regime_view import RegimeView


def _figure(description: str) -> float | None:
    figure: float | None = strawberry.field(default=None, description=description)
    return figure


@strawberry.type(
    description="One state under the model in force; null while a plain rule stands in for it."
)
class RegimeState:
    name: str = strawberry.field(description="CALM, CHOPPY or STRESS: states by their volatility.")
    share: float = strawberry.field(description="Share of the sessions so far under its name.")
    probability: float | None = _figure(
        "Chance to be in it, given the last session and those before; never later ones."
    )
    mean_return: float | None = _figure("Mean log return in it, per annum.")
    volatility: float | None = _figure("Standard deviation of its log returns, per annum.")
    expected_sessions: float | None = _figure("Sessions a stay in it lasts on average.")


@strawberry.type(
    description="The regimes of an index, session by session, each from what was known then."
)
class RegimeHistory:
    symbol: str = strawberry.field(description="Symbol of the index.")
    source: str = strawberry.field(description="Where its closes come from.")
    known_at: datetime = strawberry.field(description="The instant at which this was known.")
    as_of: date = strawberry.field(description="Last session; `current` and all figures are of it.")
    fitted_on: date | None = strawberry.field(
        description="Last session the model in force was fitted to; null while a plain rule on "
        "volatility stands in for a model."
    )
    current: str = strawberry.field(description="State of the last session.")
    since: date = strawberry.field(description="First session of the stay in it.")
    sessions_in_state: int = strawberry.field(description="Sessions of the stay so far.")
    probabilities: JSON = strawberry.field(
        description="Name of each state to its probability at the last session; null without a "
        "model."
    )
    dates: DateArray = strawberry.field(description="Sessions, oldest first.")
    states: list[str] = strawberry.field(description="Names of the states, calmest first.")
    labels: FloatArray = strawberry.field(
        description="State of each session, as its place in `states`. It moves once a probability "
        "was above 0.6 for three sessions."
    )
    state_probabilities: list[FloatArray] = strawberry.field(
        description="Of each state, its probability at each session given the past; null before "
        "the first model."
    )
    transitions: list[FloatArray] = strawberry.field(
        description="Chance of each state tomorrow, a row for each state today; empty without a "
        "model."
    )
    by_state: list[RegimeState] = strawberry.field(description="Figures of each state.")
    suggested_allocation: JSON = strawberry.field(
        description="Sleeve to its share: the rows of `allocationBasis`, weighed by its "
        "probabilities. A rule, not advice."
    )
    allocation_basis: JSON = strawberry.field(
        description="What the suggestion rests on: `probabilities`, averaged over the last "
        "`sessions` with more weight on the newest, and the `shares` of the sleeves in each state."
    )
    indices: list[str] = strawberry.field(description="Symbols of all indices with regimes.")
    flags: list[str] = strawberry.field(
        description="fallback: a rule stands in for a model; refit_rejected: a fit failed and the "
        "one before stayed; relabelled: states changed places by volatility at a fit."
    )


@strawberry.type
class RegimeQuery:
    @strawberry.field(
        description="The regimes of an index. They are computed after each ingest; MISSING_DATA "
        "where there are none yet."
    )
    async def regime(
        self,
        info: Info,
        symbol: Annotated[
            str, strawberry.argument(description="Symbol of the index.")
        ] = DEFAULT_INDEX,
        start: Annotated[
            date | None,
            strawberry.argument(description="First day of the columns; all of them if left out."),
        ] = None,
        end: Annotated[
            date | None,
            strawberry.argument(description="Last day of everything; the last one if left out."),
        ] = None,
        known_at: KnownAt = None,
        max_points: Points = None,
    ) -> RegimeHistory:
        from api.services.regimes import indices, read_regimes

        async with info.context.session() as session:
            found = await read_regimes(
                session, symbol, start=start, end=end, known_at=known_at, max_points=max_points
            )
            others = await indices(session)
        return history_of(found, known_at or datetime.now(UTC), others)


def history_of(found: "RegimeView", known_at: datetime, symbols: list[str]) -> RegimeHistory:
    return RegimeHistory(
        symbol=found.symbol,
        source=found.source,
        known_at=known_at,
        as_of=found.as_of,
        fitted_on=found.fitted_on,
        current=found.current,
        since=found.since,
        sessions_in_state=found.sessions_in_state,
        probabilities=JSON({state.name: state.probability for state in found.states}),
        dates=DateArray(_column(found.dates)),
        states=[state.name for state in found.states],
        labels=FloatArray(_column(found.labels)),
        state_probabilities=[FloatArray(_column(column)) for column in found.probabilities],
        transitions=[FloatArray(_column(row)) for row in found.transitions],
        by_state=[RegimeState(**vars(state)) for state in found.states],
        suggested_allocation=JSON(found.allocation),
        allocation_basis=JSON(found.basis),
        indices=symbols,
        flags=found.flags,
    )


def _column(values: object) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(values))
