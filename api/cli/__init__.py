"""The terminal's door: ``parakeet <command>``.

Exit codes: 0 done, 1 failed, 2 bad input, 3 something needed is not available.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

DAY = "%Y-%m-%d"
Queue = Literal["backtest", "ingest"]

app = typer.Typer(
    name="parakeet",
    help="Backtests on real prices, from one command.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def serve(
    port: Annotated[
        int,
        typer.Option(
            envvar="PORT", min=0, max=65_535, help="Port to listen on; 0 takes a free one."
        ),
    ] = 8000,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = "127.0.0.1",
) -> None:
    """Start the database, the API, the worker and the page; Ctrl-C stops them all."""
    from api.cli.serve import run

    run(host=host, port=port)


@app.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from api.cli.migrate import run

    run()


@app.command()
def worker(
    queue: Annotated[
        Queue | None, typer.Option(help="The one queue to take jobs from; default: both.")
    ] = None,
) -> None:
    """Perform jobs from SQS on this host until Ctrl-C; the unfinished one is given back."""
    from api.cli.worker import run

    run(queue=queue)


@app.command()
def redrive(
    queue: Annotated[Queue, typer.Option(help="The queue whose dead letters are meant.")],
    rate: Annotated[float, typer.Option(min=0.1, max=100, help="Messages a second.")] = 5.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them.")] = False,
) -> None:
    """Send dead letters to their queue again; those of jobs that have ended change nothing."""
    from api.cli.redrive import run

    run(queue=queue, per_second=rate, dry_run=dry_run)


@app.command()
def backtest(
    strategy: Annotated[str, typer.Argument(help="Key of the strategy, such as momentum.")],
    start: Annotated[datetime, typer.Option(formats=[DAY], help="First day of the run.")],
    universe: Annotated[str | None, typer.Option(help="Universe, such as SAMPLE_US.")] = None,
    symbols: Annotated[str | None, typer.Option(help="Instead of a universe: AAPL,MSFT")] = None,
    end: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="Last day; default: the last bar.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter, such as top_n=5; may be repeated.")
    ] = None,
    capital: Annotated[str, typer.Option(help="Money the run begins with.")] = "100000",
    currency: Annotated[Literal["AUD", "USD"], typer.Option(help="Currency of its money.")] = "AUD",
    benchmark: Annotated[
        str | None, typer.Option(help="Symbol to compare with; default: the universe's.")
    ] = None,
    rebalance: Annotated[
        Literal["DAILY", "WEEKLY", "MONTHLY", "QUARTERLY"] | None,
        typer.Option(help="How often to decide; default: the strategy's own."),
    ] = None,
    fill: Annotated[
        Literal["NEXT_OPEN", "NEXT_CLOSE", "DECISION_CLOSE"],
        typer.Option(help="Where orders are filled."),
    ] = "NEXT_OPEN",
    name: Annotated[str | None, typer.Option(help="A name to find the run by.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Run a backtest here, without a server, and print its figures."""
    from api.cli.backtest import Wish, run

    wish = Wish(
        strategy=strategy,
        universe=universe,
        symbols=symbols,
        start=start.date(),
        end=None if end is None else end.date(),
        parameters=param or [],
        capital=capital,
        currency=currency,
        benchmark=benchmark,
        rebalance=rebalance,
        fill=fill,
        name=name,
    )
    run(wish, as_json=as_json)


@app.command()
def plan(
    strategy: Annotated[
        str | None, typer.Argument(help="Key of the strategy; or give --backtest.")
    ] = None,
    backtest: Annotated[
        str | None, typer.Option(help="Id of a finished run whose weights to take.")
    ] = None,
    universe: Annotated[str | None, typer.Option(help="Universe, such as SAMPLE_US.")] = None,
    symbols: Annotated[str | None, typer.Option(help="Instead of a universe: AAPL,MSFT")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter, such as top_n=5; may be repeated.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="Day that counts; default: today.")
    ] = None,
    capital: Annotated[
        str | None, typer.Option(help="Worth of it all in AUD; default: what the books say.")
    ] = None,
    band: Annotated[
        float, typer.Option(min=0, max=1, help="Leave weights alone that are off by less.")
    ] = 0.0,
    max_turnover: Annotated[
        float | None, typer.Option(min=0.0001, max=1, help="Largest one-way turnover.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="File to write for the broker.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Say what to buy and sell to get from the books to a strategy's weights of now."""
    from api.cli.plan import Wish, run

    wish = Wish(
        strategy=strategy,
        backtest=backtest,
        universe=universe,
        symbols=symbols,
        parameters=param or (),
        as_of=None if as_of is None else as_of.date(),
        capital=capital,
        band=band,
        max_turnover=max_turnover,
    )
    run(wish, as_json=as_json, csv=csv)


@app.command()
def scan(
    scanner: Annotated[str, typer.Argument(help="Key of the scanner, such as momentum.")],
    universe: Annotated[str | None, typer.Option(help="Universe, such as SAMPLE_OHLCV.")] = None,
    symbols: Annotated[str | None, typer.Option(help="Instead of a universe: AAPL,MSFT")] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=[DAY], help="The day whose close to stand at; default: the last bar."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(help="A parameter, such as max_rsi=5; null leaves its rule out."),
    ] = None,
    max_results: Annotated[int, typer.Option(help="At most so many hits, best first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scan as JSON.")] = False,
) -> None:
    """Ask a scanner here, without a server; print who passed and where the others went."""
    from api.cli.scan import Wish, run

    wish = Wish(
        scanner=scanner,
        universe=universe,
        symbols=symbols,
        as_of=None if as_of is None else as_of.date(),
        parameters=param or [],
        max_results=max_results,
    )
    run(wish, as_json=as_json)


@app.command()
def universes(
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Bring the known lists up to date first.")
    ] = False,
    key: Annotated[
        list[str] | None,
        typer.Option(help="Refresh only this one, such as SPX500; may be repeated."),
    ] = None,
) -> None:
    """List the universes: how many members, since when, from where."""
    from api.cli.universes import run

    run(keys=key, refresh=refresh or key is not None)


@app.command()
def reconcile(
    symbol: Annotated[str, typer.Argument(help="Symbol in Yahoo style, such as AAPL or BHP.AX.")],
    start: Annotated[datetime, typer.Option(formats=[DAY], help="First day to compare.")],
    end: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="Last day; default: today.")
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="Relative difference that is let pass.")
    ] = 0.001,
) -> None:
    """Compare an instrument's closes as stored and as each provider has them; merge nothing."""
    from api.cli.reconcile import Question, run

    last = datetime.now(UTC) if end is None else end
    run(Question(symbol=symbol, start=start.date(), end=last.date(), tolerance=tolerance))


@app.command()
def ingest(
    symbols: Annotated[
        list[str] | None, typer.Argument(help="Symbols in Yahoo style: AAPL BHP.AX ^GSPC.")
    ] = None,
    universe: Annotated[str | None, typer.Option(help="Instead of symbols: SPX500.")] = None,
    start: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="First day; default: what is there.")
    ] = None,
    end: Annotated[
        datetime | None, typer.Option(formats=[DAY], help="Last day; default: the last session.")
    ] = None,
    source: Annotated[
        Literal["AUTO", "SAMPLE", "TIINGO", "YAHOO"], typer.Option(help="Whom to ask.")
    ] = "AUTO",
    force: Annotated[bool, typer.Option("--force", help="Ask for all of it again.")] = False,
) -> None:
    """Fetch prices that are missing, without a server, and print what came of it."""
    from api.cli.ingest import run

    run(
        symbols=symbols or (),
        universe=universe,
        start=None if start is None else start.date(),
        end=None if end is None else end.date(),
        source=source,
        force=force,
    )


@app.command("import")
def import_prices(
    file: Annotated[Path, typer.Argument(help="CSV with at least date, symbol and close.")],
    universe: Annotated[str, typer.Option(help="Key of the list its symbols are put on.")],
) -> None:
    """Bring in prices from a file, all of it or nothing, and print what came of each row."""
    from api.cli.import_prices import run

    run(file, universe=universe)


@app.command("import-series")
def import_series(
    file: Annotated[Path, typer.Argument(help="CSV with date, the panel's columns, known_at.")],
    name: Annotated[
        str,
        typer.Option(
            help="FF3, FF5, VIX, VIX3M, US10Y_REAL, NEWS_FLAG, AU_CASH_RATE or US_CASH_RATE;"
            " FF3 and FF5 also as FF3_DEVELOPED_EX_US and FF3_ASIA_PACIFIC."
        ),
    ],
    force: Annotated[
        bool,
        typer.Option("--force", help="Take the file's word where another figure is stored."),
    ] = False,
) -> None:
    """Bring in figures beside prices: factors, volatility, yields, news, cash rates."""
    from api.cli.import_series import run

    run(file, panel=name, force=force)


@app.command("import-actions")
def import_actions(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with symbol, ex_date, kind, ratio, cash, currency, pay_date, successor."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it and say what would be written.")
    ] = False,
) -> None:
    """Bring in splits, dividends, and what holders got when a listing ended."""
    from api.cli.import_actions import run

    run(file, dry_run=dry_run)


@app.command("import-sqlite")
def import_sqlite(
    file: Annotated[Path, typer.Argument(help="SQLite file of the program before this one.")],
    quoted: Annotated[
        bool,
        typer.Option(
            "--quoted",
            help="Take a share's own currency where the file says AUD, as it said of every trade.",
        ),
    ] = False,
) -> None:
    """Bring in trades, portfolio snapshots and index members; again writes nothing twice."""
    from api.cli.import_sqlite import run

    run(file, quoted=quoted)


@app.command()
def schema() -> None:
    """Write the schema beside the client and the strategy catalogue beside the API."""
    from api.graphql.export import export

    for path in export():
        typer.echo(f"Wrote {path}")
