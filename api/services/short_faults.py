"""What a strategy that sells short cannot take of a run or a search: bounds on each weight."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from api.errors import ClientError, InvalidInput

if TYPE_CHECKING:
    from engine.axes import Axis  # of searches; what submits a run does without

# A bound on weights, what it is when it bounds nothing, and its name in a request.
BOUNDS: Final = {
    "min_weight": (0.0, "minWeight"),
    "max_weight": (1.0, "maxWeight"),
    "max_positions": (None, "maxPositions"),
    "group_cap": (None, "groupCap"),
    "group_caps": ((), "groupCaps"),
}
REMEDY: Final = "bounds on weights do not know short positions"


def sells_short(parameters: Mapping[str, Any]) -> bool:
    """Tell whether a strategy of these parameters, or the one it wraps, may be short."""
    given = {**parameters, **parameters.get("primary_parameters", {})}
    return bool(given.get("allow_short")) or given.get("long_only") is False


def short_faults(
    key: str, parameters: Mapping[str, Any], constraints: Mapping[str, Any]
) -> Iterator[ClientError]:
    """Yield the bounds that a run refuses where its strategy sells short."""
    if not sells_short(parameters):
        return
    for name, (none, shown) in BOUNDS.items():
        if constraints[name] != none:
            yield InvalidInput(
                f"{shown} was {constraints[name]}, but with these parameters {key} sells short, and"
                f" {REMEDY}; leave it out",
                field=("input", "constraints", shown),
            )


def short_axes(
    key: str, parameters: Mapping[str, Any], constraints: Mapping[str, Any], axes: Sequence["Axis"]
) -> Iterator[ClientError]:
    """Yield the axes of a search that pair a short sale with such a bound, in any combination."""
    bounding = {f"constraints.{shown}" for _, shown in BOUNDS.values()}
    selling = sells_short(parameters)
    bounded = any(constraints[name] != none for name, (none, _) in BOUNDS.items())
    bounds = [place for place, axis in enumerate(axes) if axis.name in bounding]
    sales = [place for place, axis in enumerate(axes) if _sells(parameters, axis)]
    if selling or sales:
        yield from _refused(key, axes, bounds)
    if bounded and not selling:
        yield from _refused(key, axes, sales)


def _sells(parameters: Mapping[str, Any], axis: "Axis") -> bool:
    return any(sells_short({**parameters, axis.name: value}) for value in axis.values or ())


def _refused(key: str, axes: Sequence["Axis"], places: Iterable[int]) -> Iterator[ClientError]:
    for place in places:
        yield InvalidInput(
            f"axis {axes[place].name} meets runs of {key} that sell short, and {REMEDY}; leave it"
            " out",
            field=("input", "axes", str(place), "name"),
        )
