"""The terminal's ingest and import, with the worker in its child process as at home."""

import pytest
import typer
from sqlalchemy import text

from api.cli.import_prices import bring_in as import_file
from api.cli.ingest import bring_in, tell
from api.errors import Conflict, InvalidInput
from api.services.ingest_request import IngestRequest
from api.wiring import App
from models.session import unit_of_work
from tests.api.ingesting import START, market, published
from tests.api.market import make_settings
from tests.conftest import SAMPLE
from tests.providers.archives import fake_archives
from tests.providers.market import always, status
from tests.providers.tiingo import fake_tiingo
from tests.providers.yahoo import fake_yahoo

WISH = IngestRequest(symbols=("BHP.AX", "NONE"), start=START)


@pytest.fixture
async def settings(make_database, sample_url, worker_id, tmp_path):
    """Settings of a machine of one's own whose providers are on loopback, all of them in order."""
    url = await make_database(f"terminal_{worker_id}", template=SAMPLE)
    scenario = market(faults={"DOWN.AX": always(status(500))})
    async with (
        fake_tiingo(scenario) as tiingo,
        fake_yahoo(scenario) as yahoo,
        fake_archives(scenario, published()) as archives,
    ):
        yield make_settings(
            tmp_path,
            database_url=url,
            tiingo_url=tiingo.url,
            tiingo_api_key=scenario.key,
            yahoo_url=yahoo.url,
            ecb_url=archives.url,
            french_url=archives.url,
            rba_url=archives.url,
            retry_base_seconds=0.001,
            retry_cap_seconds=0.01,
        )


def told(done, capsys) -> tuple[int, str, str]:
    code = 0
    try:
        tell(done)
    except typer.Exit as left:
        code = left.exit_code
    shown = capsys.readouterr()
    return code, " ".join(shown.out.split()), shown.err


async def test_a_symbol_that_failed_is_named_with_the_remedy_and_leaves_one(settings, capsys):
    done = await bring_in(settings, WISH)

    code, out, _ = told(done, capsys)
    assert code == 1
    assert "Symbols up to date 1 of 2" in out
    assert "NONE UNKNOWN_SYMBOL 2 is no use" in out
    assert done.job.status == "succeeded"


async def test_all_up_to_date_leaves_nought_and_asks_for_nothing(settings, capsys):
    wish = IngestRequest(symbols=("BHP.AX",), start=START)
    await bring_in(settings, wish)

    done = await bring_in(settings, wish)

    code, out, _ = told(done, capsys)
    assert code == 0
    assert "Requests made 0 Requests saved 1" in out


async def test_where_no_provider_answers_the_command_leaves_three(settings, capsys):
    done = await bring_in(settings, IngestRequest(symbols=("DOWN.AX",), start=START))

    code, out, err = told(done, capsys)
    assert code == 3
    assert "DOWN.AX NETWORK 5 helps" in out
    assert "no provider gave anything" in err


PRICES = """\
date,symbol,open,high,low,close,volume,comment
2024-01-02,OWN1,10,11,9,10.5,1000,first
2024-01-03,OWN1,10.5,11,10,10.8,1100,
2024-01-03,1E5,5,5.1,4.9,5.05,10,
2024-01-04,OWN1,10.8,9,10,10.2,1200,high below low
2024-01-06,OWN1,10.8,11,10,10.2,1200,a Saturday
2024-01-04,1E5,5,5.1,4.9,N/A,10,
"""


async def in_database(settings, statement):
    app = App(settings)
    try:
        async with unit_of_work(app.sessions) as session:
            return [tuple(row) for row in await session.execute(text(statement))]
    finally:
        await app.close()


async def test_a_file_is_imported_whole_with_every_row_accounted_for(settings, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    said = []

    file, imported = await import_file(settings, path, "MINE", said.append)
    _, again = await import_file(settings, path, "MINE", said.append)

    assert file.extra_columns == ("comment",)
    tally = imported.tally
    assert (tally.read, tally.written.new, tally.quarantined) == (6, 3, 3)
    assert tally.reasons == {"OHLC_ORDER": 1, "NOT_A_TRADING_DAY": 1, "NOT_A_NUMBER": 1}
    assert (again.tally.written.new, again.tally.written.unchanged) == (0, 3)
    bars = await in_database(
        settings,
        "SELECT symbol, date::text, close FROM price_bar b JOIN instrument i"
        " ON i.id = b.instrument_id WHERE b.source = 'csv' ORDER BY 1, 2",
    )
    kept = await in_database(settings, "SELECT count(*) FROM quarantine WHERE source = 'csv'")
    members = await in_database(
        settings,
        "SELECT i.symbol FROM index_membership m JOIN universe u ON u.id = m.universe_id"
        " JOIN instrument i ON i.id = m.instrument_id WHERE u.key = 'MINE' ORDER BY 1",
    )
    assert bars == [
        ("1E5", "2024-01-03", 5.05),
        ("OWN1", "2024-01-02", 10.5),
        ("OWN1", "2024-01-03", 10.8),
    ]
    assert (kept, members) == ([(3,)], [("1E5",), ("OWN1",)])


async def test_a_file_that_is_refused_leaves_no_row(settings, tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(PRICES + "2024-01-05,AAPL,1,1,1,1,1,\n")

    with pytest.raises(Conflict, match="prices of AAPL come from sample:skfolio"):
        await import_file(settings, path, "MINE", print)
    with pytest.raises(InvalidInput, match=r"none\.csv cannot be read"):
        await import_file(settings, tmp_path / "none.csv", "MINE", print)
    path.write_text("date,symbol,close\n2024-01-05,../../etc,1\n2024-01-05,AAPL,x\n")
    with pytest.raises(InvalidInput, match="refused were 1 as BAD_SYMBOL, 1 as NOT_A_NUMBER"):
        await import_file(settings, path, "MINE", print)

    assert await in_database(settings, "SELECT count(*) FROM price_bar WHERE source = 'csv'") == [
        (0,)
    ]
