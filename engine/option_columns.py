"""Columns behind a panel's assets in which option legs are booked, used over and over.

A column is taken by one leg from its entry until it is closed, and free from the session after.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np

from engine.actions import settle_actions
from engine.costs import asset_rules
from engine.option_positions import MULTIPLIER, Leg
from engine.panel import NEVER, Panel
from engine.terms import Terms
from engine.types import FloatArray, IntArray

# Least mark of a leg that is worth nothing any more: a price of a panel is above 0.
WORTHLESS: Final = 1e-9


@dataclass(frozen=True)
class Use:
    """One leg in a column, from its entry to the session on which it was closed."""

    option: str
    row: int
    marks: FloatArray  # (s,) per contract

    @property
    def end(self) -> int:
        return self.row + len(self.marks)


@dataclass(kw_only=True)
class Columns:
    """The columns of the options on one index."""

    panel: Panel
    asset: int
    names: list[str] = field(default_factory=list)
    uses: list[list[Use]] = field(default_factory=list)
    moves: list[tuple[int, int, float]] = field(default_factory=list)  # row, slot, contracts

    def take(self, leg: Leg, expiry: int, row: int, middle: FloatArray) -> int:
        """Return the first column of the leg's kind that is free on `row`, now taken by it."""
        index = self.panel.symbols[self.asset]
        kind = f"{'long' if leg.side > 0 else 'short'} {'call' if leg.call else 'put'}"
        option = f"{index} {np.int64(expiry).astype('datetime64[D]')} {leg}"
        slot = self._free(f"{index} {kind}", row)
        self.uses[slot].append(Use(option, row, np.maximum(MULTIPLIER * middle, WORTHLESS)))
        return slot

    def move(self, slot: int, row: int, contracts: float) -> None:
        """Note how many contracts a column gained on `row`, below 0 what it lost."""
        self.moves.append((row, slot, contracts))

    def quantities(self, rows: IntArray) -> FloatArray:
        """Return the contracts of each column at the close of `rows`, ascending, (k, c)."""
        held = np.zeros((len(rows) + 1, len(self.names)))
        for row, slot, contracts in self.moves:
            held[np.searchsorted(rows, row), slot] += contracts
        return held[:-1].cumsum(axis=0)

    def release(self, slot: int, row: int) -> None:
        """Free a column from the session after `row`, on which its leg was closed."""
        last = self.uses[slot][-1]
        self.uses[slot][-1] = Use(last.option, last.row, last.marks[: row + 1 - last.row])

    def _free(self, kind: str, row: int) -> int:
        number = 1
        while (name := kind if number == 1 else f"{kind} {number}") in self.names:
            slot = self.names.index(name)
            if self.uses[slot][-1].end <= row:
                return slot
            number += 1
        self.names.append(name)
        self.uses.append([])
        return len(self.names) - 1

    def option(self, slot: int, row: int) -> str:
        """Return the name of the option that was booked in a column on `row`."""
        return next(use.option for use in self.uses[slot] if use.row <= row < use.end)

    def widen(self) -> Panel:
        """Return the panel with a column of modelled marks for every slot behind its assets."""
        panel, added = self.panel, len(self.names)
        marks = self._marks()
        bar = np.isfinite(marks)
        nothing = np.full_like(marks, np.nan)
        known = np.repeat(panel.known_at[:, [self.asset]], added, axis=1)
        cells: dict[str, Any] = {
            **dict.fromkeys(("open", "high", "low", "volume"), nothing),
            **dict.fromkeys(("tr_factor", "split"), np.ones_like(marks)),
            "close": marks,
            "dividend": np.zeros_like(marks),
            "known_at": np.where(bar, known, NEVER),
            "tradable": bar & panel.tradable[:, [self.asset]],
            "member": np.ones_like(bar),
        }
        values = {entry.name: getattr(panel, entry.name) for entry in fields(panel)}
        values |= {name: np.column_stack([values[name], cells[name]]) for name in cells}
        for name in ("market", "currency"):
            values[name] = np.append(values[name], np.repeat(values[name][self.asset], added))
        values["asset_id"] = np.append(panel.asset_id, panel.asset_id[-1] + 1 + np.arange(added))
        values["symbols"] = (*panel.symbols, *self.names)
        values["groups"] = {k: (*names, *["options"] * added) for k, names in panel.groups.items()}
        values["by_asset"] = {
            name: np.column_stack([cell, nothing]) for name, cell in panel.by_asset.items()
        }
        return Panel(**values)

    def _marks(self) -> FloatArray:
        marks = np.full((len(self.panel.session), len(self.names)), np.nan)
        for slot, uses in enumerate(self.uses):
            for use in uses:
                marks[use.row : use.end, slot] = use.marks
        return marks


def widen_terms(terms: Terms, panel: Panel, added: int) -> Terms:
    """Return the terms over the assets and the columns behind them, which may be written."""
    written = np.zeros(len(panel.symbols), np.bool_)
    written[len(written) - added :] = True
    extra = terms.extra_slippage
    return replace(
        terms,
        panel=panel,
        actions=settle_actions(panel),
        rules=asset_rules(panel.markets, panel.market),
        foreign=panel.currency != 0,
        extra_slippage=None if extra is None else np.append(extra, np.zeros(added)),
        written=written,
    )
