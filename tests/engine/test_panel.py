import numpy as np
import pytest

from engine.errors import PanelError
from engine.panel import NEVER, Superseded
from tests.engine.panels import ASX_CLOSE, ASX_OPEN, DAY, US_CLOSE, make_panel, make_sessions

NAN = np.nan
CLOSE = np.array([[10.0, 20.0], [11.0, 19.0], [12.0, 21.0]])


def closing(panel, row):
    return int(panel.closes_at[row, 0])


def spoilt(value, row=1, asset=1, of=CLOSE):
    changed = np.array(of)
    changed[row, asset] = value
    return changed


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"open": spoilt(-1.0)}, "open of S001 on 2000-01-04 was -1.0; a price is above 0"),
        ({"high": spoilt(0.0)}, "high of S001 on 2000-01-04 was 0.0"),
        ({"low": spoilt(np.inf)}, "low of S001 on 2000-01-04 was inf"),
        ({"volume": spoilt(-5.0)}, "volume of S001 on 2000-01-04 was -5.0; a volume is at least 0"),
        ({"split": spoilt(0.0)}, "split of S001 on 2000-01-04 was 0.0; a split ratio is above 0"),
        ({"split": spoilt(NAN)}, "split of S001 on 2000-01-04 was nan"),
        ({"split": spoilt(np.inf)}, "split of S001 on 2000-01-04 was inf"),
        ({"dividend": spoilt(19.0, of=np.zeros((3, 2)))}, "was 19.0; a dividend is at least 0 and"),
        ({"dividend": spoilt(NAN, of=np.zeros((3, 2)))}, "dividend of S001 on 2000-01-04 was nan"),
        ({"tr_factor": spoilt(NAN)}, "tr_factor of S001 on 2000-01-04 was nan"),
        ({"session": [1, 3, 3]}, "session was not ascending: 3 before 3"),
        ({"asset_id": [2, 1]}, "asset_id was not ascending: 2 before 1"),
        ({"symbols": ("A", "A")}, "symbols were repeated"),
        ({"currency": [0, 1]}, "currency pointed outside its table of 1 names"),
        ({"market": [-1, 0]}, "market pointed outside its table of 1 names"),
        ({"fx": np.full((3, 1), 2.0)}, "fx of the base currency USD was not 1.0"),
        ({"rf": [0.0, np.inf, 0.0]}, "rf on 2000-01-04 was inf; a rate is finite"),
        ({"benchmark": [1.0, 0.0, 1.0]}, "benchmark on 2000-01-04 was 0.0; a level is above 0"),
        ({"rf": [0.0]}, r"rf was of shape \(1,\); 3 sessions, 2 assets need \(3,\)"),
        ({"groups": {"SECTOR": ("a",)}}, "group SECTOR had 1 labels for 2 assets"),
    ],
)
def test_what_cannot_be_a_market_is_refused_by_name(changes, message):
    with pytest.raises(PanelError, match=message):
        make_panel(CLOSE, **changes)


def test_a_rate_below_zero_names_its_session():
    fx = np.array([[1.0, 1.5], [1.0, -1.5], [1.0, 1.5]])

    with pytest.raises(PanelError, match="fx on 2000-01-04 was"):
        make_panel(CLOSE, currencies=("AUD", "USD"), fx=fx, fx_known_at=np.zeros((3, 2)))


def test_a_session_without_a_bar_cannot_be_traded():
    with pytest.raises(PanelError, match="tradable of S001 on 2000-01-04"):
        make_panel(spoilt(NAN), tradable=np.ones((3, 2)))


def test_the_panel_is_read_only_and_the_callers_array_is_not():
    close = np.array(CLOSE)
    panel = make_panel(close)

    close[0, 0] = 99.0

    with pytest.raises(ValueError, match="read-only"):
        panel.close[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        panel.window(2, 2, NEVER - 1).close[0, 0] = 1.0


def test_total_return_is_in_the_base_currency():
    fx = np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 4.0]])
    panel = make_panel(
        CLOSE,
        currencies=("AUD", "USD"),
        currency=[0, 1],
        fx=fx,
        fx_known_at=np.zeros((3, 2)),
        tr_factor=np.array([[1.0, 1.0], [1.0, 1.0], [1.5, 1.0]]),
    )

    np.testing.assert_array_equal(panel.total_return(), [[10, 40], [11, 38], [18, 84]])


def test_marks_carry_the_last_close_and_nothing_back():
    panel = make_panel([[NAN, 20.0], [11.0, NAN], [NAN, 21.0]])

    np.testing.assert_array_equal(panel.marks(), [[NAN, 20.0], [11.0, 20.0], [11.0, 21.0]])


def test_a_window_ends_with_its_row():
    panel = make_panel(CLOSE, rf=[0.1, 0.2, 0.3], member=[[1, 1], [1, 0], [0, 0]])

    window = panel.window(1, 2, closing(panel, 1))

    np.testing.assert_array_equal(window.close, CLOSE[:2])
    np.testing.assert_array_equal(window.total_return, CLOSE[:2])
    np.testing.assert_array_equal(window.rf, [0.1, 0.2])
    np.testing.assert_array_equal(window.member, [True, False])
    np.testing.assert_array_equal(window.session, panel.session[:2])
    assert window.due.all()


def test_what_was_not_known_at_the_instant_is_nan():
    panel = make_panel(CLOSE)

    window = panel.window(2, 3, closing(panel, 2) - 1)

    expected = np.array([[10.0, 20.0], [11.0, 19.0], [NAN, NAN]])
    for values in (window.total_return, window.close, window.high, window.low):
        np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(np.isnan(window.volume), np.isnan(expected))
    np.testing.assert_array_equal(window.due[-1], [False, False])


def test_a_bar_that_became_known_late_is_nan_until_then():
    known_at = make_panel(CLOSE).known_at.copy()
    known_at[0, 1] = known_at[2, 1]
    panel = make_panel(CLOSE, known_at=known_at)

    before, after = (panel.window(row, 2, closing(panel, row)) for row in (1, 2))
    whole = panel.window(2, 3, closing(panel, 2))

    np.testing.assert_array_equal(before.total_return, [[10.0, NAN], [11.0, 19.0]])
    np.testing.assert_array_equal(after.total_return, CLOSE[1:])
    np.testing.assert_array_equal(whole.total_return, CLOSE)


def make_superseded(row, asset, close, *, known_at, known_to):
    values = np.array([close])
    return Superseded(
        row=np.array([row]),
        asset=np.array([asset]),
        open=values,
        close=values,
        high=values,
        low=values,
        volume=np.array([7.0]),
        known_at=np.array([known_at]),
        known_to=np.array([known_to]),
    )


def test_a_bar_corrected_later_is_seen_as_it_was_then_believed():
    session = make_sessions(3)
    closes = session * DAY + US_CLOSE
    corrected = closes[2] + DAY
    known_at = np.repeat(closes[:, None], 2, axis=1)
    known_at[1, 0] = corrected
    was = make_superseded(1, 0, 90.0, known_at=closes[1], known_to=corrected)
    panel = make_panel(
        np.full((3, 2), 100.0), known_at=known_at, superseded=was, tr_factor=np.full((3, 2), 2.0)
    )

    then = panel.window(2, 2, int(closes[2]))
    late = panel.window(2, 2, int(corrected))
    cut = panel.truncate(0)

    assert then.close[:, 0].tolist() == [90.0, 100.0]
    assert then.total_return[:, 0].tolist() == [180.0, 200.0]
    assert then.volume[0, 0] == 7.0
    assert late.close[:, 0].tolist() == [100.0, 100.0]
    assert np.isnan(panel.window(1, 1, int(closes[1]) - 1).close[0, 0])
    assert len(cut.superseded.row) == 0


def test_a_late_fixing_is_replaced_by_the_last_one_known():
    fx_known_at = np.zeros((3, 2), np.int64)
    fx_known_at[1, 1] = fx_known_at[2, 1] = NEVER
    panel = make_panel(
        CLOSE,
        currencies=("AUD", "USD"),
        currency=[0, 1],
        fx=np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 8.0]]),
        fx_known_at=fx_known_at,
    )

    window = panel.window(2, 2, closing(panel, 2))

    np.testing.assert_array_equal(window.total_return, [[11.0, 38.0], [12.0, 42.0]])


def test_an_asset_is_due_only_once_its_own_market_has_closed():
    """G1.4: at the Sydney close of a day the New York session of that day is still to come."""
    session = make_sessions(3)
    closes_at = np.stack([session * DAY + ASX_CLOSE, session * DAY + US_CLOSE], axis=1)
    panel = make_panel(
        CLOSE,
        market=[0, 1],
        markets=("XASX", "XNYS"),
        opens_at=np.stack([session * DAY + ASX_OPEN, session * DAY], axis=1),
        closes_at=closes_at,
        known_at=closes_at,
    )

    window = panel.window(2, 2, int(closes_at[2, 0]))

    np.testing.assert_array_equal(window.due, [[True, True], [True, False]])
    np.testing.assert_array_equal(window.close, [[11.0, 19.0], [12.0, NAN]])


def test_the_price_floor_is_by_currency_and_unknown_without_raw_prices():
    changes = {
        "currencies": ("AUD", "USD"),
        "currency": [0, 1],
        "fx": np.ones((3, 2)),
        "fx_known_at": np.zeros((3, 2)),
    }

    raw = make_panel(CLOSE, **changes).window(2, 1, NEVER - 1)
    adjusted = make_panel(CLOSE, flags=("vendor_adjusted",), **changes).window(2, 1, NEVER - 1)

    np.testing.assert_array_equal(raw.price_floor, [0.20, 1.0])
    np.testing.assert_array_equal(adjusted.price_floor, [0.0, 0.0])


def test_truncation_keeps_the_rows_up_to_its_own():
    delisted = np.zeros(CLOSE.shape)
    panel = make_panel(CLOSE, by_asset={"delisted": delisted}, benchmark_known_at=[1, 2, 3])

    short = panel.truncate(1)

    np.testing.assert_array_equal(short.close, CLOSE[:2])
    np.testing.assert_array_equal(short.by_asset["delisted"], delisted[:2])
    assert short.benchmark_known_at.tolist() == [1, 2]
    assert short.symbols == panel.symbols
    assert len(short.session) == len(short.opens_at) == len(short.benchmark) == 2


def test_the_benchmark_of_a_window_is_the_last_level_known():
    panel = make_panel(CLOSE, benchmark=[10.0, 11.0, 12.0])
    closed = int(panel.closes_at[2, 0])

    after, before = (panel.window(2, 2, instant) for instant in (closed, closed - 1))

    assert after.benchmark.tolist() == [11.0, 12.0]
    assert before.benchmark.tolist() == [11.0, 11.0]


def test_a_benchmark_known_late_stands_for_ten_sessions_and_no_more():
    n = 14
    told = np.full(n, NEVER)
    told[:2] = 0
    level = np.arange(1.0, n + 1)
    level[0] = NAN
    panel = make_panel(np.full((n, 1), 10.0), benchmark=level, benchmark_known_at=told)

    seen = panel.window(n - 1, n, NEVER - 1).benchmark

    np.testing.assert_array_equal(seen, [NAN, *[2.0] * 11, NAN, NAN])
    np.testing.assert_array_equal(panel.window(3, 1, NEVER - 1).benchmark, [2.0])
    np.testing.assert_array_equal(panel.window(n - 1, 1, NEVER - 1).benchmark, [NAN])


def test_a_benchmark_of_another_currency_waits_for_its_fixing():
    fixed = np.array([[0, 1], [0, 2], [0, NEVER]])
    panel = make_panel(
        CLOSE,
        benchmark=[10.0, 11.0, 12.0],
        benchmark_known_at=[1, 2, 3],
        benchmark_currency=1,
        currencies=("AUD", "USD"),
        fx=np.full((3, 2), [1.0, 1.5]),
        fx_known_at=fixed,
    )

    assert panel.window(2, 3, NEVER - 1).benchmark.tolist() == [10.0, 11.0, 11.0]


def test_a_benchmark_as_it_is_quoted_waits_for_no_fixing():
    panel = make_panel(
        CLOSE,
        benchmark=[15.0, 16.5, 18.0],
        benchmark_own=[10.0, 11.0, 12.0],
        benchmark_known_at=[1, 2, 30],
        benchmark_currency=1,
        currencies=("AUD", "USD"),
        fx=np.full((3, 2), [1.0, 1.5]),
        fx_known_at=[[0, NEVER]] * 3,
    )

    seen = [panel.window(2, 3, instant).benchmark_own.tolist() for instant in (29, 30)]

    assert seen == [[10.0, 11.0, 11.0], [10.0, 11.0, 12.0]]
    assert panel.truncate(1).window(1, 2, 30).benchmark_own.tolist() == [10.0, 11.0]
    at_home = make_panel(CLOSE, benchmark=[1.0, 2.0, 3.0]).window(2, 2, NEVER - 1)
    assert at_home.benchmark_own.tolist() == [2.0, 3.0]


def test_a_benchmark_instant_for_each_session_is_demanded():
    with pytest.raises(PanelError, match=r"benchmark_known_at was of shape \(2,\)"):
        make_panel(CLOSE, benchmark_known_at=[1, 2])


def test_a_split_is_seen_on_the_session_on_which_a_holder_meets_it():
    close = np.array([[10.0, 20.0], [NAN, 19.0], [NAN, 20.0], [5.0, 21.0]])
    split = np.array([[1.0, 1.0], [2.0, 3.0], [NAN, 1.0], [1.0, 1.0]])

    window = make_panel(close, split=split).window(3, 4, NEVER - 1)

    assert window.split.tolist() == [[1.0, 1.0], [1.0, 3.0], [1.0, 1.0], [2.0, 1.0]]
