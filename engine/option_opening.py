"""The empty option book of a run: which close each decision waits for."""

import numpy as np

from engine.decide import Targets
from engine.execution import MAX_WAIT, FillPolicy, first_fills
from engine.option_book import OptionBook
from engine.option_columns import Columns
from engine.option_positions import Opening
from engine.option_surface import market_of
from engine.panel import Panel
from engine.types import BoolArray


def open_book(
    panel: Panel,
    targets: Targets,
    *,
    policy: FillPolicy,
    charged: bool,
    last_row: int,
) -> OptionBook:
    """Return the empty book of a run, each decision of `targets` given the close it waits for.

    The worth of the account is noted from the session before the first close on.
    """
    asset = next(structure.asset for structure in targets.opens if structure is not None)
    trades = panel.tradable[:, asset] & market_of(panel, asset).known
    openings: dict[int, Opening] = {}
    for k, structure in enumerate(targets.opens):
        if structure is None:
            continue
        row, instant = int(targets.rows[k]), int(targets.instants[k])
        fill = _fill_row(panel, trades, asset, row, instant, policy, last_row)
        if fill >= 0:
            seen = bool(panel.closes_at[row, panel.market[asset]] <= instant)
            openings[fill] = Opening(row, row if seen else row - 1, structure)
    return OptionBook(
        panel=panel,
        openings=openings,
        policy=policy,
        charged=charged,
        last_row=last_row,
        columns=Columns(panel=panel, asset=asset),
        trades=trades,
    )


def _fill_row(
    panel: Panel,
    trades: BoolArray,
    asset: int,
    row: int,
    instant: int,
    policy: FillPolicy,
    last_row: int,
) -> int:
    """Return the first row after the decision on which options have a price; -1 without one."""
    asset_only = np.array([asset])
    fills = first_fills(
        panel, asset_only, row=row, instant=instant, policy=policy, last_row=last_row
    )
    first = int(fills.row[0])
    if first < 0:
        return -1
    waits = np.flatnonzero(trades[first : min(first + MAX_WAIT, last_row + 1)])
    return first + int(waits[0]) if len(waits) else -1
