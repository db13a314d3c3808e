"""Membership files of both shapes, with what is wrong with them in the wild."""

from datetime import date

import pytest

from api.adapters.listed_files import read_listed
from api.adapters.membership_csv import LARGEST_FILE, MembershipCsv, parse_membership
from api.errors import FailureKind, FetchFailed
from tests.providers.loopback import Answer, serving

# The head and some lines of sp500_ticker_start_end.csv of github.com/fja05680/sp500.
SPELLS = """\
ticker,start_date,end_date
A,2000-06-05,
AAL,1996-01-02,1997-01-15
AAL,2015-03-23,2024-09-23
AMD,1996-01-02,2013-09-23
AMD,2017-03-20,
BF.B,1996-01-02,
BRK.B,2010-02-16,
GOOG,2014-04-03,
GOOGL,2006-04-03,
"""
# The other file of that repository, cut to a few names: the tickers of each day on which some
# changed.
DAYS = """\
date,tickers
1996-01-02,"AAL,AAPL,AMD,BF.B"
1997-01-15,"AAPL,AMD,BF.B"
2013-09-23,"AAPL,BF.B"
2017-03-20,"AAL,AAPL,AMD,BF.B"
"""


def parsed(text):
    return parse_membership(text.encode(), source="a test")


def spells(text):
    return [
        (each.symbol, each.starts_on.isoformat(), each.ends_on and each.ends_on.isoformat())
        for each in parsed(text).spells
    ]


def refusal(text):
    with pytest.raises(FetchFailed) as refused:
        parsed(text)
    assert refused.value.kind is FailureKind.BAD_DATA
    return str(refused.value).removeprefix("membership file: ")


def test_one_row_a_spell():
    assert spells(SPELLS) == [
        ("A", "2000-06-05", None),
        # Alexander & Alexander, then American Airlines: two companies.
        ("AAL-199701", "1996-01-02", "1997-01-15"),
        # Today AAL is in no list of this file, but it is still American Airlines'.
        ("AAL", "2015-03-23", "2024-09-23"),
        # AMD left and came back: one company.
        ("AMD", "1996-01-02", "2013-09-23"),
        ("AMD", "2017-03-20", None),
        ("BF-B", "1996-01-02", None),
        ("BRK-B", "2010-02-16", None),
        ("GOOG", "2014-04-03", None),
        ("GOOGL", "2006-04-03", None),
    ]
    assert parsed(SPELLS).first_on == date(1996, 1, 2)
    assert parsed(SPELLS).notes == ()


def test_one_row_a_day():
    assert spells(DAYS) == [
        ("AAL-199701", "1996-01-02", "1997-01-15"),
        ("AAL", "2017-03-20", None),
        ("AAPL", "1996-01-02", None),
        ("AMD", "1996-01-02", "2013-09-23"),
        ("AMD", "2017-03-20", None),
        ("BF-B", "1996-01-02", None),
    ]


def test_a_former_company_keeps_its_ticker_and_gets_its_name():
    [former] = [each for each in parsed(SPELLS).spells if each.symbol == "AAL-199701"]

    assert (former.ticker, former.name) == ("AAL", "Alexander & Alexander Services")


def test_a_former_company_never_gets_its_successors_symbol():
    assert spells("ticker,start_date,end_date\nAAL,1996-01-02,1997-01-15\n") == [
        ("AAL-199701", "1996-01-02", "1997-01-15")
    ]


def test_a_month_of_delisting_tells_two_companies_apart():
    text = """\
date,tickers
1996-01-02,"ABC-199702,XYZ-200811"
1997-02-20,"XYZ-200811"
2001-08-30,"ABC,XYZ-200811"
2008-11-24,ABC
"""
    # What was delisted has its ticker back where no later member has it.
    assert spells(text) == [
        ("ABC-199702", "1996-01-02", "1997-02-20"),
        ("ABC", "2001-08-30", None),
        ("XYZ", "1996-01-02", "2008-11-24"),
    ]


def test_a_name_tells_two_companies_apart():
    text = """\
symbol,company,start,end
NEW,First Company,2001-02-03,2004-05-06
NEW,Second Company,2007-08-09,2010-11-12
NEW,Second Company,2015-01-02,
"""
    found = parsed(text).spells

    assert [(each.symbol, each.name, str(each.starts_on)) for each in found] == [
        ("NEW-200405", "First Company", "2001-02-03"),
        ("NEW", "Second Company", "2007-08-09"),
        ("NEW", "Second Company", "2015-01-02"),
    ]


@pytest.mark.parametrize(
    ("rows", "expected", "notes"),
    [
        (
            "A,2000-01-03,2005-01-03\nA,2004-01-02,2010-01-04\n",
            [("A", "2000-01-03", "2010-01-04")],
            ("lines 2 and 3 of A overlap: merged",),
        ),
        (
            "A,2004-01-02,2010-01-04\nA,2000-01-03,\n",
            [("A", "2000-01-03", None)],
            ("lines 3 and 2 of A overlap: merged",),
        ),
        (
            "A,2000-01-03,2005-01-03\nA,2005-01-03,2010-01-04\n",
            [("A", "2000-01-03", "2010-01-04")],
            (),
        ),
        (
            "A,2000-01-03,2005-01-03\nA,2005-01-04,2010-01-04\n",
            [("A", "2000-01-03", "2005-01-03"), ("A", "2005-01-04", "2010-01-04")],
            (),
        ),
        ("A,2000-01-03,\nA,2000-01-03,\n", [("A", "2000-01-03", None)],
         ("lines 2 and 3 of A overlap: merged",)),
    ],
)  # fmt: skip
def test_spells_of_a_company_that_meet_become_one(rows, expected, notes):
    text = f"ticker,start_date,end_date\n{rows}"

    assert spells(text) == expected
    assert parsed(text).notes == notes


def test_two_companies_at_once_are_refused():
    text = """\
ticker,name,start_date,end_date
A,One,2000-01-03,2005-01-03
A,Other,2004-01-02,
"""
    assert refusal(text) == (
        "lines 2 and 3: A was two companies at once, One and Other; correct the file"
    )


def test_columns_that_are_not_read_are_named():
    text = "Ticker, Sector ,Date_Added,Weight,Date_Removed\nA,Health Care,2000-06-05,0.1,\n"

    assert parsed(text).notes == ("columns not read: sector, weight",)
    assert spells(text) == [("A", "2000-06-05", None)]


@pytest.mark.parametrize(
    "text",
    [
        "date,tickers\n1996-01-02,A,BRK.B\n1996-01-03,A\n",  # nobody quoted it
        "date,tickers\n1996-01-02,\"['A', 'BRK.B']\"\n1996-01-03,\"['A']\"\n",
        "date,tickers\n1996-01-02,A;BRK/B\n1996-01-03,A\n",
        "date,tickers\n1996-01-02,a brk-b\n\n1996-01-03,a\n",
        '\ufeffdate,tickers\r\n1996-01-03,A\r\n1996-01-02,"A, BRK.B"\r\n',  # youngest first
        'date,tickers\n1996-01-02,"A,A,BRK.B"\n1996-01-03,A\n1996-01-03,A\n',
    ],
)
def test_a_list_of_a_day_may_be_written_in_many_ways(text):
    assert spells(text) == [("A", "1996-01-02", None), ("BRK-B", "1996-01-02", "1996-01-03")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file holds no rows"),
        ("ticker,start_date,end_date\n\n", "the file holds no rows"),
        (
            "isin,since\nUS1,2000-01-03\n",
            (
                "found the columns isin, since; expected date and tickers, one row a day, or"
                " ticker, start_date and end_date, one row a spell"
            ),
        ),
        (
            "ticker,start_date\nA,2000-01-03\n",
            "found the columns ticker, start_date; end_date is missing",
        ),
        (
            "ticker,start_date,end_date\nA,03/01/2000,\n",
            "line 2: start_date was '03/01/2000'; write dates as 1996-01-02",
        ),
        (
            "ticker,start_date,end_date\nA,20000103,\n",
            "line 2: start_date was '20000103'; write dates as 1996-01-02",
        ),
        (
            "ticker,start_date,end_date\nA,2000-02-30,\n",
            "line 2: start_date was '2000-02-30'; write dates as 1996-01-02",
        ),
        (
            "ticker,start_date,end_date\nA,2000-01-03,today\n",
            "line 2: end_date was 'today'; write dates as 1996-01-02",
        ),
        (
            "ticker,start_date,end_date\nA,2000-01-03,2000-01-03\n",
            "line 2: end_date 2000-01-03 does not lie behind 2000-01-03",
        ),
        ("ticker,start_date,end_date\nA B,2000-01-03,\n", "line 2: 'A B' is no ticker"),
        ("ticker,start_date,end_date\n,2000-01-03,\n", "line 2: '' is no ticker"),
        ("date,tickers\n1996-01-02,\n", "line 2: no tickers were found"),
        (
            "date,tickers\n1996-01-02,A\n1996-01-02,B\n",
            "line 3: 1996-01-02 was listed before with other tickers",
        ),
        ('date,tickers\n1996-01-02,"A,B\n', "line 2: unexpected end of data"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_line(text, message):
    assert refusal(text) == message


def test_another_encoding_is_refused():
    with pytest.raises(FetchFailed, match="byte 7 is not UTF-8; save the file as UTF-8"):
        parse_membership("ticker,é".encode("latin-1"), source="a test")


def test_a_reused_ticker_has_a_last_day_and_a_company():
    _, rows = read_listed("reused_tickers.csv", ("symbol", "until", "company"))

    assert [row["symbol"] for row in rows] == sorted({row["symbol"] for row in rows})
    assert all(date(1996, 1, 2) < date.fromisoformat(row["until"]) for row in rows)
    assert all(row["company"] for row in rows)


async def test_a_file_of_this_machine_is_read_and_its_folder_not_told(tmp_path):
    (tmp_path / "members.csv").write_text(SPELLS)

    history = await MembershipCsv(str(tmp_path / "members.csv")).fetch()

    assert history.source == "members.csv"
    assert len(history.spells) == 9


async def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(
        FetchFailed, match=r"membership file no\.csv could not be read: No such file"
    ):
        await MembershipCsv(str(tmp_path / "no.csv")).fetch()


async def test_a_file_at_an_address_is_asked_for_once_with_its_query():
    async with serving(lambda _: Answer(body=SPELLS.encode())) as server:
        history = await MembershipCsv(f"{server.url}/raw/members%20(new).csv?key=secret").fetch()

    assert [asked.path for asked in server.asked] == ["/raw/members (new).csv"]
    assert server.asked[0].query == {"key": "secret"}
    assert history.source == "127.0.0.1/raw/members%20(new).csv"
    assert len(history.spells) == 9


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (Answer(status=404), FailureKind.BAD_DATA, "answered with status 404"),
        (Answer(status=429), FailureKind.RATE_LIMITED, "asks to slow down"),
        (Answer(hangs=True), FailureKind.TIMEOUT, "gave no answer in 0.5 s"),
        (Answer(body=SPELLS.encode(), cut=True), FailureKind.BAD_DATA, "broken body after"),
        (
            Answer(status=302, headers={"location": "http://localhost:1/members.csv"}),
            FailureKind.BAD_DATA,
            "redirects to another host, localhost",
        ),
        (
            Answer(body=b"x" * (LARGEST_FILE + 1)),
            FailureKind.BAD_DATA,
            "sent more than 33,554,432 bytes",
        ),
    ],
)
async def test_a_source_that_misbehaves_is_told_by_its_kind(answer, kind, message):
    patience = 0.5 if answer.hangs else 60.0
    async with serving(lambda _: answer) as server:
        with pytest.raises(FetchFailed, match=message) as refused:
            await MembershipCsv(f"{server.url}/members.csv", timeout_seconds=patience).fetch()

    assert refused.value.kind is kind
