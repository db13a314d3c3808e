"""Leaves of the schema. A column is one leaf, passed on as the bytes it is stored in."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType, TypeVar

import orjson
import strawberry
from graphql import Undefined
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.scalars import JSON
from strawberry.types.scalar import ScalarDefinition

from api.limits import LIMITS

# Stored JSON arrays; the encoder copies a fragment into the answer without parsing it.
DateArray = NewType("DateArray", orjson.Fragment)
FloatArray = NewType("FloatArray", orjson.Fragment)

T = TypeVar("T")

FIRST_YEAR, LAST_YEAR = 1900, 2100
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
EXAMPLE = "2024-01-02T21:00:00Z"
AMOUNT = re.compile(
    r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(nan|infinity)", re.IGNORECASE | re.ASCII
)
LONGEST_DECIMAL = 40
JSON_DEPTH = LIMITS.input_levels
JSON_STRING = LIMITS.string_characters


def parse_date(value: Any) -> date:
    """Read ``2024-01-02`` and nothing else; weeks, ordinals and basic forms are refused."""
    day = _parsed(date.fromisoformat, value, DAY)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _refused(value, "a day such as 2024-01-02, from 1900 to 2100")
    return day


def parse_datetime(value: Any) -> datetime:
    """Read an instant; without an offset it would be a guess, so it is refused."""
    instant = _parsed(datetime.fromisoformat, value, INSTANT)
    if instant is None or not FIRST_YEAR < instant.year < LAST_YEAR:
        raise _refused(value, f"an instant with its offset, such as {EXAMPLE}, from 1901 to 2099")
    return instant.astimezone(UTC)


def parse_decimal(value: Any) -> Decimal:
    """Read an amount; NaN passes, so that the use case can name the field it stands in."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _refused(value, 'a decimal number such as "1234.50"')
    text = str(value)
    try:
        if len(text) <= LONGEST_DECIMAL and AMOUNT.fullmatch(text):
            return Decimal(text)
    except InvalidOperation:
        pass
    raise _refused(value, 'a decimal number such as "1234.50"')


def parse_json(value: Any, depth: int = 0) -> Any:
    """Bound what a caller may nest or write; a variable that was not given counts as left out."""
    if depth > JSON_DEPTH:
        raise StrawberryInputCoercionError(f"JSON was nested deeper than {JSON_DEPTH} levels")
    if isinstance(value, Mapping):
        given = ((key, item) for key, item in value.items() if item is not Undefined)
        return {key: parse_json(item, depth + 1) for key, item in given}
    if isinstance(value, list | tuple):
        return [parse_json(item, depth + 1) for item in value]
    if isinstance(value, str) and len(value) > JSON_STRING:
        raise StrawberryInputCoercionError(f"a JSON string was longer than {JSON_STRING}")
    return value


def write_json(value: Any) -> Any:
    """Refuse NaN before it turns into a null that nobody meant."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} cannot stand in an answer")
    return value


def write_datetime(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def write_decimal(value: Decimal) -> str:
    return format(value, "f")


def _parsed(parse: Callable[[str], T], value: Any, form: re.Pattern[str]) -> T | None:
    try:
        return parse(value) if isinstance(value, str) and form.fullmatch(value) else None
    except ValueError:
        return None


def _refused(value: Any, wanted: str) -> StrawberryInputCoercionError:
    shown = repr(value)[:60]
    return StrawberryInputCoercionError(f"value was {shown}; write {wanted}")


def _as_is(value: Any) -> Any:
    return value


def _only_output(_: Any) -> Any:
    raise StrawberryInputCoercionError("a column is never an input")


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="ISO day of a trading session, such as `2024-01-02`.",
        serialize=date.isoformat,
        parse_value=parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="UTC instant, ISO 8601, always with an offset: `2024-01-02T21:00:00Z`.",
        serialize=write_datetime,
        parse_value=parse_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='Exact decimal as a string, such as `"1234.50"`: ledger amounts.',
        serialize=write_decimal,
        parse_value=parse_decimal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="JSON Schema or parameter object.",
        serialize=write_json,
        parse_value=parse_json,
    ),
    DateArray: strawberry.scalar(
        name="DateArray",
        description='A whole column of days in one leaf: `["2024-01-02", ...]`.',
        serialize=_as_is,
        parse_value=_only_output,
    ),
    FloatArray: strawberry.scalar(
        name="FloatArray",
        description="A whole column of numbers in one leaf; null where undefined.",
        serialize=_as_is,
        parse_value=_only_output,
    ),
}
