"""The arithmetic of a plan, for any account and against the engine's own sizing."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from api.services.plan_terms import Fees, Limits
from api.services.rebalance import plan_orders, trimmed
from engine.costs import CostModel
from engine.sizing import size_targets
from engine.trimming import Trim, trimmed_weights
from tests.api.rebalancing import share


@st.composite
def accounts(draw):
    """Any account of five shares, its targets and its terms."""
    count = 5
    prices = draw(st.lists(st.decimals("0.01", "900", places=3), min_size=count, max_size=count))
    held = draw(st.lists(st.integers(0, 4000), min_size=count, max_size=count))
    raw = draw(st.lists(st.integers(0, 10), min_size=count, max_size=count))
    foreign = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    rate = draw(st.decimals("1.1", "1.9", places=4))
    invested = draw(st.integers(0, 100))
    weights = [Decimal(part * invested) / (100 * max(sum(raw), 1)) for part in raw]
    assets = [
        share(
            f"S{k}",
            price=str(prices[k]),
            held=str(held[k]),
            currency="USD" if foreign[k] else "AUD",
            exchange="XNYS" if foreign[k] else "XASX",
            rate=rate if foreign[k] else Decimal(1),
        )
        for k in range(count)
    ]
    cash = draw(st.decimals("50", "500000", places=2))
    band = draw(st.sampled_from([Decimal(0), Decimal("0.02"), Decimal("0.2")]))
    cap = draw(st.sampled_from([None, Decimal("0.1"), Decimal("0.5")]))
    fees = Fees(
        commission_bps=draw(st.sampled_from([Decimal(0), Decimal(11)])),
        minimum_commission=draw(st.sampled_from([Decimal(0), Decimal("9.50")])),
    )
    limits = Limits(
        no_trade_band=band,
        relative_band=draw(st.sampled_from((Decimal(0), Decimal("0.2")))),
        min_trade=draw(st.sampled_from((Decimal(0), Decimal(700)))),
        spread=draw(st.booleans()),
        max_turnover=cap,
        cash_buffer=draw(st.sampled_from([Decimal(0), Decimal("0.15")])),
        residual_pass=draw(st.booleans()),
    )
    return assets, weights, cash, fees, limits


@given(accounts())
def test_any_plan_is_of_whole_shares_and_never_overdraws(account):
    assets, weights, cash, fees, limits = account
    named = {asset.symbol: weight for asset, weight in zip(assets, weights, strict=True)}
    orders = plan_orders(assets, named, cash=cash, fees=fees, limits=limits)

    assert orders.cash_after >= 0
    signed = {"BUY": -1, "SELL": 1, None: 0}
    moved = sum(signed[each.side] * each.value - each.cost for each in orders.lines)
    assert orders.cash_after == cash + moved
    for each in orders.lines:
        assert each.quantity == int(each.quantity)
        assert (each.side is None) == (each.quantity == 0) == (each.skipped is not None)
        assert each.side != "SELL" or each.quantity <= each.held
        gap = each.target_weight - each.current_weight
        assert each.side is None or abs(gap) >= limits.no_trade_band
    if limits.max_turnover is not None:
        # A sale may round to one share more of each asset.
        slack = sum(asset.unit for asset in assets) / orders.equity
        assert orders.turnover <= limits.max_turnover + slack + Decimal("0.01")


@given(accounts())
def test_the_engine_asks_for_the_same_shares(account):
    """`engine.sizing` counts slippage into the price; with none, both ask for the same."""
    assets, weights, cash, fees, asked_for = account
    free = replace(fees, slippage_bps=Decimal(0))
    limits = Limits(cash_buffer=asked_for.cash_buffer, residual_pass=asked_for.residual_pass)
    price = np.array([float(asset.unit) for asset in assets])
    held = np.array([float(asset.held) for asset in assets])
    equity = float(cash) + float((price * held).sum())
    sized = size_targets(
        np.array([float(weight * limits.invested) for weight in weights]),
        held=held,
        drifted=price * held / equity,
        price=price,
        foreign=np.array([asset.currency != "AUD" for asset in assets]),
        equity=equity,
        costs=CostModel(
            commission_bps=float(fees.commission_bps),
            minimum_commission=float(fees.minimum_commission),
            slippage_bps=0.0,
            cash_buffer=float(limits.cash_buffer),
            residual_pass=limits.residual_pass,
        ),
        slippage_bps=np.zeros(len(weights)),
        lots_per_share=1.0,
    )
    named = {asset.symbol: weight for asset, weight in zip(assets, weights, strict=True)}
    orders = plan_orders(assets, named, cash=cash, fees=free, limits=limits)

    signed = {"BUY": 1, "SELL": -1}
    for each in orders.lines:
        if each.side == "SELL":
            asked = sized.quantity[int(each.symbol[1:])]
            assert float(each.held - each.quantity) == asked
        if each.side == "BUY" and "cash reaches" not in " ".join(orders.warnings):
            asked = sized.quantity[int(each.symbol[1:])]
            assert float(each.held + signed[each.side] * each.quantity) == asked


@given(accounts())
def test_band_and_cap_are_the_engines(account):
    assets, weights, cash, _, limits = account
    equity = cash + sum(asset.held * asset.unit for asset in assets)
    drifted = {asset.symbol: asset.held * asset.unit / equity for asset in assets}
    target = {asset.symbol: weight for asset, weight in zip(assets, weights, strict=True)}

    least = limits.min_trade / equity
    ours = trimmed(target, drifted, limits.at(equity), least=least)

    now = np.array([float(weight) for weight in drifted.values()])
    theirs = np.array([float(weight) for weight in target.values()])
    trim = Trim(
        no_trade_band=float(limits.no_trade_band),
        min_trade=float(limits.min_trade),
        relative_band=float(limits.relative_band),
        spread=limits.spread,
        max_turnover=None if limits.max_turnover is None else float(limits.max_turnover),
        invested=float(limits.invested),
    ).at(float(equity))
    theirs = trimmed_weights(theirs, now, trim, leaving=np.zeros(len(now), np.bool_))
    np.testing.assert_allclose([float(w) for w in ours.values()], theirs, atol=1e-12)
