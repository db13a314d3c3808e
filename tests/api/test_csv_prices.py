"""A file of prices as people have it: taken as it is, or refused with a sentence."""

import gzip
import hashlib
import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.adapters import csv_text
from api.adapters.csv_prices import read_prices
from api.errors import InvalidInput, LimitExceeded

PLAIN = """\
date,symbol,open,high,low,close,adjusted_close,volume
2024-01-02,AAPL,187.15,188.44,183.89,185.64,184.94,82488700
2024-01-02,BHP.AX,50.1,50.5,49.9,50.2,48.8,5000000
2024-01-03,AAPL,184.22,185.88,183.43,184.25,183.55,58414500
"""


def read(text: str | bytes, name: str = "prices.csv"):
    return read_prices(text if isinstance(text, bytes) else text.encode(), name=name)


def day(on: str) -> int:
    return int(np.datetime64(on, "D").astype(np.int64))


def test_a_file_becomes_one_batch_per_symbol_with_its_rows_as_written():
    found = read(PLAIN)

    digest = hashlib.sha256(PLAIN.encode()).hexdigest()
    assert (found.rows, found.sha256) == (3, digest)
    assert found.file == f"prices.csv#{digest[:12]}"
    assert (found.first_day, found.last_day) == (day("2024-01-02"), day("2024-01-03"))
    assert (found.extra_columns, found.notes, found.refused) == ((), (), ())
    apple, bhp = found.batches
    assert (apple.symbol, bhp.symbol) == ("AAPL", "BHP.AX")
    assert apple.day.tolist() == [day("2024-01-02"), day("2024-01-03")]
    assert apple.row_number.tolist() == [2, 4]
    assert list(apple.raw) == [PLAIN.splitlines()[1], PLAIN.splitlines()[3]]
    assert {name: column.tolist() for name, column in apple.values.items()} == {
        "open": [187.15, 184.22],
        "high": [188.44, 185.88],
        "low": [183.89, 183.43],
        "close": [185.64, 184.25],
        "adjusted_close": [184.94, 183.55],
        "volume": [82488700.0, 58414500.0],
    }
    assert apple.stamped_at is None


REORDERED = "close,volume,date,symbol\n185.64,100,2024-01-02,AAPL\n"


@pytest.mark.parametrize(
    "content",
    [
        REORDERED.encode(),
        b"\xef\xbb\xbf" + REORDERED.encode(),
        REORDERED.replace("\n", "\r\n").encode(),
        REORDERED.replace("\n", "\r").encode(),
        REORDERED.replace("AAPL", '"AAPL"').encode(),
        REORDERED.replace("\n", "\n\n").encode(),
        gzip.compress(REORDERED.encode()),
        gzip.compress(REORDERED[:30].encode()) + gzip.compress(REORDERED[30:].encode()),
    ],
    ids=["reordered", "BOM", "CRLF", "CR", "quoted", "blank lines", "gzip", "two gzips"],
)
def test_writings_of_one_table_are_one_table(content):
    (batch,) = read(content).batches

    assert (batch.symbol, batch.day.tolist()) == ("AAPL", [day("2024-01-02")])
    assert batch.values["close"].tolist() == [185.64]
    assert batch.values["volume"].tolist() == [100.0]


def test_a_quoted_line_break_is_part_of_its_row():
    text = 'date,symbol,note,close\n2024-01-02,AAPL,"two\nlines",185.64\n2024-01-03,AAPL,,184.25\n'

    found = read(text)

    assert found.extra_columns == ("note",)
    assert found.batches[0].row_number.tolist() == [2, 4]
    assert found.batches[0].raw[0] == '2024-01-02,AAPL,"two\nlines",185.64'


def test_a_column_without_a_value_is_not_declared():
    """An index has no volume; one share beside it has."""
    text = (
        "date,symbol,close,volume,open\n"
        "2024-01-02,^GSPC,4742.83,,\n"
        "2024-01-02,AAPL,185.64,100,\n"
        "2024-01-03,AAPL,184.25,,\n"
    )

    index, apple = read(text).batches

    assert list(index.values) == ["close"]
    assert list(apple.values) == ["close", "volume"]
    assert np.isnan(apple.values["volume"]).tolist() == [False, True]


def test_a_last_line_without_a_break_is_taken_and_noted():
    found = read(PLAIN.removesuffix("\n"))

    assert found.rows == 3
    assert found.notes == ("line 4 has no line break: its last cell may have been cut off",)


HEAD = "date,symbol,close\n"
ROW = "2024-01-02,AAPL,185.64\n"
ZIPPED = io.BytesIO()
with zipfile.ZipFile(ZIPPED, "w") as archive:
    archive.writestr("prices.csv", HEAD + ROW)


@pytest.mark.parametrize(
    ("content", "reason", "says"),
    [
        (b"", "EMPTY_FILE", "is empty; the first line names the columns"),
        (b"\r\n \n", "EMPTY_FILE", "is empty"),
        (HEAD, "EMPTY_FILE", "has no row"),
        ("date,symbol\n2024-01-02,AAPL\n", "SCHEMA", "no column 'close', it has date, symbol; "),
        ("Date,Symbol,Close\n" + ROW, "SCHEMA", "no column 'date', it has Date, Symbol, Close"),
        ("date,symbol,close,close\n2024-01-02,AAPL,1,2\n", "SCHEMA", "'close' twice"),
        ("2024-01-02,AAPL,1.5,1.5\n" + ROW, "SCHEMA", "'1.5' twice; let it name each column"),
        (HEAD + "2024-01-02,AAPL\n" + ROW, "SCHEMA", "line 2 has 2 cells and the header has 3"),
        ("date;symbol;close\n2024-01-02;AAPL;1\n", "DIALECT", "line 1 is separated by semicolons"),
        ("date\tsymbol\tclose\n", "EMPTY_FILE", "has no row"),
        ("date\tsymbol\tclose\n2024-01-02\tAAPL\t1\n", "DIALECT", "separated by tabs"),
        (HEAD + '2024-01-02,AAPL,"185,64"\n', "DIALECT", "line 2: close '185,64' has a decimal"),
        (HEAD + '2024-01-02,AAPL,"1.185,64"\n', "DIALECT", "has a decimal comma; write 1234.5"),
        (HEAD + ROW + '2024-01-03,AAPL,"1,185.64"\n', "DIALECT", "line 3: .* thousands separator"),
        (HEAD + "2024-01-02,AAPL,1 185.64\n", "DIALECT", "thousands separator; write 1234.5"),
        (HEAD + "2024-01-02,AAPL,185,64\n", "DIALECT", "4 cells .* a comma inside a number"),
        (HEAD + ROW + "2024-01-03,AAP", "TRUNCATED", "line 3 has 2 cells .* cut off"),
        (HEAD + '2024-01-02,"AAPL,185.64\n', "TRUNCATED", "ends inside a quoted cell"),
        (HEAD + '2024-01-02,"AA"PL,185.64\n', "DIALECT", "no comma-separated file"),
        (gzip.compress((HEAD + ROW).encode())[:-9], "TRUNCATED", "ends before its gzip does"),
        (gzip.compress(HEAD.encode())[:-8] + bytes(8), "CHECKSUM", "cannot be unzipped"),
        (b"\x1f\x8b\x00garbage", "DIALECT", "cannot be unzipped"),
        (ZIPPED.getvalue(), "DIALECT", "is a zip archive or a spreadsheet"),
        (gzip.compress(ZIPPED.getvalue()), "DIALECT", "is a zip archive"),
        (b"PAR1\x15\x04", "DIALECT", "is Parquet"),
        ((HEAD + ROW).encode("utf-16"), "DIALECT", "is UTF-16 text"),
        (b"<html>", "DIALECT", "is HTML"),
        ((HEAD + ROW).encode() + b"2024-01-03,\xff,1\n", "DIALECT", "line 3 holds a byte"),
        (HEAD + "2024-01-02,AA\0PL,1\n", "DIALECT", "line 2 holds a byte"),
        (HEAD + "02/01/2024,AAPL,1\n", "DIALECT", "line 2: date '02/01/2024' is no date"),
        (HEAD + "20240102,AAPL,1\n", "DIALECT", "has no dashes; write 2024-01-02"),
        (HEAD + "1704153600,AAPL,1\n", "TIME_UNIT", "'1704153600' is a number, of seconds"),
        (HEAD + "1704153600000,AAPL,1\n", "TIME_UNIT", "write 2024-01-02"),
        (HEAD + "45293,AAPL,1\n", "TIME_UNIT", "is a number"),
        (HEAD + "2024-01-02 16:00:00,AAPL,1\n", "NAIVE_TIME", "a time without an offset"),
        (HEAD + "2024-01-02 16:00 Mars/Base,AAPL,1\n", "DIALECT", "no time zone is called 'Mars"),
        (HEAD + "2024-01-03,AAPL,1\n" + ROW, "UNSORTED", "line 3: AAPL goes back in time to 2024-"),
    ],
    # An archive holds the second it was made in, by which two processes would name a case apart.
    ids=lambda value: "zipped" if isinstance(value, bytes) else None,
)  # fmt: skip
def test_a_structural_fault_refuses_the_file_with_line_value_and_remedy(content, reason, says):
    with pytest.raises(InvalidInput, match=says) as refused:
        read(content)

    assert refused.value.reason == reason
    assert refused.value.field == ("file",)
    assert str(refused.value).startswith("prices.csv ")


def test_a_plain_file_named_gz_is_refused():
    with pytest.raises(InvalidInput, match=r"named \.gz and is not gzipped") as refused:
        read(PLAIN, name="prices.csv.gz")

    assert refused.value.reason == "DIALECT"


@pytest.mark.parametrize("written", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_beyond_the_limit_is_refused(written, monkeypatch):
    content = written((HEAD + ROW * 10_000).encode())
    monkeypatch.setattr(csv_text, "MOST_BYTES", 1_000)

    with pytest.raises(LimitExceeded, match=r"prices\.csv has more than 1,000 bytes; split it"):
        read(content)


def test_a_bomb_is_unzipped_no_further_than_the_limit(monkeypatch):
    bomb = gzip.compress(bytes(20_000_000))
    monkeypatch.setattr(csv_text, "MOST_BYTES", 1_000)

    tracemalloc.start()
    with pytest.raises(LimitExceeded):
        read(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 1_000_000


def test_rows_of_many_symbols_in_turn_keep_their_order():
    days = np.arange(day("2015-01-01"), day("2019-01-01")).astype("datetime64[D]").astype(str)
    lines = [f"{on},{symbol},1" for on in days for symbol in ("A", "B", "C")]

    found = read(HEAD + "\n".join(lines) + "\n")

    assert [len(batch.day) for batch in found.batches] == [1461] * 3


@pytest.mark.parametrize(
    ("row", "reason", "detail"),
    [
        ("2024-01-02,AAPL,N/A,5", "NOT_A_NUMBER", {"column": "close", "value": "N/A"}),
        ("2024-01-02,AAPL,-,5", "NOT_A_NUMBER", {"column": "close", "value": "-"}),
        ("2024-01-02,AAPL,1_0,5", "NOT_A_NUMBER", {"column": "close", "value": "1_0"}),
        ("2024-01-02,AAPL, 10,5", "NOT_A_NUMBER", {"column": "close", "value": " 10"}),
        ("2024-01-02,AAPL,1.2.3,5", "NOT_A_NUMBER", {"column": "close", "value": "1.2.3"}),
        ("2024-01-02,AAPL,10,many", "NOT_A_NUMBER", {"column": "volume", "value": "many"}),
        ("2024-01-02,AAPL,NaN,5", "BAD_PRICE", {"column": "close", "value": "NaN"}),
        ("2024-01-02,AAPL,10,nan", "BAD_VOLUME", {"column": "volume", "value": "nan"}),
        ("2024-01-02,../../etc,10,5", "BAD_SYMBOL", {"column": "symbol", "value": "../../etc"}),
        ("2024-01-02,BRK/B,10,5", "BAD_SYMBOL", {"column": "symbol", "value": "BRK/B"}),
        ("2024-01-02,BRK B,10,5", "BAD_SYMBOL", {"column": "symbol", "value": "BRK B"}),
        ("2024-01-02,ÆGIR,10,5", "BAD_SYMBOL", {"column": "symbol", "value": "ÆGIR"}),
        ("2024-01-02,,10,5", "BAD_SYMBOL", {"column": "symbol", "value": ""}),
        ("2024-02-30,AAPL,10,5", "NOT_A_TRADING_DAY", {"column": "date", "value": "2024-02-30"}),
        (",AAPL,10,5", "NULL_FIELD", {"column": "date", "value": ""}),
        (
            "2024-03-10 02:30 America/New_York,AAPL,10,5",
            "NONEXISTENT_TIME",
            {"column": "date", "value": "2024-03-10 02:30 America/New_York"},
        ),
        (
            "2024-11-03T01:30[America/New_York],AAPL,10,5",
            "AMBIGUOUS_TIME",
            {"column": "date", "value": "2024-11-03T01:30[America/New_York]"},
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_handed_back_as_written(row, reason, detail):
    found = read(f"date,symbol,close,volume\n2024-01-02,MSFT,370.87,5\n{row}\n")

    (refused,) = found.refused
    assert (refused.row_number, refused.raw) == (3, row)
    assert (refused.reason, dict(refused.detail)) == (reason, detail)
    assert refused.symbol == (None if reason == "BAD_SYMBOL" else "AAPL")
    assert [batch.symbol for batch in found.batches] == ["MSFT"]
    assert found.rows == 2


@pytest.mark.parametrize(
    "symbol", ["NaN", "NULL", "TRUE", "1E5", "BRK-B", "BHP.AX", "^GSPC", "AUDUSD=X", "AAPL:OHLCV"]
)
def test_symbols_are_text(symbol):
    assert [batch.symbol for batch in read(f"{HEAD}2024-01-02,{symbol},1\n").batches] == [symbol]


def test_infinity_is_read_and_left_to_the_gates():
    (batch,) = read(f"{HEAD}2024-01-02,AAPL,inf\n2024-01-03,AAPL,-0.0\n").batches

    assert batch.values["close"].tolist() == [np.inf, 0.0]


# Winter in New York is UTC-5, in Sydney UTC+11.
def test_instants_of_two_zones_are_one_time_line():
    text = (
        f"{HEAD}2024-01-02T16:00-05:00,AAPL,1\n2024-01-03T21:00:00Z,AAPL,1\n"
        "2024-01-04 16:00 America/New_York,AAPL,1\n2024-01-05,AAPL,1\n"
        "2024-01-02T16:10+11:00,BHP.AX,1\n"
    )

    apple, bhp = read(text).batches

    assert apple.day.tolist() == [day(f"2024-01-0{n}") for n in (2, 3, 4, 5)]
    stamps = apple.stamped_at.astype("datetime64[ns]").astype("datetime64[m]")
    assert [str(stamp) for stamp in stamps[:3]] == [f"2024-01-0{n}T21:00" for n in (2, 3, 4)]
    assert bhp.stamped_at.tolist() == [int(np.datetime64("2024-01-02T05:10", "ns").astype(int))]


CELL = st.sampled_from(["1", "1.5", "", "-", "N/A", "nan", "inf", "-3", "1e3", "x"])
DATE = st.sampled_from(["2024-01-02", "2024-01-03", "2024-02-30", "", "2024-01-02T16:00-05:00"])


@given(st.lists(st.tuples(DATE, st.sampled_from(["A", "B", "C/D", ""]), CELL, CELL), min_size=1))
def test_every_row_is_in_a_batch_or_handed_back(rows):
    rows = sorted(rows)
    lines = [",".join(row) for row in rows]

    found = read("date,symbol,close,volume\n" + "\n".join(lines) + "\n")

    assert found.rows == len(rows)
    kept = [
        (int(line), raw)
        for batch in found.batches
        for line, raw in zip(batch.row_number, batch.raw, strict=True)
    ]
    handed_back = [(row.row_number, row.raw) for row in found.refused]
    assert sorted(kept + handed_back) == list(enumerate(lines, start=2))
