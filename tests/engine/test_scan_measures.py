"""Figures of scans, each against a published or hand-made value or another implementation."""

import numpy as np
import pytest

from engine import scan_measures
from engine.scan_view import look
from engine.scanners import SCANNERS
from engine.scanners.quallamaggie import sized
from tests.engine.panels import make_closes, make_panel
from tests.engine.scanning import close_of, make_scanner, scanned

# The example of StockCharts' page on RSI, as engine.md 2.3 quotes it.
PUBLISHED = (
    "44.3389 44.0902 44.1497 43.6124 44.3278 44.8264 45.0955 45.4245 45.8433 46.0826 45.8931"
    " 46.0328 45.6140 46.2820 46.2820 46.0028 46.0328 46.4116 46.2222 45.6439"
)


def test_rsi_is_the_published_one():
    closes = np.array([float(each) for each in PUBLISHED.split()])[:, None]

    found = [scan_measures.wilder_rsi(closes[: row + 1], 14)[0] for row in range(14, 20)]

    np.testing.assert_allclose(
        found, [70.5328, 66.3186, 66.5498, 69.4063, 66.3552, 57.9749], atol=5e-5
    )


def test_rsi_at_its_ends():
    rising, falling = np.arange(1.0, 60.0)[:, None], np.arange(60.0, 1.0, -1.0)[:, None]
    flat = np.full((60, 1), 5.0)
    found = [scan_measures.rsi(each, 2)[0] for each in (rising, falling, flat)]
    assert found == [100.0, 0.0, 50.0]


def test_rsi_does_not_hang_on_where_the_rows_begin():
    closes = make_closes(sessions=300, assets=3)
    np.testing.assert_array_equal(scan_measures.rsi(closes, 14), scan_measures.rsi(closes[10:], 14))
    assert np.isnan(scan_measures.rsi(closes[-280:], 14)).all()


def test_trailing_return_skips_the_last_bars():
    # engine.md 2.1, golden: 121/100 - 1 with lookback 3 and skip 1.
    closes = np.array([[100.0], [100.0], [110.0], [121.0], [100.0]])
    assert scan_measures.trailing(closes, 3, skip=1)[0] == pytest.approx(0.21, abs=1e-12)
    assert scan_measures.trailing(closes, 3)[0] == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(scan_measures.trailing(closes, 5)[0])


def test_slope_of_a_mean_is_that_of_a_fitted_line():
    closes = make_closes(sessions=80, assets=2)
    means = np.array([closes[row - 49 : row + 1].mean(axis=0) for row in range(70, 80)])
    expected = np.polyfit(np.arange(10), means, 1)[0] / means[-1]
    np.testing.assert_allclose(
        scan_measures.slope_of_mean(closes, window=50, over=10), expected, rtol=1e-9
    )


def view_of(close, **changes):
    panel = make_panel(close, **changes)
    row = len(panel.session) - 1
    return look(panel, row, close_of(panel, row), bars=len(panel.session))


def test_true_range_counts_the_gap():
    close = np.array([[10.0], [14.0], [13.0]])
    view = view_of(close, high=close + 1.0, low=close - 1.0)
    # 15 less the close before, 10; then the bar's own 14 less 12.
    assert scan_measures.true_ranges(view.high, view.low, view.close)[:, 0].tolist() == [5.0, 2.0]
    means = scan_measures.average_true_ranges(view, values=1, window=2)
    assert means.tolist() == [[3.5]]


def test_a_missing_high_makes_its_windows_unknown():
    close = np.full((40, 2), 10.0)
    high = close + 1.0
    high[30, 1] = np.nan
    view = view_of(close, high=high, low=close - 1.0)
    assert np.isfinite(scan_measures.highest(view.high, 20)).tolist() == [True, False]
    assert np.isfinite(scan_measures.spread_of(view, 10, 0)).tolist() == [True, False]
    assert np.isfinite(scan_measures.highest(view.high, 5)).tolist() == [True, True]


def test_of_nothing_nothing_is_a_share():
    found = scan_measures.share_of(np.array([1.0, 0.0, 2.0]), np.array([0.0, 0.0, 4.0]))
    np.testing.assert_array_equal(found, [np.nan, np.nan, 0.5])


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_a_price_that_never_moves_is_no_error_and_no_hit_by_ranges(key):
    flat = np.full((300, 2), 10.0)
    panel = make_panel(flat, volume=np.zeros((300, 2)), tradable=np.zeros((300, 2), np.bool_))
    found = scanned(panel, key)
    if key in {"vcp", "quiet"}:
        assert found.hits == ()


def test_the_spread_of_the_last_bars():
    close = np.array([[10.0], [8.0], [9.0]])
    view = view_of(close, high=close + 2.0, low=close - 1.0)
    # Of the last two: highs 10 and 11, lows 7 and 8.
    assert scan_measures.spread_of(view, 2, 0)[0] == pytest.approx(4.0 / 11.0)
    assert scan_measures.spread_of(view, 3, 2)[0] == pytest.approx(3.0 / 12.0)


def test_bars_of_a_share_stand_side_by_side_whatever_its_holidays():
    close = make_closes(sessions=50, assets=2)
    gapped = close.copy()
    gapped[[5, 17, 40], 1] = np.nan
    view = view_of(gapped)
    np.testing.assert_allclose(view.close[3:, 1], np.delete(close[:, 1], [5, 17, 40]))
    assert view.bars.tolist() == [50, 47]


def test_prices_are_in_the_money_of_the_last_bar():
    close = np.array([[100.0], [102.0], [51.5]])
    split, factor = np.ones((3, 1)), np.ones((3, 1))
    split[2], factor[2] = 2.0, 2.0
    view = view_of(close, split=split, tr_factor=factor, volume=np.array([[10.0], [10.0], [20.0]]))
    assert view.close[:, 0].tolist() == [50.0, 51.0, 51.5]
    assert view.volume[:, 0].tolist() == [20.0, 20.0, 20.0]
    assert view.turnover[:, 0].tolist() == [1000.0, 1020.0, 1030.0]
    assert view.split.tolist() == [True]


def test_highs_are_of_prices_that_were_there_and_returns_have_dividends_in_them():
    """A dividend of 10 on the last day: the high of the day before stays 100, nothing was lost."""
    close = np.array([[100.0], [100.0], [90.0]])
    factor = np.array([[1.0], [1.0], [100.0 / 90.0]])
    view = view_of(close, tr_factor=factor, dividend=np.array([[0.0], [0.0], [10.0]]))
    assert scan_measures.highest(view.high, 3)[0] == 100.0
    assert view.close[:, 0].tolist() == [100.0, 100.0, 90.0]
    assert scan_measures.trailing(view.total_return, 2)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("stop", "shares"),
    [
        # engine.md 2.8, golden: 0.5 % of 100,000 at risk, a fifth of it in one position at most.
        (47.0, 166),
        (49.90, 400),
        (50.0, None),
        (51.0, None),
        (float("nan"), None),
    ],
)
def test_shares_are_sized_by_the_distance_to_the_stop(stop, shares):
    assert sized(100_000.0, 50.0, stop, risk=0.005, largest=0.20) == shares


def test_a_ticket_is_the_high_of_the_base_less_its_range():
    close = np.full((80, 1), 50.0)
    view = view_of(close, high=close + 1.0, low=close - 1.0)
    ticket = make_scanner("quallamaggie", atr_multiple=1.5).ticket(view, 0)
    # Every true range is 2; 51 less 3 is 48; 500 at risk over 3 a share.
    assert (ticket.entry, ticket.stop, ticket.shares) == (51.0, 48.0, 166)


def judged(view, key, code, **parameters):
    [rule] = [each for each in make_scanner(key, **parameters).rules() if each.code == code]
    return rule.judge(view, view.member)


def test_a_range_contracts_when_each_leg_is_narrower():
    # Legs of five sessions: ranges 4, 2 and 1 of a high of 12, 11 and 10.5; then 2, 3 and 1.
    close = np.full((15, 2), 10.0)
    high, low = np.empty((15, 2)), np.empty((15, 2))
    for leg, (first, second) in enumerate([(2.0, 1.0), (1.0, 1.5), (0.5, 0.5)]):
        rows = slice(5 * leg, 5 * leg + 5)
        high[rows], low[rows] = close[rows] + [first, second], close[rows] - [first, second]
    found = judged(view_of(close, high=high, low=low), "vcp", "contraction", leg=5)

    first = max((2 / 11) / (4 / 12), (1 / 10.5) / (2 / 11))
    assert found.value[0] == pytest.approx(first, rel=1e-12)
    assert found.passed.tolist() == [True, False]


def test_volume_that_dries_up():
    volume = np.repeat([[100.0], [59.0]], [20, 10], axis=0)
    view = view_of(np.full((30, 1), 10.0), volume=volume)
    found = judged(view, "vcp", "dry_volume")
    assert (found.value[0], found.passed[0]) == (pytest.approx(0.59), True)


def test_a_gap_is_from_the_close_before_to_the_open():
    close = np.full((25, 2), 10.0)
    opening, volume = close.copy(), np.full((25, 2), 100.0)
    opening[-1] = [10.6, 10.4]
    volume[-1] = [250.0, 150.0]
    close[-1] = 10.7
    view = view_of(close, open=opening, high=np.full((25, 2), 11.0), volume=volume)

    assert judged(view, "episodic_pivot", "gap_up").value == pytest.approx([0.06, 0.04])
    assert judged(view, "episodic_pivot", "gap_up").passed.tolist() == [True, False]
    assert judged(view, "episodic_pivot", "volume_share").value.tolist() == [2.5, 1.5]


def test_a_pocket_of_quiet_is_the_narrowest_of_half_a_year():
    close = np.full((126, 2), 10.0)
    high, low = close + 1.0, close - 1.0
    high[-5:, 0], low[-5:, 0] = 10.2, 9.8
    high[50:55, 1], low[50:55, 1] = 10.2, 9.8
    found = judged(view_of(close, high=high, low=low), "quiet", "quiet", window=5)

    assert found.value[0] == pytest.approx(1.0)
    assert found.value[1] == pytest.approx((2 / 11) / (0.4 / 10.2))
    assert found.passed.tolist() == [True, False]


@pytest.mark.parametrize("key", sorted(SCANNERS))
def test_no_parameter_makes_a_scan_look_further_than_the_catalogue_says(key):
    from api.services.scanners import scanners

    entry = scanners()[key]
    properties = entry.parameter_schema["properties"]
    largest = {
        name: int(properties[name]["maximum"])
        for name, schema in properties.items()
        if schema.get("type") == "integer"
    }
    scanner = make_scanner(key, **largest)
    assert scanner.bars <= entry.bars(entry.default_parameters | largest)
    assert make_scanner(key).bars == entry.minimum_history
    assert entry.minimum_history <= entry.bars(entry.default_parameters)
