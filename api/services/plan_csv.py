"""A plan's orders as a file for the broker."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from models.rebalance_plan import RebalancePlan

COLUMNS = (
    "Symbol",
    "Side",
    "Quantity",
    "Order type",
    "Currency",
    "Estimated price",
    "Price of",
    "Estimated value AUD",
    "Estimated cost AUD",
)
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def broker_csv(plan: RebalancePlan) -> str:
    """Return the orders, sales first, one a line, market orders of whole shares."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(plan.lines))
    return text.getvalue()


def _rows(lines: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for line in lines:
        if line["side"] is not None:
            yield (
                _plain(line["symbol"]),
                line["side"],
                line["quantity"],
                "MARKET",
                line["currency"],
                line["price"],
                line["price_on"] or "",
                line["value"],
                line["cost"],
            )


def _plain(symbol: str) -> str:
    return f"'{symbol}" if symbol.startswith(FORMULA) else symbol
