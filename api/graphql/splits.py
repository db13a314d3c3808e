"""How the choice of a search did on sessions it was not made on, as GraphQL types."""

from collections.abc import Mapping
from typing import Any

import strawberry


@strawberry.type(
    description="Annual Sharpe ratios out of sample below which this share of the splits lies."
)
class SharpeQuantile:
    share: float = strawberry.field(description="Share of the splits, 0 to 1.")
    chosen: float = strawberry.field(description="Of the best in sample.")
    blind: float = strawberry.field(description="Of a trial picked blindly.")


@strawberry.type(
    description="The combinatorial cross-validation of a search: the sessions are cut into blocks, "
    "and of every way to take half of them the best in that half is judged by the other."
)
class SearchSplits:
    blocks: int = strawberry.field(description="Blocks of sessions.")
    count: int = strawberry.field(description="Ways to take half of them.")
    slope: float | None = strawberry.field(
        description="Slope of the Sharpe ratio out of sample on the one in sample, over the "
        "chosen; null where these do not vary."
    )
    probability_of_loss: float = strawberry.field(
        description="Share of splits in which the chosen lost against bills out of sample."
    )
    quantiles: list[SharpeQuantile] = strawberry.field(
        description="Stochastic dominance: choosing beside picking blindly, lowest share first; "
        "empty for searches from before it was kept."
    )
    first_order: bool | None = strawberry.field(
        description="Whether at every percentile choosing did at least as well."
    )
    second_order: bool | None = strawberry.field(
        description="Whether the mean of the lowest did, up to every percentile."
    )


@strawberry.type(
    description="The annual Sharpe ratios of the paths of a cross-validation. Paths whose ratio is "
    "undefined do not count."
)
class PathDistribution:
    median: float = strawberry.field(description="Half of the paths lie below.")
    low: float = strawberry.field(description="One in twenty lies below, between two paths too.")
    below_zero: float = strawberry.field(description="Share of paths below zero.")


def splits_of(summary: Mapping[str, Any] | None) -> SearchSplits | None:
    """Return what was stored of a finished search; None where there was nothing to split."""
    if summary is None or not summary["splits"]:
        return None
    table = summary.get("dominance") or {}
    rows = zip(*(table.get(name, ()) for name in ("shares", "chosen", "blind")), strict=True)
    return SearchSplits(
        blocks=summary["blocks"],
        count=summary["splits"],
        slope=summary["slope"],
        probability_of_loss=summary["loss"],
        quantiles=[SharpeQuantile(share=s, chosen=c, blind=b) for s, c, b in rows],
        first_order=table.get("first_order"),
        second_order=table.get("second_order"),
    )


def distribution_of(sharpes: list[float | None] | None) -> PathDistribution | None:
    """Return how the known ones of some ratios lie; None without any."""
    known = sorted(value for value in sharpes or () if value is not None)
    if not known:
        return None
    return PathDistribution(
        median=_quantile(known, 0.5),
        low=_quantile(known, 0.05),
        below_zero=sum(value < 0.0 for value in known) / len(known),
    )


def _quantile(ascending: list[float], share: float) -> float:
    at = share * (len(ascending) - 1)
    below = int(at)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (at - below) * (ascending[above] - ascending[below])
