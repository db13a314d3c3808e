"""Splits, dividends and ends of listings from a file of one's own.

A line is one action: symbol, ex_date, kind, and of ratio, cash, currency, pay_date and successor
what its kind has. Whatever is wrong with any line refuses the file whole, each line by its number.
"""

import math
from collections.abc import Mapping
from datetime import date

from api.adapters.csv_dates import DAY
from api.adapters.csv_prices import NUMBER, SYMBOL
from api.adapters.csv_text import Table, read_table, refusal
from api.ports import ActionFile, ActionLine
from api.services.reasons import Reason

NEEDED = ("symbol", "ex_date", "kind")
COLUMNS = (*NEEDED, "ratio", "cash", "currency", "pay_date", "successor")
# What a line of each kind may hold beside what every line does.
HAS: Mapping[str, frozenset[str]] = {
    "SPLIT": frozenset({"ratio"}),
    "DIVIDEND": frozenset({"cash", "currency", "pay_date"}),
    "DELISTING": frozenset({"ratio", "cash", "currency", "successor"}),
}


class _Wrong(Exception):
    """What is wrong with a line, as a sentence."""


def read_actions(content: bytes, *, name: str) -> ActionFile:
    """Read a file, plain or gzipped. Raises InvalidInput, LimitExceeded."""
    table = read_table(content, name=name)
    _require_columns(table, name=name)
    lines, faults = list[ActionLine](), list[tuple[int, str]]()
    for row, number in enumerate(table.line.tolist()):
        cells = {each: table.columns[each][row].strip() for each in table.columns}
        try:
            lines.append(_line(cells, number))
        except _Wrong as e:
            faults.append((number, str(e)))
    return ActionFile(file=name, lines=tuple(lines), faults=tuple(faults))


def _require_columns(table: Table, *, name: str) -> None:
    told = f"the columns are {', '.join(COLUMNS)}"
    for each in NEEDED:
        if each not in table.columns:
            raise refusal(Reason.SCHEMA, f"{name} line 1 has no column {each!r}; {told}")
    for each in table.columns:
        if each not in COLUMNS:
            raise refusal(Reason.SCHEMA, f"{name} line 1 names {each!r}; {told}")


def _line(cells: Mapping[str, str], number: int) -> ActionLine:
    kind = cells["kind"].upper()
    if kind not in HAS:
        raise _Wrong(f"kind was {cells['kind']!r}; write SPLIT, DIVIDEND or DELISTING")
    for column in COLUMNS[3:]:
        if cells.get(column) and column not in HAS[kind]:
            raise _Wrong(f"{column} was {cells[column]!r}; a {kind} has none")
    return ActionLine(
        line=number,
        symbol=_symbol(cells, "symbol"),
        ex_date=_day(cells, "ex_date"),
        kind=kind,
        ratio=_number(cells, "ratio"),
        cash=_number(cells, "cash"),
        currency=cells.get("currency", "").upper() or None,
        pay_date=_day(cells, "pay_date") if cells.get("pay_date") else None,
        successor=_symbol(cells, "successor") if cells.get("successor") else None,
    )


def _symbol(cells: Mapping[str, str], column: str) -> str:
    if not SYMBOL.fullmatch(cells[column]):
        raise _Wrong(f"{column} was {cells[column]!r}; write one like BHP.AX")
    return cells[column]


def _day(cells: Mapping[str, str], column: str) -> date:
    try:
        if DAY.fullmatch(cells[column]):
            return date.fromisoformat(cells[column])
    except ValueError:
        pass  # 2024-02-30
    raise _Wrong(f"{column} was {cells[column]!r}; write a day like 2024-01-02")


def _number(cells: Mapping[str, str], column: str) -> float | None:
    cell = cells.get(column, "")
    if not cell:
        return None
    if not NUMBER.fullmatch(cell) or not math.isfinite(float(cell)):
        raise _Wrong(f"{column} was {cell!r}; write a number like 0.75")
    return float(cell)
