"""From target weights to whole-share orders: the arithmetic of a plan, nothing else.

1. Value what is held at the last known prices; what has no price or no rate is left out.
2. Leave alone what lies within the no-trade band, go only as far as the turnover cap allows.
3. Keep back the costs of these very orders, and turn the weights into whole shares.
4. Sell first, where a sale brings more than it costs. Buy with the cash there is then, what lies
   furthest from its target first.

The same rules as `engine.sizing` and `engine.trading` follow, in exact decimals: the cash left is
the cash there was, less every line's value and costs, to the cent, and purchases never overdraw it.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from api.errors import MissingData
from api.services.plan_terms import (
    CENT,
    EXACT,
    NOTHING,
    Asset,
    Fees,
    Limits,
    Line,
    Orders,
    cents,
)

# A quantity this near below a whole share is that share.
ROUNDING: Final = Decimal("1e-12")
RESERVE_ROUNDS: Final = 50
# What a market asks of a first purchase, in its own currency; `engine.costs` has the same.
FIRST_PURCHASE: Final[Mapping[str, Decimal]] = {"XASX": Decimal(500)}
NO_ORDERS: Final[Mapping[str, str]] = {
    "INDEX": "an index cannot be traded",
    "FX": "a currency pair is no holding",
}


def plan_orders(
    assets: Sequence[Asset],
    weights: Mapping[str, Decimal],
    *,
    cash: Decimal,
    fees: Fees,
    limits: Limits,
) -> Orders:
    """Return the orders that bring what is held to the target weights.

    A weight of an asset that is not among `assets` stays in cash, and so does what the weights
    leave to one. Raises MissingData where cash and holdings come to nothing.
    """
    with localcontext(EXACT):
        return _plan(assets, weights, cash, fees, limits)


def _plan(
    assets: Sequence[Asset],
    weights: Mapping[str, Decimal],
    cash: Decimal,
    fees: Fees,
    limits: Limits,
) -> Orders:
    priced = [asset for asset in assets if asset.unit is not None]
    values = {asset.symbol: asset.held * _unit(asset) for asset in priced}
    equity = cash + sum(values.values(), NOTHING)
    if equity <= 0:
        raise MissingData(
            f"cash and holdings come to A${cents(equity)}; record the deposits that paid for the"
            " holdings, or give a capital",
            field=("input", "capital"),
        )
    limits = limits.at(equity)
    drifted = {symbol: value / equity for symbol, value in values.items()}
    wanted = {a.symbol: weights.get(a.symbol, NOTHING) * limits.invested for a in priced}
    stays = {asset.symbol for asset in priced if _untradable(asset)}
    target = trimmed(wanted, drifted, limits, least=limits.min_trade / equity, stays=stays)
    held_back = _reserve(priced, target, drifted, equity, fees, limits.invested)
    lots = _lots(priced, target, drifted, equity - held_back / limits.invested, limits)
    lines = [
        _line(asset, wanted[asset.symbol], drifted, target, lots[asset.symbol], equity, limits)
        for asset in priced
    ]
    sold = [_sale(line, asset, fees) for line, asset in zip(lines, priced, strict=True)]
    lines, left, warnings = _purchases(sold, {each.symbol: each for each in priced}, cash, fees)
    return _summed(lines, equity, left, warnings)


def trimmed(
    target: Mapping[str, Decimal],
    drifted: Mapping[str, Decimal],
    limits: Limits,
    *,
    least: Decimal = NOTHING,
    stays: Set[str] = frozenset(),
) -> dict[str, Decimal]:
    """Leave weights within the bands alone, then go as far as the turnover cap allows.

    What `stays` cannot be traded. A sale that is not made frees no cash, so purchases shrink in
    proportion where they would need more than there is. While the cap leaves a trade below the
    `least` one, the smallest is not made, of equal ones the last, and the others share the cap.
    """
    change = {symbol: weight - drifted[symbol] for symbol, weight in target.items()}
    small = {s for s, c in change.items() if s in stays or abs(c) < limits.band(target[s])}
    change = {s: NOTHING if s in small else c for s, c in change.items()}
    if limits.spread:
        change = _spread(change, target, drifted, small, limits)
    most = min(max(limits.invested, sum(target.values(), NOTHING)), Decimal(1))
    change = _paid_for(change, drifted, most)
    while True:
        made = _capped(change, limits)
        below = [s for s, c in made.items() if c and abs(c) < least * (1 - ROUNDING)]
        if not below:
            return {symbol: drifted[symbol] + c for symbol, c in made.items()}
        smallest = min(reversed(below), key=lambda each: abs(made[each]))
        change = _paid_for(change | {smallest: NOTHING}, drifted, most)


def _paid_for(
    change: Mapping[str, Decimal], drifted: Mapping[str, Decimal], most: Decimal
) -> dict[str, Decimal]:
    """Shrink purchases in proportion where more than `most` would be held."""
    bought = sum((c for c in change.values() if c > 0), NOTHING)
    excess = sum(drifted.values(), NOTHING) + sum(change.values(), NOTHING) - most
    if excess <= 0 or bought <= 0:
        return dict(change)
    share = max(1 - excess / bought, NOTHING)
    return {symbol: c * share if c > 0 else c for symbol, c in change.items()}


def _capped(change: Mapping[str, Decimal], limits: Limits) -> dict[str, Decimal]:
    moved = _turnover(change)
    if limits.max_turnover is None or moved <= limits.max_turnover:
        return dict(change)
    return {symbol: c * limits.max_turnover / moved for symbol, c in change.items()}


def _spread(
    change: Mapping[str, Decimal],
    target: Mapping[str, Decimal],
    drifted: Mapping[str, Decimal],
    small: Set[str],
    limits: Limits,
) -> dict[str, Decimal]:
    """Return the trades that are made with what the others would have moved, by their targets."""
    made = {s: w for s, w in target.items() if s not in small and w > 0}
    aimed = sum(made.values(), NOTHING)
    if not aimed:
        return dict(change)
    now = sum(drifted.values(), NOTHING) + sum(change.values(), NOTHING)
    share = max(1 + (sum(target.values(), NOTHING) - now) / aimed, NOTHING)
    most = {s: max(limits.max_weight, w) for s, w in made.items()}
    return {
        s: min(made[s] * share, most[s]) - drifted[s] if s in made else c for s, c in change.items()
    }


def _unit(asset: Asset) -> Decimal:
    return asset.unit or NOTHING


def _turnover(change: Mapping[str, Decimal]) -> Decimal:
    """Return half of all changes of weight, cash included."""
    moved = sum((abs(c) for c in change.values()), NOTHING)
    return (moved + abs(sum(change.values(), NOTHING))) / 2


def _reserve(
    priced: Sequence[Asset],
    target: Mapping[str, Decimal],
    drifted: Mapping[str, Decimal],
    equity: Decimal,
    fees: Fees,
    invested: Decimal,
) -> Decimal:
    """Return the costs R of trading to ``target * (equity - R / invested)``, a fixed point.

    A flat fee can make one order appear and vanish with its own fee; then the larger R, which can
    pay for it, is kept.
    """
    reserve, before = NOTHING, Decimal(-1)
    for _ in range(RESERVE_ROUNDS):
        charged = NOTHING
        for asset in priced:
            weight, now = target[asset.symbol], drifted[asset.symbol]
            if weight != now:
                moved = abs(weight * (equity - reserve / invested) - now * equity)
                charged += fees.of(moved, asset)
        before, reserve = reserve, min(charged, equity)
        if abs(reserve - before) <= ROUNDING * equity:
            return reserve
    return max(reserve, before)


def _lots(
    priced: Sequence[Asset],
    target: Mapping[str, Decimal],
    drifted: Mapping[str, Decimal],
    investable: Decimal,
    limits: Limits,
) -> dict[str, Decimal]:
    """Return the whole shares that each target weight comes to.

    With a residual pass, what rounding down left buys one share more of what lies furthest below
    its target, as far as it reaches and leads above no largest weight.
    """
    money = {asset.symbol: target[asset.symbol] * investable for asset in priced}
    unit = {asset.symbol: _unit(asset) for asset in priced}
    lots = {
        symbol: (money[symbol] / unit[symbol] * (1 + ROUNDING)).to_integral_value(ROUND_FLOOR)
        for symbol in money
    }
    if not limits.residual_pass:
        return lots
    moves = [symbol for symbol in lots if target[symbol] > 0 and target[symbol] != drifted[symbol]]
    short = {symbol: money[symbol] - lots[symbol] * unit[symbol] for symbol in moves}
    rest = sum(short.values(), NOTHING)
    for symbol in sorted(moves, key=lambda each: (-short[each], each)):
        largest = (lots[symbol] + 1) * unit[symbol] <= limits.max_weight * investable
        if unit[symbol] <= rest and largest:
            lots[symbol] += 1
            rest -= unit[symbol]
    return lots


def _line(
    asset: Asset,
    wanted: Decimal,
    drifted: Mapping[str, Decimal],
    target: Mapping[str, Decimal],
    lots: Decimal,
    equity: Decimal,
    limits: Limits,
) -> Line:
    """Return what is asked of an asset, before it is known whether it can be paid for."""
    now, weight = drifted[asset.symbol], target[asset.symbol]
    line = Line(
        symbol=asset.symbol,
        currency=asset.currency,
        held=asset.held,
        current_weight=now,
        target_weight=wanted,
        price=asset.price or NOTHING,
        price_on=asset.price_on,
        rate=asset.rate or NOTHING,
    )
    refused = _untradable(asset)
    if weight == now:
        return replace(line, skipped=refused or _left_alone(wanted, now, equity, limits))
    wish = lots - asset.held
    quantity = abs(wish).to_integral_value(ROUND_FLOOR)
    if not quantity:
        return replace(line, skipped="the difference is less than one share")
    value = cents(quantity * _unit(asset))
    if value < limits.min_trade:
        return replace(line, skipped=_too_small(value, limits))
    return replace(line, side="BUY" if wish > 0 else "SELL", quantity=quantity, value=value)


def _left_alone(wanted: Decimal, now: Decimal, equity: Decimal, limits: Limits) -> str:
    if wanted == now:
        return "already at its target"
    worth = abs(wanted - now) * equity
    if worth < limits.min_trade:
        return _too_small(cents(worth), limits)
    if abs(wanted - now) < limits.band(wanted):
        return f"within the no-trade band of {limits.band(wanted) * 100:.2f} %"
    return "what is left alone elsewhere leaves no cash for it"


def _too_small(value: Decimal, limits: Limits) -> str:
    return f"a trade of A${value} is below the least of A${limits.min_trade}"


def _untradable(asset: Asset) -> str | None:
    if asset.exchange in NO_ORDERS:
        return NO_ORDERS[asset.exchange]
    if asset.delisted and asset.held:
        return "it is no longer listed; enter what its holders got as a sale"
    return "it is no longer listed" if asset.delisted else None


def _sale(line: Line, asset: Asset, fees: Fees) -> Line:
    if line.side != "SELL":
        return line
    cost = cents(fees.of(line.value, asset))
    if cost >= line.value:
        return _without_order(line, f"selling costs A${cost} and brings A${line.value}")
    return replace(line, cost=cost)


def _without_order(line: Line, why: str) -> Line:
    return replace(line, side=None, quantity=NOTHING, value=NOTHING, cost=NOTHING, skipped=why)


def _purchases(
    lines: Sequence[Line], assets: Mapping[str, Asset], cash: Decimal, fees: Fees
) -> tuple[list[Line], Decimal, list[str]]:
    """Buy as far as cash and proceeds reach, the furthest from its target first."""
    done, warnings = {line.symbol: line for line in lines}, []
    left = cash + sum((line.value - line.cost for line in lines if line.side == "SELL"), NOTHING)
    buys = [line for line in lines if line.side == "BUY"]
    for line in sorted(buys, key=lambda each: each.current_weight - each.target_weight):
        bought = _purchase(line, assets[line.symbol], left, fees)
        if bought.side is not None:
            left -= bought.value + bought.cost
            if bought.quantity < line.quantity:
                warnings.append(
                    f"{line.symbol}: cash reaches for {bought.quantity} of {line.quantity} shares"
                )
        done[line.symbol] = bought
    return list(done.values()), left, warnings


def _purchase(line: Line, asset: Asset, left: Decimal, fees: Fees) -> Line:
    quantity = _affordable(line, asset, left, fees)
    if quantity <= 0:
        return _without_order(line, "there is no cash left for it")
    least = FIRST_PURCHASE.get(asset.exchange, NOTHING)
    if asset.held == 0 and quantity * line.price < least:
        return _without_order(
            line, f"a first purchase there must come to at least {line.currency} {least}"
        )
    value = cents(quantity * _unit(asset))
    cost = cents(fees.of(value, asset))
    return replace(line, quantity=quantity, value=value, cost=cost)


def _affordable(line: Line, asset: Asset, left: Decimal, fees: Fees) -> Decimal:
    """Return the most shares, up to those wanted, whose value and costs `left` can pay."""

    def due(quantity: Decimal) -> Decimal:
        value = cents(quantity * _unit(asset))
        return value + cents(fees.of(value, asset))

    if due(line.quantity) <= left:
        return line.quantity
    low, high = NOTHING, line.quantity
    while high - low > 1:
        middle = ((low + high) / 2).to_integral_value(ROUND_FLOOR)
        low, high = (middle, high) if due(middle) <= left else (low, middle)
    return low


def _summed(
    lines: Sequence[Line], equity: Decimal, left: Decimal, warnings: Sequence[str]
) -> Orders:
    bought = sum((line.value for line in lines if line.side == "BUY"), NOTHING)
    sold = sum((line.value for line in lines if line.side == "SELL"), NOTHING)
    places = {"SELL": 0, "BUY": 1, None: 2}
    rests = [
        f"{line.symbol}: {line.held - line.quantity:f} of a share stay, orders are for whole ones"
        for line in lines
        if line.side == "SELL" and not line.target_weight and line.held > line.quantity
    ]
    return Orders(
        lines=tuple(sorted(lines, key=lambda each: (places[each.side], -each.value, each.symbol))),
        equity=cents(equity),
        total_costs=sum((line.cost for line in lines), Decimal("0.00")),
        turnover=max(bought, sold) / equity,
        cash_after=left.quantize(CENT, ROUND_FLOOR if left >= 0 else ROUND_HALF_EVEN),
        warnings=(*warnings, *rests),
    )
