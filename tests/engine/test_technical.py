import numpy as np
import pandas as pd
import pytest

from engine.technical import (
    atr,
    ema,
    last_bars,
    latest_macd_histogram,
    latest_rsi,
    macd_histogram,
    rsi,
    sma,
    true_range,
)
from tests.engine.panels import make_closes

# The example every charting manual prints.
PUBLISHED = [
    *(44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826),
    *(45.8931, 46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439),
]
CLOSES = make_closes(sessions=300, assets=4)
NAN = np.nan


def column(*values):
    return np.array(values, np.float64)[:, None]


def series(values):
    return values[:, 0].tolist()


def test_rsi_is_that_of_the_published_example():
    index = series(rsi(column(*PUBLISHED), 14))

    assert np.isnan(index[:14]).all()
    assert index[14:] == pytest.approx(
        [70.5328, 66.3186, 66.5498, 69.4063, 66.3552, 57.9749], abs=5e-5
    )


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ((10, 11, 12, 13), [100.0, 100.0]),
        ((13, 12, 11, 10), [0.0, 0.0]),
        ((10, 10, 10, 10), [50.0, 50.0]),
        ((10, 10, 10, 11), [50.0, 100.0]),
    ],
)
def test_rsi_without_losses_gains_or_either(closes, expected):
    assert series(rsi(column(*closes), 2))[2:] == expected


def test_sma_is_the_mean_of_full_windows():
    assert series(sma(column(1, 2, 3, 7), 3))[2:] == [2.0, 4.0]
    assert np.isnan(sma(column(1, 2, 3, 7), 3)[:2]).all()
    assert np.isnan(sma(column(1, 2), 3)).all()
    assert np.isnan(series(sma(column(1, NAN, 3, 7, 8, 9), 3))).tolist() == [True] * 4 + [False] * 2


def test_ema_starts_from_the_mean_of_its_first_window():
    assert series(ema(column(1, 2, 3, 7, 7), 3))[2:] == [2.0, 4.5, 5.75]
    assert np.isnan(ema(column(1, 2), 3)).all()


def test_ema_is_pandas_own_once_seeded():
    seeded = np.concatenate([CLOSES[:12].mean(axis=0)[None], CLOSES[12:]])

    peer = pd.DataFrame(seeded).ewm(span=12, adjust=False).mean().to_numpy()

    np.testing.assert_allclose(ema(CLOSES, 12)[11:], peer, rtol=1e-13)


def test_a_missing_row_starts_an_exponential_mean_anew():
    found = series(ema(column(NAN, 5, 5, 8, NAN, 1, 2, 3, 7), 3))

    assert np.isnan(found[:3] + found[4:7]).all()
    assert found[3] == 6.0
    assert found[7:] == [2.0, 4.5]


def test_another_asset_s_gap_changes_no_bit():
    holed = np.column_stack([CLOSES, CLOSES[:, 0], CLOSES[:, 1]])
    holed[[0, 250], 4:] = NAN

    for indicator in (lambda close: ema(close, 10), lambda close: rsi(close, 14)):
        np.testing.assert_array_equal(indicator(holed)[:, :4], indicator(CLOSES))
        np.testing.assert_array_equal(indicator(holed)[1:250, 4:], indicator(CLOSES[1:])[:249, :2])


def test_no_indicator_looks_ahead():
    high, low, cut = CLOSES * 1.01, CLOSES * 0.98, 200

    def all_of(rows):
        close = CLOSES[rows]
        return (
            sma(close, 50),
            rsi(close, 14),
            macd_histogram(close, fast=12, slow=26, signal=9),
            atr(high[rows], low[rows], close, 14),
        )

    for whole, short in zip(all_of(slice(None)), all_of(slice(cut)), strict=True):
        np.testing.assert_array_equal(whole[:cut], short)


def test_macd_is_the_line_less_its_own_mean():
    """By hand with windows 2, 3 and 2: line 1/2 1/2 5/6, its mean 1/2 13/18."""
    close = column(1, 2, 3, 4, 7)

    found = series(macd_histogram(close, fast=2, slow=3, signal=2))

    assert np.isnan(found[:3]).all()
    assert found[3:] == pytest.approx([0.0, 1 / 9], abs=1e-12)


def test_true_range_counts_the_gap_from_the_close_before():
    high, low, close = column(10, 12, 9, 8), column(9, 11, 8, 4), column(9, 11, 8, 5)

    assert series(true_range(high, low, close))[1:] == [3.0, 3.0, 4.0]
    assert np.isnan(true_range(high, low, close)[0]).all()
    assert series(atr(high, low, close, 2))[2:] == [3.0, 3.5]
    assert np.isnan(atr(high, low, close, 2)[:2]).all()


def test_last_bars_puts_the_bars_of_each_asset_side_by_side():
    values = np.array([[1, NAN, 5], [NAN, NAN, 6], [2, 3, 7], [3, 4, NAN]])

    np.testing.assert_array_equal(last_bars(values, 2), [[2, 3, 6], [3, 4, 7]])
    np.testing.assert_array_equal(
        last_bars(values, 5),
        [[NAN, NAN, NAN], [NAN, NAN, NAN], [1, NAN, 5], [2, 3, 6], [3, 4, 7]],
    )


def test_the_latest_figures_are_the_last_rows_of_the_recursions():
    bars = np.array(CLOSES)
    bars[:20, 1], bars[:-10, 2], bars[:-30, 3] = NAN, NAN, NAN
    macd = {"fast": 12, "slow": 26, "signal": 9}

    index, histogram = latest_rsi(bars, 14), latest_macd_histogram(bars, **macd)

    np.testing.assert_allclose(index, rsi(bars, 14)[-1], rtol=1e-12)
    np.testing.assert_allclose(histogram, macd_histogram(bars, **macd)[-1], atol=1e-12)
    assert np.isnan(index).tolist() == [False, False, True, False]
    assert np.isnan(histogram).tolist() == [False, False, True, True]
