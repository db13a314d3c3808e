"""Named panels from files: read as written, refused with a sentence, stored once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from api.adapters.csv_series import read_series
from api.cli.import_series import bring_in, report
from api.errors import InvalidInput
from api.services.import_series import import_series
from api.services.ingest_report import Tally
from models.session import unit_of_work
from tests.api.market import make_settings

NOW = datetime(2024, 6, 1, tzinfo=UTC)
VIX3M = """\
date,value
2024-01-02,14.5
2024-01-03,15.25
2024-01-03,15.25
2024-01-04,
2024-01-05,n/a
2024-01-08,13.9
"""
FF5 = """\
date,Mkt-RF,SMB,HML,RMW,CMA,RF
2023-11-30,0.0884,-0.0012,0.0164,-0.0386,-0.0100,0.0044
2023-12-15,0.0487,0.0734,0.0494,-0.0305,0.0131,0.0043
"""
NEWS = """\
date,AAPL,BRK-B,known_at
2024-01-02,1,,2024-01-02T20:00Z
2024-01-03,,1,2024-01-04
"""


def read(content, panel, name="figures.csv"):
    return read_series(content.encode(), name=name, panel=panel)


def shown(series):
    days = series.day.astype("datetime64[D]").astype(str).tolist()
    known = series.known_at.astype("datetime64[ns]").astype("datetime64[m]").astype(str).tolist()
    return list(zip(days, series.value.tolist(), known, strict=True))


def test_a_daily_panel_is_one_series_with_the_rows_that_could_be_read():
    file = read(VIX3M, "VIX3M")

    [series] = file.series
    assert (series.key, series.source, file.rows) == ("VIX3M", "csv", 6)
    assert shown(series) == [
        ("2024-01-02", 14.5, "2024-01-02T21:15"),
        ("2024-01-03", 15.25, "2024-01-03T21:15"),
        ("2024-01-08", 13.9, "2024-01-08T21:15"),
    ]
    assert [(row.row_number, row.reason) for row in file.refused] == [
        (4, "DUPLICATE_SAME"),
        (5, "NULL_FIELD"),
        (6, "NOT_A_NUMBER"),
    ]


def test_a_month_s_factors_count_for_its_end_and_are_known_five_weeks_later():
    file = read(FF5, "FF5")

    assert [each.key for each in file.series] == ["Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"]
    assert shown(file.series[0]) == [
        ("2023-11-30", 0.0884, "2024-01-05T00:00"),
        ("2023-12-31", 0.0487, "2024-02-05T00:00"),
    ]


def test_news_are_told_by_symbol_and_known_when_the_file_says():
    first, second = read(NEWS, "NEWS_FLAG").series

    assert (first.key, shown(first)) == (
        "NEWS_FLAG/AAPL",
        [("2024-01-02", 1.0, "2024-01-02T20:00")],
    )
    assert (second.key, shown(second)) == (
        "NEWS_FLAG/BRK-B",
        [("2024-01-03", 1.0, "2024-01-05T00:00")],
    )


@pytest.mark.parametrize(
    ("panel", "content", "told"),
    [
        ("VIX9D", "date,value\n2024-01-02,1\n", "panel 'VIX9D' is not known; name one of FF3"),
        ("VIX", "date,close\n2024-01-02,1\n", "no column 'value'; VIX has value by date"),
        ("FF3", "date,Mkt-RF,SMB\n2024-01-31,0,0\n", "no column 'HML'"),
        ("FF3", "date,Mkt-RF,SMB,HML,RF\n2024-01-31,2.1,0,0,0\n", "line 2: Mkt-RF was 2.1; write"),
        ("VIX", "date,value\n2024-01-02,-1\n", "line 2: value was -1; an index of volatility"),
        ("US10Y_REAL", "date,value\n2024-01-02,187\n", "write a yield in percent a year"),
        ("NEWS_FLAG", "date,AAPL\n2024-01-02,3\n", "write 1 where there was news"),
        ("NEWS_FLAG", "date,../x\n2024-01-02,1\n", "names '../x'; name one symbol a column"),
        ("NEWS_FLAG", "date\n2024-01-02\n", "name one symbol a column"),
        ("VIX", "date,value\n2024-01-03,1\n2024-01-02,1\n", "line 3 goes back in time"),
        ("VIX", "date,value\n20240103,1\n", "has no dashes; write 2024-01-03"),
        ("VIX", 'date,value\n2024-01-03,"1,5"\n', "has a decimal comma; write 1234.5"),
        ("VIX", "date,value,known_at\n2024-01-03,15,2024-01-03 09:00\n", "a time without an offs"),
    ],
)
def test_a_file_in_doubt_is_refused_whole(panel, content, told):
    with pytest.raises(InvalidInput, match=told):
        read(content, panel)


async def test_figures_are_stored_once_and_stay_as_they_are(sessions):
    changed = VIX3M.replace("15.25", "16.0")
    tallies = []
    for content, force in [(VIX3M, False), (VIX3M, False), (changed, False), (changed, True)]:
        async with unit_of_work(sessions) as session:
            file = read(content, "VIX3M")
            tallies.append(await import_series(session, file, now=NOW, force=force))

    counts = [(t.written.new, t.written.revised, t.written.unchanged) for t in tallies]
    assert counts == [(3, 0, 0), (0, 0, 3), (0, 0, 2), (0, 1, 2)]
    assert [tally.read for tally in tallies] == [6] * 4
    assert [tally.quarantined for tally in tallies] == [3, 3, 4, 3]
    assert tallies[2].reasons["DUPLICATE_CONFLICT"] == 1
    stored = await rows_of(sessions, "SELECT value, source FROM macro_series ORDER BY date")
    assert stored == [(14.5, "csv"), (16.0, "csv"), (13.9, "csv")]
    kept = "SELECT row_number, raw FROM quarantine WHERE symbol = 'VIX3M' ORDER BY 1 LIMIT 1"
    assert await rows_of(sessions, kept) == [(4, "2024-01-03,15.25")]


async def test_every_import_moves_the_digest_of_its_years(sessions):
    digests = "SELECT scope, key, year FROM fingerprint ORDER BY 1, 2, 3"
    async with unit_of_work(sessions) as session:
        for content, panel in ((VIX3M, "VIX3M"), (FF5, "FF5"), (NEWS, "NEWS_FLAG")):
            await import_series(session, read(content, panel), now=NOW)

    assert await rows_of(sessions, digests) == [
        ("factors", "FF5", 2023),
        ("macro", "NEWS_FLAG/AAPL", 2024),
        ("macro", "NEWS_FLAG/BRK-B", 2024),
        ("macro", "VIX3M", 2024),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("date,value\n2024-01-02,x\n", "no figure that can be read; refused were 1 as NOT_A_NUM"),
        ("date,value\n2025-01-02,15\n", "tells of 2025-01-02, a day to come"),
        ("date,value,known_at\n2024-01-02,15,2030-01-01\n", "told on 2030-01-02, a day to come"),
    ],
)
async def test_a_file_that_tells_nothing_or_the_future_changes_nothing(sessions, content, told):
    with pytest.raises(InvalidInput, match=told):
        async with unit_of_work(sessions) as session:
            await import_series(session, read(content, "VIX"), now=NOW)

    assert await rows_of(sessions, "SELECT count(*) FROM macro_series") == [(0,)]
    assert await rows_of(sessions, "SELECT count(*) FROM quarantine") == [(0,)]


async def test_the_command_says_what_came_of_each_row(make_database, worker_id, tmp_path):
    url = await make_database(f"series_{worker_id}")
    settings = make_settings(tmp_path, database_url=url)
    path = tmp_path / "vix3m.csv"
    path.write_text(VIX3M)

    file, tally = await bring_in(settings, path, "VIX3M", lambda _: None)

    lines = report(file, tally)
    assert lines[0].endswith("6 rows of VIX3M read")
    assert lines[1] == "Figures new 3, revised 0, unchanged 0"
    assert "Refused as NULL_FIELD: 1" in lines
    assert lines[-1] == "  line 6: 2024-01-05,n/a"
    with pytest.raises(InvalidInput, match="cannot be read"):
        await bring_in(settings, tmp_path / "none.csv", "VIX3M", lambda _: None)


async def rows_of(sessions, statement):
    async with unit_of_work(sessions) as session:
        return [tuple(row) for row in await session.execute(text(statement))]


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ("4.35,0.1", "Rates from 0.1 % to 4.35 % a year"),
        ("0.0435,0.041", "0.0435 % a year; if these are fractions, write 4.35 for 4.35 %"),
    ],
)
def test_rates_are_said_in_percent(rates, told):
    lines = zip(("2024-01-02", "2024-01-03"), rates.split(","), strict=True)
    file = read("date,value\n" + "".join(f"{day},{rate}\n" for day, rate in lines), "AU_CASH_RATE")

    assert told in "\n".join(report(file, Tally(read=2)))


FRACTIONS = "date,value\n2024-01-02,0.0435\n2024-02-06,0.041\n2024-03-05,0.041\n"
PER_CENT = "date,value\n2024-01-02,4.35\n2024-02-06,4.1\n2024-03-05,4.1\n"
LATER = "date,value\n2024-04-02,3.85\n"


async def test_a_figure_that_differs_is_named_with_the_way_to_correct_it(sessions):
    async with unit_of_work(sessions) as session:
        await import_series(session, read(FRACTIONS, "AU_CASH_RATE"), now=NOW)
    async with unit_of_work(sessions) as session:
        file = read(PER_CENT, "AU_CASH_RATE")
        tally = await import_series(session, file, now=NOW)

    lines = report(file, tally)
    assert "Left as stored: 3; import again with --force to take the file's" in lines
    assert "  AU_CASH_RATE 2024-01-02 4.35: 0.0435 is stored and stays" in lines
    assert "--force" not in "\n".join(report(file, Tally(read=3)))


@pytest.mark.parametrize(
    ("content", "force"),
    [
        (PER_CENT + "2024-04-02,3.85\n", False),
        (LATER, False),
        (LATER, True),
        ("date,value\n2024-02-06,4.1\n", True),
    ],
)
async def test_no_import_leaves_rates_in_two_units(sessions, content, force):
    stored = "SELECT value FROM macro_series ORDER BY date"
    async with unit_of_work(sessions) as session:
        await import_series(session, read(FRACTIONS, "AU_CASH_RATE"), now=NOW)

    with pytest.raises(InvalidInput, match=r"AU_CASH_RATE in two units, .* with --force"):
        async with unit_of_work(sessions) as session:
            await import_series(session, read(content, "AU_CASH_RATE"), now=NOW, force=force)
    assert await rows_of(sessions, stored) == [(0.0435,), (0.041,), (0.041,)]

    async with unit_of_work(sessions) as session:
        await import_series(session, read(PER_CENT, "AU_CASH_RATE"), now=NOW, force=True)
        await import_series(session, read(LATER, "AU_CASH_RATE"), now=NOW)
    assert await rows_of(sessions, stored) == [(4.35,), (4.1,), (4.1,), (3.85,)]


def test_a_rate_in_another_unit_is_refused():
    with pytest.raises(InvalidInput, match=r"value was 435; write a yield in percent a year"):
        read("date,value\n2024-01-02,435\n", "AU_CASH_RATE")
