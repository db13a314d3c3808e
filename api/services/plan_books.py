"""A plan against the books: who is held or wanted, at which last known bar and rate."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import InvalidInput, MissingData
from api.services.backtest_request import Constraints, Costs, listed
from api.services.market import PAIR
from api.services.plan_request import Knowledge
from api.services.plan_terms import NOTHING, Asset, Fees, Limits, Line, Orders, cents
from api.services.positions import stand
from api.services.rebalance import plan_orders
from models.corporate_actions import CorporateActionRepository
from models.instrument import Exchange, Instrument
from models.instruments import InstrumentRepository
from models.price_bar import PriceBar
from models.price_bars import PriceBarRepository
from models.published_series import FxRateRepository
from models.rebalance_plan import RebalancePlan

ONE = Decimal(1)
# Shares after splits carry the last bits of a division; no broker counts so finely.
PLACES = 12
# Weekends, holidays and a provider's delay; an older bar is worth a word.
STALE = timedelta(days=7)
DEAR = Decimal("0.02")  # costs of an order as a share of its value worth a word
ON_CREDIT = 1e-6  # weights above the equity by more than rounding


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Target weights, and where they come from."""

    weights: Mapping[str, float]
    decided_at: datetime
    costs: Costs
    constraints: Constraints
    currency: str = "AUD"  # of the flat commissions
    universe: frozenset[str] = frozenset()  # what could have been chosen
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Books:
    """What is held and what could be bought, as known."""

    cash: Decimal
    assets: tuple[Asset, ...]
    volumes: Mapping[str, float]  # of the last bar, where known
    rates: Mapping[str, Decimal]  # AUD for one unit of each currency that has one
    rates_on: date  # day of the last fixing


async def plan_against_books(
    session: AsyncSession,
    wanted: Wanted,
    *,
    owner_id: UUID,
    knowledge: Knowledge,
    capital: Decimal | None = None,
) -> RebalancePlan:
    """Return the plan, not yet written. Raises MissingData, InvalidInput."""
    _require_owned(wanted)
    books = await _read(session, wanted, owner_id, knowledge)
    # An account has no part of a cent: the plan's own sums then add up to its last one.
    cash = cents(books.cash if capital is None else _left_of(capital, books))
    orders = plan_orders(
        books.assets,
        {symbol: Decimal(str(weight)) for symbol, weight in wanted.weights.items()},
        cash=cash,
        fees=_fees(wanted, books.rates),
        limits=_limits(wanted.constraints, wanted.costs),
    )
    return RebalancePlan(
        owner_id=owner_id,
        as_of=knowledge.day,
        decision_bar=wanted.decided_at,
        known_at=knowledge.known_at,
        equity=orders.equity,
        cash_before=cash,
        cash_after=orders.cash_after,
        total_costs=orders.total_costs,
        turnover=float(orders.turnover),
        lines=[_document(line) for line in orders.lines],
        warnings=[*_warnings(books, wanted, orders, knowledge.day)],
    )


def _require_owned(wanted: Wanted) -> None:
    short = sorted(symbol for symbol, weight in wanted.weights.items() if weight < 0.0)
    if short:
        raise InvalidInput(
            f"the decision sells {short[0]} short, and a plan only buys and sells what is owned;"
            " choose a strategy or parameters without short positions",
            field=("input",),
        )
    asked = sum(wanted.weights.values())
    if asked > 1.0 + ON_CREDIT:
        raise InvalidInput(
            f"the decision asks for {asked:.2f} times the equity, and a plan borrows nothing;"
            " choose parameters without credit",
            field=("input",),
        )


async def _read(
    session: AsyncSession, wanted: Wanted, owner_id: UUID, knowledge: Knowledge
) -> Books:
    held = await stand(session, owner_id=owner_id, valid_at=knowledge.day, known_at=None)
    shares: dict[str, Decimal] = defaultdict(Decimal)
    for each in held.positions:  # long and short stand apart there
        shares[each.symbol] += round(each.quantity, PLACES)
    symbols = sorted({*shares, *wanted.weights})
    known = {each.symbol: each for each in await InstrumentRepository(session).by_symbols(symbols)}
    bars = await PriceBarRepository(session).latest_by_instrument(
        [each.id for each in known.values()],
        valid_at=knowledge.day,
        known_at=knowledge.known_at,
    )
    latest = {bar.instrument_id: bar for bar in bars}
    rates, rates_on = await _rates(session, knowledge)
    splits = await _splits_since(session, latest, knowledge)
    assets = []
    for symbol in symbols:
        instrument, quantity = known.get(symbol), shares.get(symbol, NOTHING)
        if instrument is None:
            assets.append(Asset(symbol=symbol, held=quantity))
            continue
        bar, ratio = latest.get(instrument.id), splits.get(instrument.id, ONE)
        asset = _asset(instrument, bar, ratio, rates.get(instrument.currency), knowledge.day)
        assets.append(replace(asset, held=quantity))
    volumes = {
        each.symbol: latest[each.id].volume or 0.0 for each in known.values() if each.id in latest
    }
    return Books(
        cash=held.cash, assets=tuple(assets), volumes=volumes, rates=rates, rates_on=rates_on
    )


async def _splits_since(
    session: AsyncSession, latest: Mapping[int, PriceBar], knowledge: Knowledge
) -> dict[int, Decimal]:
    """Return how many shares one of the last bar's has become by the day."""
    told = await CorporateActionRepository(session).of([*latest], known_at=knowledge.known_at)
    ratios: dict[int, Decimal] = defaultdict(lambda: ONE)
    for action in told:
        bar = latest[action.instrument_id]
        if action.ratio is not None and bar.date < action.ex_date <= knowledge.day:
            ratios[action.instrument_id] *= Decimal(str(action.ratio))
    return ratios


async def _rates(session: AsyncSession, knowledge: Knowledge) -> tuple[dict[str, Decimal], date]:
    """Return AUD for one unit of each currency, and the day they are of."""
    fixing = await FxRateRepository(session).last(
        PAIR, until=knowledge.day, known_at=knowledge.known_at
    )
    if fixing is None:
        return {"AUD": ONE}, knowledge.day
    return {"AUD": ONE, "USD": ONE / Decimal(str(fixing.rate))}, fixing.date


def _asset(
    instrument: Instrument, bar: PriceBar | None, ratio: Decimal, rate: Decimal | None, day: date
) -> Asset:
    """Return an instrument at its last bar; a share counts as it stands on the day."""
    price = None if bar is None else bar.close or bar.adjusted_close
    gone = instrument.delisted_on
    return Asset(
        symbol=instrument.symbol,
        currency=instrument.currency,
        exchange=instrument.exchange.value,
        price=None if price is None else Decimal(str(price)) / ratio,
        price_on=None if bar is None else bar.date,
        rate=rate,
        delisted=gone is not None and gone <= day,
    )


def _left_of(capital: Decimal, books: Books) -> Decimal:
    """Return the cash of an account that is worth `capital` with what it holds."""
    held = sum((each.held * each.unit for each in books.assets if each.unit), Decimal(0))
    if capital < held:
        raise InvalidInput(
            f"capital was {capital}, but what is held is worth {cents(held)}; give at least that,"
            " or leave it out",
            field=("input", "capital"),
        )
    return capital - held


def _fees(wanted: Wanted, rates: Mapping[str, Decimal]) -> Fees:
    """Return the cost model in AUD; a run in another currency has its commissions in that."""
    if wanted.currency not in rates:
        raise MissingData(
            f"the run's commissions are in {wanted.currency}, and no rate to AUD is stored for"
            " these days; ingest AUDUSD=X, or give costs",
            field=("input", "costs"),
            reason="MISSING_FX",
        )
    rate, costs = rates[wanted.currency], wanted.costs
    return Fees(
        commission_flat=Decimal(str(costs.commission_flat)) * rate,
        commission_bps=Decimal(str(costs.commission_bps)),
        minimum_commission=Decimal(str(costs.minimum_commission)) * rate,
        slippage_bps=Decimal(str(costs.slippage_bps)),
        half_spreads=_half_spreads(costs),
        fx_spread_bps=Decimal(str(costs.fx_spread_bps)),
    )


def _half_spreads(costs: Costs) -> dict[str, Decimal]:
    own = {
        Exchange.XNYS: costs.half_spread_us_bps,
        Exchange.XNAS: costs.half_spread_us_bps,
        Exchange.XASX: costs.half_spread_au_bps,
        Exchange.CRYPTO: costs.half_spread_crypto_bps,
    }
    return {exchange: Decimal(str(bps)) for exchange, bps in own.items() if bps is not None}


def _limits(constraints: Constraints, costs: Costs) -> Limits:
    cap = constraints.max_turnover
    return Limits(
        no_trade_band=Decimal(str(constraints.no_trade_band)),
        relative_band=Decimal(str(constraints.relative_band)),
        min_trade=Decimal(str(constraints.min_trade)),
        spread=constraints.band_fill == "SPREAD",
        max_turnover=None if cap is None else Decimal(str(cap)),
        max_weight=Decimal(str(constraints.max_weight)),
        cash_buffer=Decimal(str(costs.cash_buffer)),
        residual_pass=costs.residual_pass and not constraints.caps_groups,
    )


def _document(line: Line) -> dict[str, str | None]:
    """Return a line as JSON: decimals as text, weights to twelve places."""
    named = {
        "held": line.held.normalize(),
        "current_weight": round(line.current_weight, PLACES),
        "target_weight": round(line.target_weight, PLACES),
        "price": round(line.price, PLACES).normalize(),
        "rate": round(line.rate, PLACES),
        "quantity": line.quantity,
        "value": line.value,
        "cost": line.cost,
    }
    return {
        "symbol": line.symbol,
        "currency": line.currency,
        "side": line.side,
        "skipped": line.skipped,
        "price_on": None if line.price_on is None else line.price_on.isoformat(),
        **{name: f"{amount:f}" for name, amount in named.items()},
    }


def _warnings(books: Books, wanted: Wanted, orders: Orders, day: date) -> Iterator[str]:
    yield from wanted.warnings
    yield from _unpriced(books.assets, day)
    yield from _stale(orders.lines, books.rates_on, day)
    yield from _outside(orders.lines, wanted)
    if orders.cash_after < 0:
        yield (
            f"cash stays A${-orders.cash_after} below zero: record the deposits that paid for what"
            " is held"
        )
    if wanted.costs.fx_mode != "CONVERT_EACH" and any(
        each.currency != "AUD" for each in orders.lines
    ):
        yield "cash abroad is not in the books: each order in another currency counts as converted"
    yield from orders.warnings
    yield from _costly(orders.lines)
    yield from _large(orders.lines, books.volumes, Decimal(str(wanted.costs.max_volume_share)))


def _unpriced(assets: Sequence[Asset], day: date) -> Iterator[str]:
    priceless = [each.symbol for each in assets if each.price is None]
    rateless = [each for each in assets if each.price is not None and each.rate is None]
    if priceless:
        yield (
            f"no price up to {day} is known of {listed(priceless)}: left out of the plan, and what"
            " is held of it counts for nothing"
        )
    for currency in sorted({each.currency for each in rateless}):
        named = [each.symbol for each in rateless if each.currency == currency]
        yield f"no rate from {currency} to AUD is known: {listed(named)} left out of the plan"


def _stale(lines: Sequence[Line], rates_on: date, day: date) -> Iterator[str]:
    old = [each for each in lines if each.price_on is not None and day - each.price_on > STALE]
    if old:
        oldest = min(each.price_on for each in old if each.price_on is not None)
        yield (
            f"the last bar of {listed([each.symbol for each in old])} is up to"
            f" {(day - oldest).days} days old, of {oldest}: ingest prices before you trade"
        )
    if day - rates_on > STALE and any(each.currency != "AUD" for each in lines):
        yield f"the last rate to AUD is of {rates_on}: ingest AUDUSD=X before you trade"


def _outside(lines: Sequence[Line], wanted: Wanted) -> Iterator[str]:
    strangers = [
        each.symbol
        for each in lines
        if each.side == "SELL" and not each.target_weight and each.symbol not in wanted.universe
    ]
    if strangers and wanted.universe:
        yield (
            f"{listed(strangers)} could not have been chosen here and would be sold: delete the"
            " line to keep it"
        )


def _costly(lines: Sequence[Line]) -> Iterator[str]:
    dear = [each.symbol for each in lines if each.side and each.cost > DEAR * each.value]
    if dear:
        yield f"costs are more than {DEAR * 100:f} % of the order of {listed(dear)}"


def _large(lines: Sequence[Line], volumes: Mapping[str, float], share: Decimal) -> Iterator[str]:
    large = [
        each.symbol
        for each in lines
        if (volume := volumes.get(each.symbol)) and each.quantity > share * Decimal(str(volume))
    ]
    if large:
        yield (
            f"the order of {listed(large)} is more than {share * 100:f} % of its last session's"
            " volume: expect to fill it over several days"
        )
