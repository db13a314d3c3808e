"""Exact amounts of the books: which are let in, and Australian dollars for one unit."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from api.errors import InvalidInput, MissingData
from models.backtest import Currency
from models.base import EXACT, plain
from models.trade_facts import OLDEST_RATE_DAYS

DIGITS, PLACES = 15, 18
SMALLEST = Decimal(1).scaleb(-PLACES)


def amount_faults(
    value: Decimal, field: Sequence[str], *, least: int = 1
) -> Iterator[InvalidInput]:
    """Yield what is wrong with an amount: `least` is 1 above zero, 0 from zero, -1 not zero."""
    if _fits(value) and (value > 0 or (least == 0 and value == 0) or (least < 0 and value != 0)):
        return
    wanted = {1: "above 0 and", 0: "of at least 0 and", -1: "other than 0,"}[least]
    yield InvalidInput(
        f"{field[-1]} was {str(value)[:40]}; give a number {wanted} below 10^{DIGITS}, with at most"
        f" {PLACES} decimals",
        field=field,
    )


def _fits(value: Decimal) -> bool:
    """Tell whether the books hold it exactly; looked at by its digits, none of which is lost."""
    if not value.is_finite() or value.adjusted() >= DIGITS or value.adjusted() < -PLACES:
        return value.is_zero() if value.is_finite() else False
    exponent = plain(value).as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -PLACES


def aud_per_unit(
    currency: Currency,
    day: date,
    audusd: float | None,
    *,
    given: Decimal | None,
    field: Sequence[str],
) -> Decimal:
    """Return Australian dollars for one unit of a currency: as told, else by the stored fixing.

    Raises MissingData where neither is there, InvalidInput for a rate that cannot be.
    """
    if currency is Currency.AUD:
        if given is not None and given != 1:
            raise InvalidInput(
                f"{field[-1]} was {given}, but the currency is AUD; leave it out", field=field
            )
        return Decimal(1)
    if given is not None:
        for fault in amount_faults(given, field):
            raise fault
        return held(given)
    if audusd is None:
        raise MissingData(
            f"no {currency} rate is stored for {day} or the {OLDEST_RATE_DAYS} days before it;"
            f" ingest AUDUSD=X, or give {field[-1]}: Australian dollars for one {currency} on that"
            " day",
            field=field,
        )
    return rounded(EXACT.divide(Decimal(1), Decimal(repr(audusd))))


def held(value: Decimal) -> Decimal:
    """Return an amount as it will be read back; one that is refused stays as it is."""
    return plain(value) if _fits(value) else value


def rounded(value: Decimal) -> Decimal:
    """Return an amount as the books hold it."""
    return plain(EXACT.quantize(value, SMALLEST))


def split_ratio(ratios: Sequence[float]) -> Decimal:
    """Return how many shares one has become through so many splits."""
    product = Decimal(1)
    for ratio in ratios:
        product = EXACT.multiply(product, Decimal(repr(ratio)))
    return rounded(product)
