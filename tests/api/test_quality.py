from collections import Counter

import numpy as np
import pytest

from api.adapters.sample_prices import SamplePrices
from api.errors import DataError
from api.ports import BarBatch, Listing
from api.services.calendars import calendar
from api.services.quality import Reason, judge

NEW_YORK = calendar("XNYS")
FIELDS = ("open", "high", "low", "close", "volume")
NOW = int(np.datetime64("2024-06-03T12:00", "ns").astype(np.int64))
FIRST = int(np.datetime64("2024-01-02", "D").astype(np.int64))
SESSIONS = NEW_YORK.session[NEW_YORK.between(FIRST, FIRST + 120)]


def make_listing(fields=FIELDS) -> Listing:
    return Listing(
        symbol="ACME",
        name="Acme",
        asset_class="EQUITY",
        exchange="XNYS",
        currency="USD",
        source="test",
        fields=fields,
    )


def make_batch(*, bars: int = 40, fields=FIELDS) -> BarBatch:
    """Whole bars that drift up and down by a per cent, above reproach."""
    close = 100.0 * np.exp(0.01 * np.sin(np.arange(bars)))
    columns = {
        "open": close * 0.999,
        "high": close * 1.01,
        "low": close * 0.99,
        "close": close,
        "adjusted_close": close * 0.5,
        "volume": np.full(bars, 1000.0),
    }
    return BarBatch(
        symbol="ACME",
        file="acme.csv",
        row_number=np.arange(2, bars + 2),
        day=SESSIONS[:bars].copy(),
        values={name: columns[name].copy() for name in fields},
        raw=[f"row {n}" for n in range(bars)],
    )


def verdict_of(batch: BarBatch, fields=FIELDS):
    return judge(batch, make_listing(fields), NEW_YORK, now=NOW)


def test_clean_bars_pass():
    verdict = verdict_of(make_batch())

    assert verdict.refused == {}
    assert verdict.kept.all()
    assert not verdict.suspect.any()


# Row 20 of clean bars, damaged in one way each.
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"close": np.nan}, Reason.NULL_FIELD),
        ({"open": np.nan}, Reason.NULL_FIELD),
        ({"volume": np.nan}, Reason.NULL_FIELD),
        ({"low": 0.0}, Reason.BAD_PRICE),
        ({"low": -0.0}, Reason.BAD_PRICE),
        ({"low": -5.0}, Reason.BAD_PRICE),
        ({"low": 1e-12}, Reason.BAD_PRICE),
        ({"low": 5e-324}, Reason.BAD_PRICE),
        ({"high": np.inf}, Reason.BAD_PRICE),
        ({"volume": -1.0}, Reason.BAD_VOLUME),
        ({"volume": 10.5}, Reason.BAD_VOLUME),
        ({"volume": 2.0**63}, Reason.BAD_VOLUME),
        ({"volume": np.inf}, Reason.BAD_VOLUME),
        ({"high": 99.0, "low": 101.0}, Reason.OHLC_ORDER),
        ({"close": 103.0}, Reason.OHLC_ORDER),
        ({"open": 90.0}, Reason.OHLC_ORDER),
        ({"close": 1000.0, "high": 1000.0}, Reason.DECIMAL_SHIFT),
        ({"close": 1.0, "low": 1.0}, Reason.DECIMAL_SHIFT),
        ({"close": 300.0, "high": 300.0}, Reason.SPIKE),
        ({"close": 40.0, "low": 40.0}, Reason.SPIKE),
    ],
)
def test_a_damaged_row_is_refused_with_its_reason(changes, reason):
    batch = make_batch()
    for name, value in changes.items():
        batch.values[name][20] = value

    verdict = verdict_of(batch)

    assert verdict.refused == {20: reason}
    assert verdict.kept.sum() == 39
    assert not verdict.suspect.any()


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ("2024-02-03", Reason.NOT_A_TRADING_DAY),  # a Saturday
        ("2024-02-19", Reason.NOT_A_TRADING_DAY),  # Presidents' Day
        ("2024-06-03", Reason.FUTURE_BAR),  # today, not closed yet
        ("2024-06-04", Reason.FUTURE_BAR),
        ("2024-06-09", Reason.FUTURE_BAR),
        ("2199-01-02", Reason.FUTURE_BAR),
    ],
)
def test_a_day_without_a_finished_session_has_no_bar(on, reason):
    batch = make_batch(bars=1)
    batch.day[0] = np.datetime64(on, "D").astype(np.int64)

    assert verdict_of(batch).refused == {0: reason}


def test_a_repeated_row_is_kept_once():
    batch = make_batch()
    batch.day[20] = batch.day[19]
    for column in batch.values.values():
        column[20] = column[19]

    assert verdict_of(batch).refused == {20: Reason.DUPLICATE_SAME}


def test_two_values_for_one_day_are_both_refused():
    batch = make_batch()
    batch.day[20] = batch.day[19]

    assert verdict_of(batch).refused == {
        19: Reason.DUPLICATE_CONFLICT,
        20: Reason.DUPLICATE_CONFLICT,
    }


def test_a_file_that_runs_backwards_is_refused_whole():
    batch = make_batch()
    batch.day[[20, 21]] = batch.day[[21, 20]]

    with pytest.raises(DataError, match=r"UNSORTED: acme\.csv line 23 .* sort the file"):
        verdict_of(batch)


def test_a_file_without_a_close_is_refused_whole():
    with pytest.raises(DataError, match=r"SCHEMA: acme\.csv has no closing price"):
        verdict_of(make_batch(fields=("open", "volume")), fields=("open",))


def test_a_declared_column_that_is_absent_refuses_every_row():
    verdict = verdict_of(make_batch(fields=("close", "volume")))

    assert Counter(verdict.refused.values()) == {Reason.NULL_FIELD: 40}


def test_a_declared_column_that_is_absent_refuses_a_row_that_lacks_another_too():
    batch = make_batch(fields=("open", "close", "volume"))
    batch.values["open"][20] = np.nan

    assert len(verdict_of(batch).refused) == 40


def test_undeclared_fields_are_unknown_and_not_missing():
    verdict = verdict_of(make_batch(fields=("adjusted_close",)), fields=("adjusted_close",))

    assert verdict.kept.all()


def test_a_move_that_stands_is_suspect_only():
    batch = make_batch(fields=("adjusted_close",))
    batch.values["adjusted_close"][20:] *= 0.48

    verdict = verdict_of(batch, fields=("adjusted_close",))

    assert verdict.refused == {}
    assert np.flatnonzero(verdict.suspect).tolist() == [20]


# Down 50 % is a log move of -0.693; the next bar takes back the share named.
@pytest.mark.parametrize(("back", "refused"), [(0.85, True), (0.75, False)])
def test_only_a_move_taken_back_by_four_fifths_is_an_error(back, refused):
    batch = make_batch(fields=("adjusted_close",))
    batch.values["adjusted_close"][:] = 50.0
    batch.values["adjusted_close"][20] = 25.0
    batch.values["adjusted_close"][21:] = 25.0 * 2.0**back

    verdict = verdict_of(batch, fields=("adjusted_close",))

    assert verdict.refused == ({20: Reason.SPIKE} if refused else {})
    assert np.flatnonzero(verdict.suspect).tolist() == ([] if refused else [20, 21])


def test_a_spike_on_the_last_bar_waits_for_the_next():
    batch = make_batch(fields=("adjusted_close",))
    batch.values["adjusted_close"][-1] *= 10.0

    verdict = verdict_of(batch, fields=("adjusted_close",))

    assert verdict.refused == {}
    assert np.flatnonzero(verdict.suspect).tolist() == [39]


def test_a_split_is_no_move_where_the_adjusted_close_is_known():
    fields = (*FIELDS, "adjusted_close")
    batch = make_batch(fields=fields)
    for name in ("open", "high", "low", "close"):
        batch.values[name][20:] /= 2.0

    verdict = verdict_of(batch, fields=fields)

    assert verdict.refused == {}
    assert not verdict.suspect.any()


def test_five_equal_closes_with_trading_are_suspect():
    batch = make_batch()
    for name in ("open", "high", "low", "close"):
        batch.values[name][10:17] = 100.0

    assert np.flatnonzero(verdict_of(batch).suspect).tolist() == [14, 15, 16]


def test_four_equal_closes_are_not():
    batch = make_batch()
    batch.values["close"][10:14] = 100.0
    batch.values["high"][10:14] = 101.0
    batch.values["low"][10:14] = 99.0
    batch.values["open"][10:14] = 100.0

    assert not verdict_of(batch).suspect.any()


def test_equal_closes_are_not_judged_without_volume():
    batch = make_batch(fields=("adjusted_close",))
    batch.values["adjusted_close"][10:30] = 50.0

    assert not verdict_of(batch, fields=("adjusted_close",)).suspect.any()


def test_a_halted_day_is_fine_and_a_move_without_trading_is_not():
    batch = make_batch()
    batch.values["volume"][[10, 20]] = 0.0
    for name in ("open", "high", "low", "close"):
        batch.values[name][10] = 100.0

    assert np.flatnonzero(verdict_of(batch).suspect).tolist() == [20]


def test_ten_halted_days_in_a_row_are_fine():
    batch = make_batch()
    for name in ("open", "high", "low", "close"):
        batch.values[name][10:20] = batch.values["close"][9]
    batch.values["volume"][10:20] = 0.0

    verdict = verdict_of(batch)

    assert (verdict.refused, verdict.doubts) == ({}, {})


def test_what_is_refused_is_not_doubted_as_well():
    batch = make_batch()
    batch.values["volume"][20] = 0.0
    batch.values["close"][20] = np.nan

    verdict = verdict_of(batch)

    assert (verdict.refused, verdict.doubts) == ({20: Reason.NULL_FIELD}, {})


async def test_the_sample_files_hold_the_faults_we_know_and_no_other():
    source = SamplePrices()
    listings = await source.list_instruments()
    batches = await source.fetch_bars([listing.symbol for listing in listings])

    refused: Counter[tuple[str, str]] = Counter()
    suspect, read = [], 0
    for listing, batch in zip(listings, batches, strict=True):
        verdict = judge(batch, listing, NEW_YORK, now=NOW)
        read += len(batch.day)
        refused.update((listing.source, reason.value) for reason in verdict.refused.values())
        suspect += [
            (batch.symbol, str(batch.day[row].astype("datetime64[D]")))
            for row in np.flatnonzero(verdict.suspect)
        ]

    assert read == 330_683
    assert refused == {("sample:bytetheory", "OHLC_ORDER"): 78}
    assert suspect == [
        ("AAPL", "2000-09-29"),
        ("RRC", "1990-04-10"),
        ("^IXIC:OHLCV", "2015-05-12"),  # volume 0 although prices moved
        ("^IXIC:OHLCV", "2018-01-09"),
        ("AAPL:OHLCV", "2000-09-29"),
        ("DHR:2009", "2010-06-14"),  # from here on unmarked splits and spin-offs
        ("ESRX:2009", "2010-06-08"),
        ("ETFC:2009", "2010-06-30"),
        ("GIS:2009", "2010-06-09"),
        ("STR:2009", "2010-07-01"),
        ("WY:2009", "2010-07-20"),
    ]


def test_a_quarter_of_a_million_clean_bars_raise_no_alarm():
    seeded = np.random.default_rng(20240102)
    sessions = NEW_YORK.session[:2_500]
    for _ in range(100):
        close = np.round(50.0 * np.exp(np.cumsum(seeded.normal(0.0003, 0.02, 2_500))), 4)
        open_ = np.round(close * np.exp(seeded.normal(0.0, 0.01, 2_500)), 4)
        columns = {
            "open": open_,
            "high": np.maximum(open_, close) * 1.005,
            "low": np.minimum(open_, close) * 0.995,
            "close": close,
            "volume": seeded.integers(1, 10**9, 2_500).astype(np.float64),
        }
        batch = BarBatch(
            symbol="ACME",
            file="acme.csv",
            row_number=np.arange(2_500),
            day=sessions,
            values=columns,
            raw=[],
        )

        verdict = verdict_of(batch)

        assert verdict.refused == {}
        assert not verdict.suspect.any()
