"""Scans and what they may know: nothing later, nothing by the order of columns, no split."""

from dataclasses import replace

import numpy as np
import pytest

from engine.panel import Superseded
from engine.scan import scan
from engine.scan_view import look, see
from engine.scanners import SCANNERS
from tests.engine.panels import DAY, make_panel
from tests.engine.scanning import (
    ASSETS,
    EASY,
    ROWS,
    close_of,
    make_market,
    make_scanner,
    outcome,
    scanned,
)


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_what_comes_later_changes_nothing(key):
    panel = make_market()
    for row in range(260, ROWS - 1, 11):
        whole = outcome(scanned(panel, key, row=row, **EASY[key]))

        ended = outcome(scanned(panel.truncate(row), key, row=row, **EASY[key]))
        risen = replace(panel, **_later(panel, row, 3.0))

        assert ended == whole
        assert outcome(scanned(risen, key, row=row, **EASY[key])) == whole


def _later(panel, row, factor):
    names = ("open", "high", "low", "close", "volume", "benchmark")
    changed = {name: getattr(panel, name).copy() for name in names}
    for values in changed.values():
        values[row + 1 :] *= factor
    return changed


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_some_hits_are_found_where_rules_are_easy(key):
    # Without this the tests of what changes nothing would compare empty lists.
    assert len(scanned(make_market(), key, **EASY[key]).hits) >= 2


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_a_bar_known_after_the_instant_is_not_seen(key):
    panel = make_market()
    row = ROWS - 1
    late = panel.known_at.copy()
    late[row - 2 : row + 1, :4] += DAY * 30
    hidden = replace(panel, known_at=late)
    cells = {name: getattr(panel, name).copy() for name in ("open", "high", "low", "close")}
    for values in cells.values():
        values[row - 2 : row + 1, :4] *= 5.0

    first = outcome(scanned(hidden, key, **EASY[key]))

    assert outcome(scanned(replace(hidden, **cells), key, **EASY[key])) == first
    assert first[0][0].because == {"no bar on their market's last session": 4}
    assert first != outcome(scanned(panel, key, **EASY[key]))


def test_a_bar_is_seen_as_it_was_believed_then():
    panel = make_market()
    row = ROWS - 1
    before = scanned(panel, "new_high", **EASY["new_high"])
    price, instant = panel.close[row, 0], close_of(panel, row)
    was = Superseded(
        row=np.array([row]),
        asset=np.array([0]),
        open=np.array([price]),
        close=np.array([price]),
        high=np.array([panel.high[row, 0]]),
        low=np.array([panel.low[row, 0]]),
        volume=np.array([panel.volume[row, 0]]),
        known_at=np.array([panel.known_at[row, 0]]),
        known_to=np.array([instant + DAY]),
    )
    close, known_at = panel.close.copy(), panel.known_at.copy()
    close[row, 0], known_at[row, 0] = price * 9.0, instant + DAY
    corrected = replace(panel, close=close, high=np.maximum(panel.high, close), known_at=known_at)
    corrected = replace(corrected, superseded=was)

    then = scanned(corrected, "new_high", **EASY["new_high"])

    assert outcome(then) == outcome(before)
    assert look(corrected, row, instant, bars=5).open[-1, 0] == price
    later = scan(corrected, row, instant + DAY, make_scanner("new_high", **EASY["new_high"]))
    assert outcome(later) != outcome(before)


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_the_order_of_columns_changes_nothing(key):
    panel = make_market()
    found = scanned(panel, key, **EASY[key])
    order = np.random.default_rng(3).permutation(ASSETS)
    # Ids ascend by column, so a column moves with its symbol only.
    moved = {name: getattr(panel, name)[:, order] for name in _CELLS}
    turned = replace(panel, symbols=tuple(panel.symbols[i] for i in order), **moved)

    again = scanned(turned, key, **EASY[key])

    assert sorted(outcome(again)[1]) == sorted(outcome(found)[1])


_CELLS = ("open", "high", "low", "close", "volume", "tr_factor", "split", "dividend", "known_at")


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_a_split_is_no_fall(key):
    panel = make_market()
    halved = {name: getattr(panel, name).copy() for name in ("open", "high", "low", "close")}
    for values in halved.values():
        values[290:, :6] /= 2.0
    volume, split, factor = panel.volume.copy(), panel.split.copy(), panel.tr_factor.copy()
    volume[290:, :6] *= 2.0
    split[290, :6] = 2.0
    factor[290:, :6] *= 2.0

    found = scanned(panel, key, **EASY[key])
    after = scanned(
        replace(panel, **halved, volume=volume, split=split, tr_factor=factor), key, **EASY[key]
    )

    assert [hit.asset for hit in after.hits] == [hit.asset for hit in found.hits]
    np.testing.assert_allclose(
        [hit.score for hit in after.hits], [hit.score for hit in found.hits], rtol=1e-9
    )
    flagged = {hit.asset for hit in after.hits if "split" in hit.flags}
    assert flagged == {hit.asset for hit in after.hits if hit.asset < 6}


def test_a_decision_sees_the_rate_of_today_whichever_listing_ended_long_ago():
    """The last column has had no bar since a dollar was 1.25 Australian ones; it is 2.00 now."""
    rows = 300
    close = np.full((rows, 2), 10.0)
    close[60:, 1] = np.nan
    usd = np.where(np.arange(rows) < 100, 1.25, 2.0)
    panel = make_panel(
        close,
        currency=[1, 1],
        currencies=("AUD", "USD"),
        fx=np.column_stack([np.ones(rows), usd]),
        fx_known_at=np.zeros((rows, 2)),
    )
    window = panel.window(rows - 1, 290, int(panel.closes_at[-1, 0]))

    assert see(window, bars=252, member=window.member).aud.tolist() == [2.0, 2.0]
