"""What arrays must satisfy to be a market. Each refusal names field, asset and date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.actions import CONVERSION, DELISTED, SUCCESSOR, TERMINAL_VALUE
from engine.errors import PanelError
from engine.types import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    from engine.panel import Panel

PRICES = ("open", "high", "low", "close")


def check(panel: Panel) -> None:
    """Raise PanelError unless the arrays of `panel` can be a market."""
    _check_shapes(panel)
    _check_axes(panel)
    _check_bars(panel)
    _check_actions(panel)
    _check_endings(panel)
    _check_rates(panel)


def _check_shapes(panel: Panel) -> None:
    n, m = len(panel.session), len(panel.symbols)
    by_asset = ("asset_id", "market", "currency")
    cells = (*PRICES, "volume", "tr_factor", "split", "dividend", "known_at", "tradable", "member")
    expected: dict[str, tuple[int, ...]] = {
        "session": (n,),
        **dict.fromkeys(by_asset, (m,)),
        **dict.fromkeys(cells, (n, m)),
        **dict.fromkeys(("fx", "fx_known_at"), (n, len(panel.currencies))),
        **dict.fromkeys(("opens_at", "closes_at"), (n, len(panel.markets))),
        **dict.fromkeys(("rf", "benchmark"), (n,)),
    }
    given = ("benchmark_known_at", "benchmark_own", "cash_rate")
    expected |= {name: (n,) for name in given if getattr(panel, name) is not None}
    if panel.cash_returns is not None:
        expected["cash_returns"] = (n, len(panel.currencies))
    for name, shape in expected.items():
        found = getattr(panel, name).shape
        if found != shape:
            raise PanelError(f"{name} was of shape {found}; {n} sessions, {m} assets need {shape}")
    for name, labels in panel.groups.items():
        if len(labels) != m:
            raise PanelError(f"group {name} had {len(labels)} labels for {m} assets")


def _check_axes(panel: Panel) -> None:
    _require_ascending("session", panel.session)
    _require_ascending("asset_id", panel.asset_id)
    if len(set(panel.symbols)) != len(panel.symbols):
        raise PanelError("symbols were repeated; each asset needs its own")
    for name, table in (("market", panel.markets), ("currency", panel.currencies)):
        index = getattr(panel, name)
        if len(index) and not 0 <= index.min() <= index.max() < len(table):
            raise PanelError(f"{name} pointed outside its table of {len(table)} names")


def _require_ascending(name: str, values: IntArray) -> None:
    steps = np.diff(values)
    if len(steps) and steps.min() <= 0:
        at = int(np.argmax(steps <= 0))
        raise PanelError(f"{name} was not ascending: {values[at]} before {values[at + 1]}")


def _check_bars(panel: Panel) -> None:
    for name in PRICES:
        values = getattr(panel, name)
        _refuse(panel, name, (values <= 0.0) | np.isinf(values), "a price is above 0 and finite")
    volume = panel.volume
    _refuse(panel, "volume", (volume < 0.0) | np.isinf(volume), "a volume is at least 0 and finite")
    bar = np.isfinite(panel.close)
    _refuse(panel, "tradable", panel.tradable & ~bar, "only a session with a bar can be traded")
    factor = panel.tr_factor
    _refuse(panel, "tr_factor", bar & ~(np.isfinite(factor) & (factor > 0)), "it is above 0")


def _check_actions(panel: Panel) -> None:
    bar = np.isfinite(panel.close)
    split, dividend = panel.split, panel.dividend
    _refuse(panel, "split", ~(split > 0.0) & bar | (split <= 0.0), "a split ratio is above 0")
    _refuse(panel, "split", np.isinf(split), "a split ratio is finite")
    wrong = ~((dividend >= 0.0) & (dividend < panel.close)) & bar
    _refuse(panel, "dividend", wrong, "a dividend is at least 0 and below the close")


def _check_endings(panel: Panel) -> None:
    given, unknown = panel.by_asset, np.full(panel.close.shape, np.nan)
    cash, ratio = given.get(TERMINAL_VALUE, unknown), given.get(CONVERSION, unknown)
    rule = "what a share ends in is at least 0 and finite"
    _refuse_cells(panel, TERMINAL_VALUE, cash, (cash < 0.0) | np.isinf(cash), rule)
    rule = "shares for one are above 0 and finite"
    _refuse_cells(panel, CONVERSION, ratio, (ratio <= 0.0) | np.isinf(ratio), rule)
    successor = given.get(SUCCESSOR, unknown)
    told = np.isfinite(successor)
    if told.any():
        rule = "another asset of the panel follows, with so many shares for one"
        own = successor == panel.asset_id
        lost = ~np.isin(successor, panel.asset_id) | np.isnan(ratio) | own
        _refuse_cells(panel, SUCCESSOR, successor, told & lost, rule)
        _check_successors(panel, given.get(DELISTED, unknown) == 1.0, successor)


def _check_successors(panel: Panel, delisted: BoolArray, successor: FloatArray) -> None:
    """Refuse a successor whose own listing has ended by then, or that ends in what it follows."""
    ends = {int(asset): int(row) for row, asset in np.argwhere(delisted)}
    for row, asset in np.argwhere(delisted & np.isfinite(successor)).tolist():
        passed, at = {asset}, asset
        while ends.get(at) == row and np.isfinite(successor[row, at]):
            at = int(np.searchsorted(panel.asset_id, successor[row, at]))
            if at in passed or ends.get(at, row) < row:
                raise PanelError(
                    f"{panel.symbols[asset]} became {panel.symbols[at]} on {_day(panel, row)},"
                    " whose own listing had ended; a successor is listed"
                )
            passed.add(at)


def _check_rates(panel: Panel) -> None:
    if not (panel.fx[:, 0] == 1.0).all():
        raise PanelError(f"fx of the base currency {panel.currencies[0]} was not 1.0")
    fx: BoolArray = np.any((panel.fx <= 0.0) | np.isinf(panel.fx), axis=1)
    _refuse_series(panel, "fx", fx, "a rate is above 0 and finite")
    _refuse_series(panel, "rf", np.isinf(panel.rf), "a rate is finite")
    if panel.cash_rate is not None:
        _refuse_series(panel, "cash_rate", np.isinf(panel.cash_rate), "a rate is finite")
    level = (panel.benchmark <= 0.0) | np.isinf(panel.benchmark)
    _refuse_series(panel, "benchmark", level, "a level is above 0 and finite")


def _refuse(panel: Panel, name: str, wrong: BoolArray, rule: str) -> None:
    _refuse_cells(panel, name, getattr(panel, name), wrong, rule)


def _refuse_cells(
    panel: Panel, name: str, values: FloatArray | IntArray, wrong: BoolArray, rule: str
) -> None:
    if wrong.any():
        row, asset = (int(at[0]) for at in np.nonzero(wrong))
        value = values[row, asset]
        raise PanelError(
            f"{name} of {panel.symbols[asset]} on {_day(panel, row)} was {value}; {rule}"
        )


def _refuse_series(panel: Panel, name: str, wrong: BoolArray, rule: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        value = getattr(panel, name)[row]
        raise PanelError(f"{name} on {_day(panel, row)} was {value}; {rule}")


def _day(panel: Panel, row: int) -> str:
    return str(panel.session[row].astype("datetime64[D]"))
