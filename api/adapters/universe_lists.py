"""Lists everybody shares: two indices from a kept library, the ASX and funds from files of ours."""

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Protocol

from api.adapters.listed_files import read_listed
from api.errors import NotFound
from api.ports import ListedUniverse, Listing, MembershipHistory, UniverseListing

# Whoever brings prices in puts its own name there; until then the lists describe an instrument.
SOURCE = "lists"
COLUMNS = ("symbol", "name", "exchange", "currency", "asset_class", "sector")
LIBRARY = "pytickersymbols"
VENUES = {"NYSE": "XNYS", "Nasdaq": "XNAS"}
# The Global Industry Classification. A company with two of these words among its industries
# (16 of the S&P 500, such as Energy and Utilities of Duke Energy) is of the one named first.
SECTORS = (
    "Health Care",
    "Utilities",
    "Real Estate",
    "Consumer Discretionary",
    "Financials",
    "Industrials",
    "Energy",
    "Materials",
    "Information Technology",
    "Communication Services",
    "Consumer Staples",
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What people are told of a list, and where its members are: an index or a file."""

    name: str
    description: str
    region: str
    benchmark: str
    index: str | None = None
    file: str | None = None


LISTS: Mapping[str, Known] = {
    "SPX500": Known(
        name="S&P 500",
        description="The companies of the S&P 500, each class of shares by itself.",
        region="US",
        benchmark="^GSPC",
        index="S&P 500",
    ),
    "NASDAQ100": Known(
        name="Nasdaq-100",
        description="The companies of the Nasdaq-100, each class of shares by itself.",
        region="US",
        benchmark="^NDX",
        index="NASDAQ 100",
    ),
    "ASX200": Known(
        name="ASX 200, as Wikipedia lists it",
        description=(
            "The largest companies on the ASX as Wikipedia's table of the S&P/ASX 200 had them in"
            " May 2026, without listed investment companies. It is not S&P's own list: of its 193"
            " names some are outside the index, and some of the index are missing."
        ),
        region="AU",
        benchmark="^AXJO",
        file="asx200.csv",
    ),
    "US_ETFS": Known(
        name="US exchange-traded funds",
        description="Well-known funds listed in the United States, without leverage.",
        region="US",
        benchmark="^GSPC",
        file="us_etfs.csv",
    ),
    "ASX_ETFS": Known(
        name="ASX exchange-traded funds",
        description="Well-known funds listed on the ASX, without leverage.",
        region="AU",
        benchmark="^AXJO",
        file="asx_etfs.csv",
    ),
    "CORE_ETFS": Known(
        name="Core exchange-traded funds",
        description="Broad, low-cost building blocks of a portfolio from both countries.",
        region="GLOBAL",
        benchmark="^GSPC",
        file="core_etfs.csv",
    ),
}
LEVELS = {
    "^GSPC": ("S&P 500", "USD"),
    "^NDX": ("Nasdaq-100", "USD"),
    "^AXJO": ("S&P/ASX 200", "AUD"),
}


class History(Protocol):
    async def fetch(self) -> MembershipHistory:
        """Return who was in the index and when. Raises FetchFailed."""


class UniverseLists:
    """The known lists by key, and the history of those it is given one for."""

    def __init__(self, histories: Mapping[str, History]) -> None:
        self._histories = histories

    @property
    def keys(self) -> Sequence[str]:
        return tuple(LISTS)

    async def fetch_list(self, key: str) -> ListedUniverse:
        if key not in LISTS:
            raise NotFound(f"no list is called {key[:64]!r}; there are {', '.join(LISTS)}")
        # The library reads two megabytes when it is first imported.
        return await asyncio.to_thread(_listed, key, LISTS[key])

    async def fetch_history(self, key: str) -> MembershipHistory | None:
        history = self._histories.get(key)
        return None if history is None else await history.fetch()


def _listed(key: str, known: Known) -> ListedUniverse:
    if known.file is not None:
        source, rows = read_listed(known.file, COLUMNS)
        members = tuple(_row(row) for row in rows)
    else:
        source = f"{LIBRARY} {version(LIBRARY)}"
        members = tuple(_company(each) for each in _companies(known.index or ""))
    universe = UniverseListing(
        key=key,
        name=known.name,
        description=known.description,
        region=known.region,
        benchmark=known.benchmark,
        source=source,
        symbols=tuple(each.symbol for each in members),
    )
    return ListedUniverse(universe=universe, members=members, benchmark=_level(known.benchmark))


def _level(symbol: str) -> Listing:
    name, currency = LEVELS[symbol]
    return Listing(
        symbol=symbol, name=name, asset_class="INDEX", exchange="INDEX", currency=currency,
        source=SOURCE, fields=(), flags=("price_index",),
    )  # fmt: skip


def _row(row: Mapping[str, str]) -> Listing:
    return Listing(
        symbol=row["symbol"], name=row["name"], asset_class=row["asset_class"],
        exchange=row["exchange"], currency=row["currency"], sector=row["sector"] or None,
        source=SOURCE, fields=(),
    )  # fmt: skip


def _company(company: Mapping[str, Any]) -> Listing:
    """Describe a company by its line in the index: its other listings are of other exchanges."""
    exchange = _exchange(company)
    return Listing(
        symbol=yahoo_symbol(company["symbol"]), name=company["name"], asset_class="EQUITY",
        exchange=exchange or "XNYS", currency="USD", sector=_sectors().get(company["symbol"]),
        source=SOURCE, fields=(), flags=() if exchange else ("exchange_assumed",),
    )  # fmt: skip


def yahoo_symbol(ticker: str) -> str:
    """Return the symbol of a US ticker: BRK.B, BRK/B and brk-b are all BRK-B."""
    return re.sub(r"[./]", "-", ticker.strip().upper())


def _exchange(company: Mapping[str, Any]) -> str | None:
    """Find where the company's own symbol trades, in `NYSE : BF.A (Class A) NYSE : BF.B ...`."""
    traded = company.get("metadata", {}).get("traded_as") or ""
    venue = re.search(rf"(NYSE|Nasdaq) ?: ?{re.escape(company['symbol'])}\b", traded)
    return None if venue is None else VENUES[venue[1]]


@cache
def _sectors() -> Mapping[str, str | None]:
    """Return the sector of each ticker; the library has it where the S&P 500 lists the company."""
    return {
        company["symbol"]: next((name for name in SECTORS if name in company["industries"]), None)
        for company in _companies("S&P 500")
    }


def _companies(index: str) -> Iterator[dict[str, Any]]:
    from pytickersymbols import PyTickerSymbols

    yield from PyTickerSymbols().get_stocks_by_index(index)
