"""The terms of a run as they are put in: what trading costs, and what bounds its weights."""

from dataclasses import fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import strawberry

from api.graphql.enums import BandFill, CashRateBasis, FxMode, GroupBy, OnInfeasible
from api.services.backtest_request import Constraints, Costs

# Neither a choice nor measured.
AS_GIVEN: Final = frozenset({"residual_pass", "max_carry"})


@strawberry.input(description="What trading costs, in the run's currency.")
class CostModelInput:
    commission_flat: Decimal | None = strawberry.field(
        default=Decimal("3.00"), description="Commission of each order."
    )
    commission_bps: float | None = strawberry.field(
        default=0, description="Commission as basis points of the traded value."
    )
    minimum_commission: Decimal | None = strawberry.field(
        description="Least commission of an order; none if left out."
    )
    slippage_bps: float | None = strawberry.field(
        default=5, description="Slippage as basis points of the traded value."
    )
    half_spread_us_bps: float | None = strawberry.field(
        description="Half the quoted spread of American shares, in basis points, instead of the "
        "slippage; the slippage if left out."
    )
    half_spread_au_bps: float | None = strawberry.field(
        description="The same of Australian shares."
    )
    half_spread_crypto_bps: float | None = strawberry.field(description="The same of coins.")
    impact_coefficient: float | None = strawberry.field(
        default=0, description="Market impact: this times volatility times root participation."
    )
    fx_spread_bps: float | None = strawberry.field(
        default=70, description="Spread of a currency conversion, whole, of the converted amount."
    )
    fx_mode: FxMode | None = strawberry.field(
        default=FxMode.CONVERT_EACH, description="What becomes of cash in other currencies."
    )
    max_volume_share: float | None = strawberry.field(
        default=0.02, description="Largest share of a session's volume an order may take."
    )
    max_carry: int | None = strawberry.field(
        default=3,
        description="Sessions on which what volume left of an order goes on, 0 to 20; the next "
        "decision ends it before.",
    )
    cash_rate: float | None = strawberry.field(
        default=0,
        description="Annual interest on cash, as a fraction; only in the run's currency, and only "
        "where the basis is FIXED.",
    )
    cash_rate_basis: CashRateBasis | None = strawberry.field(
        default=CashRateBasis.FIXED, description="Which rate cash earns and a debit is charged by."
    )
    cash_margin_bps: float | None = strawberry.field(
        default=0,
        description="What the broker keeps of that rate, in basis points a year; no cash earns "
        "less than nothing.",
    )
    borrow_spread_bps: float | None = strawberry.field(
        default=150, description="What a debit costs above that rate, in basis points a year."
    )
    cash_buffer: float | None = strawberry.field(
        default=0, description="Share of the equity that decisions leave in cash, 0 to 0.5."
    )
    residual_pass: bool | None = strawberry.field(
        default=False,
        description="Whether what rounding to whole shares leaves buys one more of what lies "
        "furthest below its target; not where groups are capped.",
    )
    delist_return: float | None = strawberry.field(
        default=-0.3,
        description="Return on the last price of a holding that is delisted for nobody knows "
        "what, -1 to 0.",
    )


@strawberry.input(description="A cap on each group of a grouping.")
class GroupCapInput:
    by: GroupBy = strawberry.field(description="What a group is.")
    cap: float = strawberry.field(description="Largest weight of a group.")


@strawberry.input(description="Bounds on weights and turnover.")
class ConstraintsInput:
    min_weight: float | None = strawberry.field(
        default=0, description="Least weight of an asset that is held."
    )
    max_weight: float | None = strawberry.field(
        default=1, description="Largest weight of an asset."
    )
    max_turnover: float | None = strawberry.field(
        description="Largest one-way turnover of a rebalance; none if left out."
    )
    no_trade_band: float | None = strawberry.field(
        default=0, description="A weight this close to its target is left alone."
    )
    relative_band: float | None = strawberry.field(
        default=0,
        description="So is one as close as this share of its target, 0 to 0.5; the wider counts.",
    )
    min_trade: float | None = strawberry.field(
        default=0,
        description="So is one whose trade would be worth less than this, in the run's currency.",
    )
    band_fill: BandFill | None = strawberry.field(
        default=BandFill.CASH, description="What takes the weight that is left alone."
    )
    group_cap: float | None = strawberry.field(
        description="Largest weight of a group; none if left out."
    )
    group_by: GroupBy | None = strawberry.field(
        default=GroupBy.SECTOR, description="What a group is."
    )
    group_caps: list[GroupCapInput] | None = strawberry.field(
        description="Caps by other groupings too, all of which hold."
    )
    max_positions: int | None = strawberry.field(
        description="Most assets held at once; any number if left out."
    )
    on_infeasible: OnInfeasible | None = strawberry.field(
        default=OnInfeasible.CASH,
        description="What is held where limits cannot all hold; the result counts those decisions.",
    )


def given_of(input: Any) -> dict[str, Any]:
    """Return what an input says; null is the same as left out."""
    if input is None:
        return {}
    values = {field.name: getattr(input, field.name) for field in fields(input)}
    return {name: value for name, value in values.items() if value is not None}


def costs_of(input: CostModelInput | None) -> Costs:
    given = given_of(input)
    whole = {name: given.pop(name) for name in AS_GIVEN & given.keys()}
    return Costs(**whole, **{name: _plain(value) for name, value in given.items()})


def constraints_of(input: ConstraintsInput | None) -> Constraints:
    given = given_of(input)
    positions = given.pop("max_positions", None)
    caps = tuple(
        {"by": each.by.value, "cap": float(each.cap)} for each in given.pop("group_caps", ())
    )
    values = {name: _plain(value) for name, value in given.items()}
    return Constraints(**values, max_positions=positions, group_caps=caps)


def _plain(value: Any) -> Any:
    """Return a choice as its text, any number as a float."""
    return value.value if isinstance(value, StrEnum) else float(value)
