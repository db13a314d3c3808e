"""Which provider is asked for which instrument, and what a symbol says about itself."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.errors import InvalidInput
from models.instrument import AssetClass, Exchange

TIINGO, YAHOO, SAMPLE, CSV = "tiingo", "yahoo", "sample", "csv"

# The one table: who is asked first, and who next when the first cannot answer.
ROUTES: Mapping[Exchange, tuple[str, ...]] = {
    Exchange.XNYS: (TIINGO, YAHOO),
    Exchange.XNAS: (TIINGO, YAHOO),
    Exchange.XASX: (YAHOO,),
    Exchange.INDEX: (YAHOO,),
    Exchange.FX: (YAHOO,),
    Exchange.CRYPTO: (YAHOO,),
}

# Currencies a coin may be quoted in: what follows the hyphen of a share's class is shorter.
QUOTES = ("USD", "AUD", "EUR", "GBP", "JPY")
AUSTRALIAN_INDICES = ("^AXJO", "^AORD", "^AXKO", "^AFLI", "^ATLI", "^ATOI", "^AXMD", "^AXSO")
MOST_SHOWN = 32

_EXAMPLES = "AAPL, BRK-B, BHP.AX, ^GSPC, AUDUSD=X or BTC-USD"
_AMERICAN = re.compile(r"[A-Z0-9]{1,6}(-[A-Z]{1,2})?")
_AUSTRALIAN = re.compile(r"[A-Z0-9]{3,6}\.AX")
_INDEX = re.compile(r"\^[A-Z0-9]{1,10}")
_PAIR = re.compile(r"[A-Z]{3}([A-Z]{3})=X")
_COIN = re.compile(rf"[A-Z0-9]{{2,10}}-({'|'.join(QUOTES)})")


@dataclass(frozen=True, kw_only=True)
class Described:
    """What a symbol alone says of its instrument; a share may turn out to be a fund."""

    symbol: str
    asset_class: AssetClass
    exchange: Exchange
    currency: str


def describe(symbol: str) -> Described:
    """Read a symbol in Yahoo style. Raises InvalidInput with the reason BAD_SYMBOL.

    A symbol goes into addresses and object keys, so only what one of the known markets could
    have written is let in. An American share counts as New York's: Nasdaq keeps its calendar.
    """
    if _AMERICAN.fullmatch(symbol):
        return _described(symbol, AssetClass.EQUITY, Exchange.XNYS, "USD")
    if _AUSTRALIAN.fullmatch(symbol):
        return _described(symbol, AssetClass.EQUITY, Exchange.XASX, "AUD")
    if _INDEX.fullmatch(symbol):
        currency = "AUD" if symbol in AUSTRALIAN_INDICES else "USD"
        return _described(symbol, AssetClass.INDEX, Exchange.INDEX, currency)
    if pair := _PAIR.fullmatch(symbol):
        return _described(symbol, AssetClass.FX, Exchange.FX, pair[1])
    if coin := _COIN.fullmatch(symbol):
        return _described(symbol, AssetClass.CRYPTO, Exchange.CRYPTO, coin[1])
    raise InvalidInput(
        f"symbol {symbol[:MOST_SHOWN]!r} is none that a known market writes{_hint(symbol)};"
        f" write it as Yahoo does: {_EXAMPLES}",
        field=("input", "symbols"),
        reason="BAD_SYMBOL",
    )


def sources_of(exchange: Exchange, asked: str | None = None) -> Sequence[str]:
    """Return the providers to ask, best first; one that was asked for by name alone."""
    return ROUTES[exchange] if asked is None else (asked,)


def _described(symbol: str, kind: AssetClass, exchange: Exchange, currency: str) -> Described:
    return Described(symbol=symbol, asset_class=kind, exchange=exchange, currency=currency)


def _hint(symbol: str) -> str:
    if symbol != symbol.upper() and symbol.isascii() and symbol.isalnum():
        return f"; did you mean {symbol.upper()[:MOST_SHOWN]}?"
    head, dot, tail = symbol.partition(".")
    if dot and _AMERICAN.fullmatch(f"{head}-{tail}"):
        return f"; did you mean {head}-{tail}?"
    return ""
