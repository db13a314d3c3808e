"""What a symbol says of its instrument, and who is asked for its prices."""

import pytest

from api.errors import InvalidInput
from api.services.routing import describe, sources_of
from models.instrument import AssetClass, Exchange


@pytest.mark.parametrize(
    ("symbol", "asset_class", "exchange", "currency"),
    [
        ("AAPL", AssetClass.EQUITY, Exchange.XNYS, "USD"),
        ("BRK-B", AssetClass.EQUITY, Exchange.XNYS, "USD"),
        ("TRUE", AssetClass.EQUITY, Exchange.XNYS, "USD"),
        ("1E5", AssetClass.EQUITY, Exchange.XNYS, "USD"),
        ("BHP.AX", AssetClass.EQUITY, Exchange.XASX, "AUD"),
        ("1AE.AX", AssetClass.EQUITY, Exchange.XASX, "AUD"),
        ("^GSPC", AssetClass.INDEX, Exchange.INDEX, "USD"),
        ("^AXJO", AssetClass.INDEX, Exchange.INDEX, "AUD"),
        ("AUDUSD=X", AssetClass.FX, Exchange.FX, "USD"),
        ("BTC-USD", AssetClass.CRYPTO, Exchange.CRYPTO, "USD"),
        ("ETH-AUD", AssetClass.CRYPTO, Exchange.CRYPTO, "AUD"),
    ],
)
def test_a_symbol_in_yahoo_style_describes_its_instrument(symbol, asset_class, exchange, currency):
    found = describe(symbol)

    assert (found.symbol, found.asset_class, found.exchange, found.currency) == (
        symbol,
        asset_class,
        exchange,
        currency,
    )


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "../../etc",
        "A/B",
        "BHP.AX/..",
        "A B",
        "AAPL\n",
        "ÄPFEL",
        "\uff17\uff12",
        "X" * 500,
        "VOD.L",
    ],
)
def test_what_no_known_market_writes_is_refused(symbol):
    with pytest.raises(InvalidInput) as refused:
        describe(symbol)

    assert (refused.value.reason, refused.value.field) == ("BAD_SYMBOL", ("input", "symbols"))
    assert len(str(refused.value)) < 250


@pytest.mark.parametrize(("symbol", "meant"), [("aapl", "AAPL"), ("BRK.B", "BRK-B")])
def test_a_near_miss_is_told_what_was_meant(symbol, meant):
    with pytest.raises(InvalidInput, match=f"did you mean {meant}"):
        describe(symbol)


def test_american_shares_have_a_second_source_and_a_named_one_is_asked_alone():
    assert list(sources_of(Exchange.XNAS)) == ["tiingo", "yahoo"]
    assert list(sources_of(Exchange.XASX)) == ["yahoo"]
    assert list(sources_of(Exchange.XNYS, "yahoo")) == ["yahoo"]
