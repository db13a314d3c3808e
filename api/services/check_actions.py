"""What can be wrong with a line of a file of corporate actions, as a sentence each."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

import numpy as np

from api.ports import Action, ActionLine, Listing
from api.services.batches import stored_batch
from api.services.calendars import Calendar, calendar, calendar_code
from api.services.quality_actions import judge_actions
from api.services.routing import CSV
from models.corporate_action import ActionRow
from models.instrument import Instrument
from models.price_bars import BarColumns

EPOCH = date(1970, 1, 1)
DELISTING = "DELISTING"
# What holders get is near the last price; beyond so many times that, it is in another unit.
MOST_OF_THE_PRICE = 10.0

Fault: TypeAlias = tuple[int, str]  # line, what is wrong


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What is stored of the instruments of a file, by symbol."""

    bars: Mapping[str, BarColumns]
    actions: Mapping[str, Sequence[ActionRow]]  # splits and dividends
    endings: Mapping[str, ActionRow]
    followed: Mapping[str, Sequence[ActionRow]]  # mergers whose holders got shares of it


def check_lines(
    lines: Sequence[ActionLine],
    known: Mapping[str, Instrument],
    stored: Stored,
    *,
    now: datetime,
) -> Iterator[Fault]:
    """Ask of each line whether it can be, and of splits and dividends whether prices show them."""
    first: dict[tuple[str, date | None, str], int] = {}
    by_symbol: dict[str, list[ActionLine]] = defaultdict(list)
    for each in lines:
        # A listing ends once, on whatever day.
        key = (each.symbol, None if each.kind == DELISTING else each.ex_date, each.kind)
        if key in first:
            yield each.line, f"it repeats line {first[key]}; leave one of them out"
        elif fault := _alone(each, known[each.symbol], now):
            yield each.line, fault
        elif each.kind != DELISTING:
            by_symbol[each.symbol].append(each)
        first.setdefault(key, each.line)
    ends = {each.symbol: each for each in lines if each.kind == DELISTING}
    for symbol, given in by_symbol.items():
        gone = _first_day_without(symbol, known, stored, ends)
        late = [each for each in given if gone is not None and each.ex_date >= gone]
        for each in late:
            yield each.line, f"the listing of {symbol} had ended by {gone}; nobody held it then"
        in_time = [each for each in given if each not in late]
        yield from _beside_prices(in_time, known[symbol], stored, now)


def _alone(line: ActionLine, instrument: Instrument, now: datetime) -> str | None:
    market, day = _market(instrument), (line.ex_date - EPOCH).days
    foreseen = day <= int(market.session[-1])
    if foreseen and not market.holds(np.array([day]))[0]:
        return f"{market.code} is closed on {line.ex_date}; ex_date is a session, the first without"
    opening = np.searchsorted(market.session, day)
    if not foreseen or int(market.opens_at[opening]) > now.timestamp() * 1e9:
        return f"the session of {line.ex_date} has not opened yet; import it when it has"
    if line.currency is not None and line.currency != instrument.currency:
        paid = f"{instrument.symbol} trades in {instrument.currency}"
        return f"currency was {line.currency}, and {paid}; give the cash in that"
    if line.pay_date is not None and line.pay_date < line.ex_date:
        return f"pay_date was {line.pay_date}, before the ex_date {line.ex_date}"
    if line.kind != DELISTING and is_adjusted(instrument):
        return (
            f"the prices of {instrument.symbol} are adjusted by their source for splits and"
            " dividends already, and would be twice; leave the line out"
        )
    return None


def is_adjusted(instrument: Instrument) -> bool:
    """Tell whether its source gives prices that later actions have changed."""
    return "actions" not in instrument.fields and "adjusted_close" in instrument.fields


def _beside_prices(
    lines: Sequence[ActionLine], instrument: Instrument, stored: Stored, now: datetime
) -> Iterator[Fault]:
    """Judge splits and dividends like a provider's, beside those that are stored."""
    given = {(each.ex_date, each.kind): each for each in lines}
    others = [
        row
        for row in stored.actions.get(instrument.symbol, ())
        if (row.ex_date, row.kind) not in given
    ]
    together: list[ActionLine | ActionRow] = [*lines, *others]
    actions = [_action(each) for each in together]
    listing = Listing(
        symbol=instrument.symbol,
        name="",
        asset_class=instrument.asset_class,
        exchange=instrument.exchange,
        currency=instrument.currency,
        source=CSV,
        fields=tuple(instrument.fields),
    )
    verdict = judge_actions(
        actions,
        stored_batch(instrument.symbol, stored.bars.get(instrument.symbol)),
        listing,
        _market(instrument),
        now=int(now.timestamp() * 1e9),
    )
    line_of = {id(action): each.line for action, each in zip(actions, lines, strict=False)}
    for refused in verdict.refused:
        if id(refused.action) in line_of:
            yield line_of[id(refused.action)], f"{refused.reason.value}: {refused.detail}"


def _action(given: ActionLine | ActionRow) -> Action:
    return Action(
        ex_day=(given.ex_date - EPOCH).days,
        kind=given.kind,
        ratio=given.ratio,
        cash=given.cash,
        currency=given.currency,
    )


def check_ends(
    lines: Sequence[ActionLine], known: Mapping[str, Instrument], stored: Stored
) -> Iterator[Fault]:
    """Ask of each end of a listing what holders got, when, and whether that still trades."""
    ended = [each for each in lines if each.kind == DELISTING]
    ends = {each.symbol: each for each in ended}
    for line in ended:
        fault = _terms(line) or _day(line, known[line.symbol], stored)
        fault = fault or _followed(line, known, stored, ends)
        if line.successor in known:
            fault = fault or _successor(line, known, stored, ends)
        fault = fault or _beyond_price(line, stored)
        if fault:
            yield line.line, fault


def _terms(line: ActionLine) -> str | None:
    if (line.ratio is None) != (line.successor is None):
        return "ratio and successor go together; give both, or cash alone"
    if line.ratio is None and line.cash is None:
        return "it does not say what holders got; give cash, 0 for nothing, or ratio and successor"
    if line.ratio is not None and line.ratio <= 0.0:
        return f"ratio was {line.ratio:g}; give the successor's shares for one, above 0"
    if line.cash is not None and line.cash < 0.0:
        return f"cash was {line.cash:g}; give at least 0"
    return None


def _day(line: ActionLine, instrument: Instrument, stored: Stored) -> str | None:
    """Hold the day against the last bar and the last day of listing that is known otherwise."""
    if instrument.last_bar is not None and instrument.last_bar >= line.ex_date:
        return f"a bar of {instrument.last_bar} is stored; ex_date is the first day without one"
    told, gone = stored.endings.get(line.symbol), instrument.delisted_on
    if gone is None or told is not None:
        return None
    session = _market(instrument).session
    first = int(session[np.searchsorted(session, (gone - EPOCH).days, side="right")])
    if first != (line.ex_date - EPOCH).days:
        return (
            f"{line.symbol} was listed until {gone}, and ex_date would be"
            f" {np.datetime64(first, 'D')}; it was {line.ex_date}"
        )
    return None


def _followed(
    line: ActionLine,
    known: Mapping[str, Instrument],
    stored: Stored,
    ends: Mapping[str, ActionLine],
) -> str | None:
    """Leave no stored merger into a share that was gone by then, unless the file tells it anew."""
    told = {known[symbol].id for symbol in ends if symbol in known}
    for row in stored.followed.get(line.symbol, ()):
        if row.ex_date > line.ex_date and row.instrument_id not in told:
            return (
                f"holders of another share got {line.symbol} on {row.ex_date}, so it was listed"
                f" then; correct that end first, or this day {line.ex_date}"
            )
    return None


def _beyond_price(line: ActionLine, stored: Stored) -> str | None:
    """Hold what holders got against the last prices before; a currency moves it but little."""
    last, got = _last_close(line.symbol, line, stored), line.cash or 0.0
    if line.successor is not None and line.ratio is not None:
        got += line.ratio * (_last_close(line.successor, line, stored) or 0.0)
    if last is None or got <= MOST_OF_THE_PRICE * last:
        return None
    return (
        f"holders would have got {got:g} for a share that last closed at {last:g}; check the unit"
    )


def _last_close(symbol: str, line: ActionLine, stored: Stored) -> float | None:
    bars, day = stored.bars.get(symbol), (line.ex_date - EPOCH).days
    if bars is None:
        return None
    told = zip(bars.days, bars.close, strict=True)
    return next((close for on, close in reversed([*told]) if close and on < day), None)


def _successor(
    line: ActionLine,
    known: Mapping[str, Instrument],
    stored: Stored,
    ends: Mapping[str, ActionLine],
) -> str | None:
    seen, symbol = {line.symbol}, line.successor
    if symbol is not None and is_adjusted(known[symbol]):
        return (
            f"the prices of {symbol} are adjusted by their source, and so many shares for one are"
            " of prices as traded; give what they were worth as cash"
        )
    while symbol is not None:
        gone = _first_day_without(symbol, known, stored, ends)
        if symbol in seen:
            return f"its successors lead back to {symbol}; one of them goes on as itself"
        if gone is not None and gone < line.ex_date:
            return f"successor {symbol} is no longer listed on {line.ex_date}"
        seen.add(symbol)
        same_day = ends.get(symbol) if gone == line.ex_date else None
        symbol = None if same_day is None else same_day.successor
        symbol = symbol if symbol in known else None
    return None


def _first_day_without(
    symbol: str,
    known: Mapping[str, Instrument],
    stored: Stored,
    ends: Mapping[str, ActionLine],
) -> date | None:
    told = ends.get(symbol) or stored.endings.get(symbol)
    if told is not None:
        return told.ex_date
    gone = known[symbol].delisted_on
    if gone is None:
        return None
    session = _market(known[symbol]).session
    first = session[np.searchsorted(session, (gone - EPOCH).days, side="right")]
    day: date = np.datetime64(int(first), "D").astype(object)
    return day


def _market(instrument: Instrument) -> Calendar:
    return calendar(calendar_code(instrument.exchange, instrument.currency))
