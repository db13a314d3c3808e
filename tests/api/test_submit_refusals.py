"""Everything a submit refuses: the code, the field, the words, and nothing queued."""

import pytest

from models import Backtest, Job
from tests.api.submitting import changed, rows, submit

BAD = {
    "unknown strategy": (
        {"strategy": "momentun"},
        ("NOT_FOUND", "strategy", "did you mean momentum?"),
    ),
    "unknown universe": ({"universe": "NOWHERE"}, ("NOT_FOUND", "universe", "'NOWHERE'")),
    "neither universe nor symbols": (
        {"universe": ...},
        ("INVALID", "universe", "neither of universe and symbols"),
    ),
    "both": ({"symbols": ["AAA"]}, ("INVALID", "symbols", "both of universe and symbols")),
    "unknown symbol": (
        {"universe": ..., "symbols": ["AAA", "ZZZ"]},
        ("UNKNOWN_SYMBOL", "symbols", "'ZZZ'"),
    ),
    "lower-case symbol": (
        {"universe": ..., "symbols": ["aaa"]},
        ("UNKNOWN_SYMBOL", "symbols", "upper and lower case differ"),
    ),
    "no symbols": ({"universe": ..., "symbols": []}, ("INVALID", "symbols", "had 0 entries")),
    "too many symbols": (
        {"universe": ..., "symbols": [f"S{n}" for n in range(1001)]},
        ("INVALID", "symbols", "had 1001 entries"),
    ),
    "duplicate symbols": (
        {"universe": ..., "symbols": ["AAA", "BBB", "AAA"]},
        ("INVALID", "symbols", "symbols named AAA twice"),
    ),
    "unknown benchmark": ({"benchmark": "^NONE"}, ("UNKNOWN_SYMBOL", "benchmark", "'^NONE'")),
    "empty benchmark": ({"benchmark": ""}, ("UNKNOWN_SYMBOL", "benchmark", "benchmark named ''")),
    "known before the universe was": (
        {"knownAt": "1980-01-01T00:00:00Z"},
        ("MISSING_DATA", "universe", "to the last bar, as known on 1980-01-01"),
    ),
    "start after end": (
        {"start": "2019-01-02", "end": "2019-01-01"},
        ("INVALID", "start", "start was 2019-01-02"),
    ),
    "start is end": (
        {"start": "2019-01-02", "end": "2019-01-02"},
        ("INVALID", "start", "must lie before the end"),
    ),
    "a weekend": (
        {"start": "2019-06-01", "end": "2019-06-02"},
        ("INVALID", "end", "there are not two weekdays"),
    ),
    "a weekend and a Monday": (
        {"start": "2019-06-01", "end": "2019-06-03"},
        ("INVALID", "end", "there are not two weekdays"),
    ),
    "end in the future": ({"end": "2099-01-01"}, ("INVALID", "end", "today is")),
    "end behind the prices": (
        {"end": "2021-01-01"},
        ("MISSING_DATA", "end", "prices end on 2019-12-27"),
    ),
    "start before the prices": (
        {"start": "1950-01-01"},
        ("MISSING_DATA", "start", "prices begin on 2018-01-01"),
    ),
    "start behind the prices": (
        {"start": "2020-01-01", "end": "2020-01-05"},
        ("MISSING_DATA", "start", "prices end on 2019-12-27"),
    ),
    "history too short": (
        {"parameters": {"lookback": 756}},
        ("INSUFFICIENT_HISTORY", "parameters.lookback", "needs 758 sessions"),
    ),
    "history too short before the end": (
        {"start": "2018-01-01", "end": "2018-03-01"},
        ("INSUFFICIENT_HISTORY", "parameters.lookback", "known on 2018-03-27 at the earliest"),
    ),
    "AUD before rates": (
        {"currency": "AUD"},
        ("MISSING_DATA", "start", "start on 2018-08-27 or later"),
    ),
    "knownAt in the future": (
        {"knownAt": "2099-01-01T00:00:00Z"},
        ("INVALID", "knownAt", "nobody knows"),
    ),
    "capital zero": ({"initialCapital": "0"}, ("INVALID", "initialCapital", "was 0;")),
    "capital negative": ({"initialCapital": "-5"}, ("INVALID", "initialCapital", "was -5;")),
    "capital NaN": ({"initialCapital": "NaN"}, ("INVALID", "initialCapital", "was NaN;")),
    "capital infinite": ({"initialCapital": "Infinity"}, ("INVALID", "initialCapital", "Inf")),
    "capital absurd": ({"initialCapital": "1e308"}, ("INVALID", "initialCapital", "1E+308")),
    "capital below a cent": (
        {"initialCapital": "100.001"},
        ("INVALID", "initialCapital", "two digits"),
    ),
    "negative slippage": (
        {"costs": {"slippageBps": -1}},
        ("INVALID", "costs.slippageBps", "slippageBps was -1; use at least 0 and at most 1000"),
    ),
    "fee above all": (
        {"costs": {"commissionBps": 10001}},
        ("INVALID", "costs.commissionBps", "at most 1000"),
    ),
    "overlay too tame": (
        {"overlayVolTarget": 0.01},
        ("INVALID", "overlayVolTarget", "overlayVolTarget was 0.01; use at least 0.02"),
    ),
    "overlay too wild": ({"overlayVolTarget": 0.5}, ("INVALID", "overlayVolTarget", "most 0.4")),
    "overlay on an overlay": (
        {"strategy": "vol_scaling", "parameters": {}, "overlayVolTarget": 0.1},
        ("INVALID", "overlayVolTarget", "vol_scaling has a target of its own"),
    ),
    "overlay on options": (
        {"strategy": "iron_condor", "parameters": {}, "overlayVolTarget": 0.1},
        ("INVALID", "overlayVolTarget", "iron_condor holds options alone"),
    ),
    "a scanner's parameter that it does not have": (
        {"strategy": "screen", "parameters": {"scanner_parameters": {"min_shares": 0.9}}},
        ("INVALID", "parameters.scanner_parameters.min_shares", "no parameter of new_high"),
    ),
    "a scanner's parameter out of range": (
        {
            "strategy": "screen",
            "parameters": {"scanner": "quallamaggie", "scanner_parameters": {"min_price_us": -1}},
        },
        ("INVALID", "parameters.scanner_parameters.min_price_us", "use at least 0"),
    ),
    "commission NaN": (
        {"costs": {"commissionFlat": "NaN"}},
        ("INVALID", "costs.commissionFlat", "was nan"),
    ),
    "a debit dearer than any": (
        {"costs": {"borrowSpreadBps": 1000.5}},
        ("INVALID", "costs.borrowSpreadBps", "borrowSpreadBps was 1000.5; use"),
    ),
    "buffer a hair above half": (
        {"costs": {"cashBuffer": 0.5000001}},
        ("INVALID", "costs.cashBuffer", "cashBuffer was 0.5000001; use"),
    ),
    "a rest carried on for a month": (
        {"costs": {"maxCarry": 21}},
        ("INVALID", "costs.maxCarry", "maxCarry was 21; use at least 0 and at most 20"),
    ),
    "residual pass of entries and stops": (
        {"strategy": "breakout", "parameters": {}, "costs": {"residualPass": True}},
        ("INVALID", "costs.residualPass", "breakout sizes each entry by its risk"),
    ),
    "residual pass under a group cap": (
        {"costs": {"residualPass": True}, "constraints": {"groupCap": 0.4}},
        ("INVALID", "costs.residualPass", "groups are capped"),
    ),
    "residual pass under a second cap": (
        {
            "costs": {"residualPass": True},
            "constraints": {"groupCaps": [{"by": "CURRENCY", "cap": 0.6}]},
        },
        ("INVALID", "costs.residualPass", "groups are capped"),
    ),
    "buffer above half": (
        {"costs": {"cashBuffer": 0.6}},
        ("INVALID", "costs.cashBuffer", "cashBuffer was 0.6; use at least 0 and at most 0.5"),
    ),
    "gain on a delisting": (
        {"costs": {"delistReturn": 0.3}},
        ("INVALID", "costs.delistReturn", "delistReturn was 0.3; use at least -1 and at most 0"),
    ),
    "negative spread": (
        {"costs": {"halfSpreadAuBps": -1}},
        ("INVALID", "costs.halfSpreadAuBps", "halfSpreadAuBps was -1"),
    ),
    "volume share": (
        {"costs": {"maxVolumeShare": 0}},
        ("INVALID", "costs.maxVolumeShare", "more than 0"),
    ),
    "weight above one": (
        {"constraints": {"maxWeight": 1e9}},
        ("INVALID", "constraints.maxWeight", "at most 1"),
    ),
    "least weight above most": (
        {"constraints": {"minWeight": 0.5, "maxWeight": 0.2}},
        ("INVALID", "constraints.minWeight", "must not be above maxWeight"),
    ),
    "positions": (
        {"constraints": {"maxPositions": 0}},
        ("INVALID", "constraints.maxPositions", "at least 1"),
    ),
    "allocator of another": (
        {"strategy": "hrp", "parameters": {}, "allocator": "NCO"},
        ("INVALID", "allocator", "which hrp does not take; leave it out"),
    ),
    "stops filled at a close": (
        {"strategy": "breakout", "parameters": {}, "fill": "NEXT_CLOSE"},
        ("INVALID", "fill", "breakout trades at opens, stops and targets; choose NEXT_OPEN"),
    ),
    "stops moved by a turnover": (
        {"strategy": "breakout", "parameters": {}, "constraints": {"maxTurnover": 0.5}},
        ("INVALID", "constraints.maxTurnover", "breakout has entries and stops, and no weights"),
    ),
    "stops held by a band": (
        {"strategy": "breakout", "parameters": {}, "constraints": {"noTradeBand": 0.01}},
        ("INVALID", "constraints.noTradeBand", "noTradeBand was 0.01"),
    ),
    "stops capped by groups": (
        {"strategy": "breakout", "parameters": {}, "constraints": {"groupCap": 0.3}},
        ("INVALID", "constraints.groupCap", "groupCap was 0.3"),
    ),
    "short sales within a weight": (
        {"strategy": "stat_arb", "parameters": {"form": 126}, "constraints": {"maxWeight": 0.2}},
        ("INVALID", "constraints.maxWeight", "with these parameters stat_arb sells short"),
    ),
    "short sales within a group": (
        {
            "strategy": "nco",
            "parameters": {"lookback": 126, "long_only": False},
            "constraints": {"groupCap": 0.3},
        },
        ("INVALID", "constraints.groupCap", "groupCap was 0.3"),
    ),
    "a primary that sells short": (
        {
            "strategy": "vol_scaling",
            "parameters": {"primary": "stat_arb", "window": 21},
            "constraints": {"maxPositions": 4},
        },
        ("INVALID", "constraints.maxPositions", "vol_scaling sells short"),
    ),
    "parameter below its bound": (
        {"parameters": {"lookback": 60, "skip": 5, "top_n": 0}},
        ("INVALID", "parameters.top_n", "top_n was 0; use at least 1"),
    ),
    "parameter above its bound": (
        {"parameters": {"lookback": 757}},
        ("INVALID", "parameters.lookback", "use at most 756"),
    ),
    "parameter of the wrong type": (
        {"parameters": {"top_n": "five"}},
        ("INVALID", "parameters.top_n", 'top_n was "five"; write a whole number'),
    ),
    "parameter that is true": (
        {"parameters": {"top_n": True}},
        ("INVALID", "parameters.top_n", "top_n was true; write a whole number"),
    ),
    "parameter that is null": (
        {"parameters": {"top_n": None}},
        ("INVALID", "parameters.top_n", "top_n was null"),
    ),
    "unknown choice": (
        {"parameters": {"weighting": "equally"}},
        ("INVALID", "parameters.weighting", "use one of equal, inverse_vol, hrp, score"),
    ),
    "unknown parameter": (
        {"parameters": {"top_k": 3}},
        ("INVALID", "parameters.top_k", "did you mean top_n?"),
    ),
    "parameters out of order": (
        {"parameters": {"lookback": 21, "skip": 21}},
        ("INVALID", "parameters.skip", "it must be below lookback, which is 21"),
    ),
    "parameters as a list": (
        {"parameters": [1]},
        ("INVALID", "parameters", "parameters was no object"),
    ),
    "a parameter's symbol is not of the run": (
        {"strategy": "dual_momentum", "parameters": {"lookback": 63, "defensive": ["ZZZ"]}},
        ("UNKNOWN_SYMBOL", "parameters.defensive", "no asset of this run"),
    ),
    "an asset that a strategy holds by default is not of the run": (
        {"strategy": "hard_assets", "parameters": {"silver": [], "gold": []}},
        ("MISSING_DATA", "parameters.btc", "hard_assets needs BTC-USD among the assets of the run"),
    ),
    "a symbol in two lists": (
        {
            "strategy": "dual_momentum",
            "parameters": {"lookback": 63, "risky": ["AAA"], "defensive": ["AAA"]},
        },
        ("INVALID", "parameters.defensive", "risky lists it already"),
    ),
    "control character in the name": ({"name": "a\x07b"}, ("INVALID", "name", "U+0007")),
    "bidi override in the name": ({"name": "a\u202eb"}, ("INVALID", "name", "U+202E")),
    "name too long": ({"name": "x" * 201}, ("INVALID", "name", "had 201 characters")),
    "empty key": ({"idempotencyKey": ""}, ("INVALID", "idempotencyKey", "had 0 characters")),
    "long key": (
        {"idempotencyKey": "k" * 129},
        ("INVALID", "idempotencyKey", "had 129 characters"),
    ),
}


@pytest.mark.parametrize(("given", "expected"), BAD.values(), ids=BAD.keys())
async def test_bad_input_is_named_and_nothing_is_queued(ask, market, sessions, given, expected):
    code, field, words = expected

    told = await submit(ask, changed(**given))

    assert [(e["code"], ".".join(e["field"])) for e in told["userErrors"]] == [
        (code, f"input.{field}")
    ]
    assert words in told["userErrors"][0]["message"]
    assert (told["backtest"], told["job"], told["reused"]) == (None, None, False)
    assert (await rows(sessions, Job), await rows(sessions, Backtest)) == (0, 0)


async def test_every_fault_is_told_at_once(ask, market, sessions):
    bad = changed(
        strategy="momentum",
        parameters={"top_n": 0, "lookbak": 3},
        initialCapital="0",
        costs={"slippageBps": -1},
    )

    told = await submit(ask, bad)

    assert {error["field"][-1] for error in told["userErrors"]} == {
        "lookbak",
        "top_n",
        "initialCapital",
        "slippageBps",
    }
    assert await rows(sessions, Job) == 0
