"""Whatever is bought and sold: the books are those of an account kept share by share in Python."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.trade import Side
from tests.api.books import deposit, fix_rates, january, list_share, trade
from tests.api.snapshots import settle
from tests.factories import make_dividend, make_split

DAYS = [january(day) for day in range(2, 20)]
# Weekends, and a day on which only one of the two trades.
TRADED = {
    "A.AX": [day for day in DAYS if day.weekday() < 5 and day != january(9)],
    "U": [day for day in DAYS if day.weekday() < 5 and day != january(15)],
}
CLOSES = {
    symbol: {day: 10.0 + 0.25 * (day.day * (3 + number) % 11) for day in days}
    for number, (symbol, days) in enumerate(TRADED.items())
}
SPLITS = {"A.AX": {january(8): 2.0}, "U": {january(10): 3.0, january(16): 0.5}}
DIVIDENDS = {"A.AX": {january(11): 0.4}, "U": {january(9): 0.2, january(16): 0.1}}
RATES = {day: 0.64 + 0.005 * (day.day * 7 % 13) for day in DAYS if day.weekday() < 5}


@dataclass(frozen=True)
class Wish:
    symbol: str
    side: Side
    quantity: int
    entry: int
    held: int | None
    commission: int

    @property
    def sign(self):
        return 1 if self.side is Side.BUY else -1


wishes = st.lists(
    st.builds(
        Wish,
        symbol=st.sampled_from(["A.AX", "U"]),
        side=st.sampled_from([Side.BUY, Side.BUY, Side.SELL]),
        quantity=st.integers(1, 50),
        entry=st.integers(0, len(DAYS) - 2),
        held=st.one_of(st.none(), st.integers(1, 12)),
        commission=st.integers(0, 5),
    ),
    min_size=1,
    max_size=6,
)


def last(values, day):
    return next((values[each] for each in sorted(values, reverse=True) if each <= day), None)


def rate(symbol, day):
    return 1.0 if symbol == "A.AX" else 1.0 / last(RATES, day)


def ratio(symbol, after, until):
    found = 1.0
    for ex_date, each in SPLITS[symbol].items():
        found *= each if after < ex_date <= until else 1.0
    return found


def left_on(wish):
    number = None if wish.held is None else wish.entry + wish.held
    return None if number is None or number >= len(DAYS) else DAYS[number]


def price(symbol, day):
    """Return the last close, as a share of that day."""
    shown = max(each for each in CLOSES[symbol] if each <= day)
    return CLOSES[symbol][shown] / ratio(symbol, shown, day)


def kept(wishes, day):
    """Return cash, market value and dividends of an account at the end of a day."""
    cash, value, dividends = 10_000.0, 0.0, 0.0
    for wish in wishes:
        entry, left = DAYS[wish.entry], left_on(wish)
        if entry > day:
            continue
        paid = wish.sign * wish.quantity * price(wish.symbol, entry) + wish.commission
        cash -= paid * rate(wish.symbol, entry)
        until = day if left is None or left > day else left
        for ex_date, each in DIVIDENDS[wish.symbol].items():
            if entry < ex_date <= until:
                shares = wish.sign * wish.quantity * ratio(wish.symbol, entry, ex_date)
                dividends += shares * each * rate(wish.symbol, ex_date)
        shares = wish.sign * wish.quantity * ratio(wish.symbol, entry, until)
        worth = shares * price(wish.symbol, until) * rate(wish.symbol, until)
        if until == left:
            cash += worth
        else:
            value += worth
    return cash + dividends, value, dividends


@pytest.fixture
async def shares(sessions):
    await fix_rates(sessions, RATES)
    return {
        symbol: await list_share(
            sessions,
            symbol,
            CLOSES[symbol],
            actions=[
                *(
                    partial(make_split, ex_date=day, ratio=each)
                    for day, each in SPLITS[symbol].items()
                ),
                *(
                    partial(make_dividend, ex_date=day, cash=each, currency=None)
                    for day, each in DIVIDENDS[symbol].items()
                ),
            ],
        )
        for symbol in CLOSES
    }


async def record(sessions, shares, wishes, owner, *, paid_in=True):
    if paid_in:
        await deposit(sessions, DAYS[0], "10000", owner_id=owner)
    for wish in wishes:
        entry, left = DAYS[wish.entry], left_on(wish)
        exact = partial(_exact, wish.symbol)
        exit_ = None if left is None else (_money(price(wish.symbol, left)), left, exact(left))
        made = {
            "side": wish.side, "commission": Decimal(wish.commission), "owner_id": owner,
            "reference": uuid4().hex,
        }  # fmt: skip
        if left is not None:
            made["split_ratio"] = Decimal(str(ratio(wish.symbol, entry, left)))
        paid = _money(price(wish.symbol, entry))
        number = shares[wish.symbol]
        await trade(
            sessions, wish.symbol, number, wish.quantity, paid, entry, left=exit_,
            fx=exact(entry), **made,
        )  # fmt: skip


def _money(value):
    return str(round(Decimal(repr(value)), 15))


def _exact(symbol, day):
    return str(round(Decimal(repr(rate(symbol, day))), 15))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=wishes, first=st.integers(0, 6))
async def test_the_books_are_those_kept_share_by_share(ask, sessions, shares, wishes, first):
    """A snapshot after the first of them changes nothing, whatever it spares the computation."""
    owner = uuid4()
    await record(sessions, shares, wishes[:first], owner)
    if first:
        await settle(sessions, owner)
    await record(sessions, shares, wishes[first:], owner, paid_in=False)
    day = DAYS[-1]

    told = (
        await ask(
            f"""{{ portfolio(validAt: "{day}") {{
                totalValue cash invested realisedPnl unrealisedPnl dividends netDeposits
                assetGain currencyGain interactionGain costs equity {{ dates strategy }}
            }} }}""",
            viewer_id=owner,
        )
    )["data"]["portfolio"]

    cash, value, dividends = kept(wishes, day)
    amounts = {name: float(told[name]) for name in told if name != "equity"}
    assert amounts["cash"] == pytest.approx(cash, abs=0.006)
    assert amounts["invested"] == pytest.approx(value, abs=0.006)
    assert amounts["dividends"] == pytest.approx(dividends, abs=0.006)
    gain = amounts["totalValue"] - amounts["netDeposits"]
    parts = amounts["assetGain"] + amounts["currencyGain"] + amounts["interactionGain"]
    assert parts - amounts["costs"] + amounts["dividends"] == pytest.approx(gain, abs=0.03)
    trades = amounts["realisedPnl"] + amounts["unrealisedPnl"]
    assert trades + amounts["dividends"] == pytest.approx(gain, abs=0.03)
    for on, worth in zip(told["equity"]["dates"], told["equity"]["strategy"], strict=True):
        cash, value, _ = kept(wishes, date.fromisoformat(on))
        assert worth == pytest.approx(cash + value, abs=1e-6), on
