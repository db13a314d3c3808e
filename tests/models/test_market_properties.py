"""Whatever comes, in whatever order: the past stays as it was, and the same rows end the same."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models import Scope
from models.corporate_actions import CorporateActionRepository
from models.fingerprints import FingerprintRepository
from models.instruments import InstrumentRepository
from models.price_bars import PriceBarRepository
from tests.factories import make_bar, make_dividend, make_instrument, make_split

DAYS = [date(2023, 12, 20) + timedelta(days=number) for number in range(16)]
EPOCH = date(1970, 1, 1)
FIELDS = ["close", "actions"]
# What a backfill brings was known at the time; what comes as a correction is known from now.
ON_TIME = datetime(2024, 6, 1, tzinfo=UTC)


@dataclass
class Model:
    """What is believed, in a few lines: nothing in it knows of versions."""

    closes: dict[date, float] = field(default_factory=dict)
    actions: dict[tuple[date, str], float] = field(default_factory=dict)

    def adjusted(self, day):
        value = self.closes[day]
        for ex_date in {each for each, _ in self.actions if each > day}:
            ratio = self.actions.get((ex_date, "SPLIT"), 1.0)
            cash = self.actions.get((ex_date, "DIVIDEND"), 0.0)
            before = self.closes[max(each for each in self.closes if each < ex_date)]
            value *= (1.0 - cash * ratio / before) / ratio
        return value

    def shown(self):
        return [(day, self.closes[day], self.adjusted(day)) for day in sorted(self.closes)]


async def seen(session, one, known_at=None):
    found = await PriceBarRepository(session).columns([one], known_at=known_at)
    return [
        (EPOCH + timedelta(days=day), close, adjusted)
        for columns in found
        for day, close, adjusted in zip(
            columns.days, columns.close, columns.adjusted_close, strict=True
        )
    ]


async def last(session, one, day, known_at):
    bars = PriceBarRepository(session)
    (bar,) = await bars.latest_by_instrument([one], valid_at=day, known_at=known_at)
    assert bar.date == day
    return bar.close


def closes(shown):
    return {day: close for day, close, _ in shown}


def alike(shown, model):
    assert [row[:2] for row in shown] == [row[:2] for row in model]
    for (_, _, found), (_, _, expected) in zip(shown, model, strict=True):
        assert abs(found / expected - 1.0) < 1e-12


async def listed(session):
    instrument = make_instrument("ONE", fields=FIELDS)
    return (await InstrumentRepository(session).upsert([instrument]))["ONE"]


async def correct(session, one, model, change):
    """Do to the tables and to the model what a source or a person may do."""
    kind, day, value = change
    if kind == "close":
        model.closes[day] = value
        await PriceBarRepository(session).write([make_bar(one, day, None, close=value)])
        return
    make = make_split if kind == "SPLIT" else make_dividend
    known_at = await session.scalar(text("SELECT clock_timestamp()"))
    model.actions[day, kind] = value
    await CorporateActionRepository(session).write([make(one, day, value, known_at=known_at)])


prices = st.floats(50.0, 200.0).map(lambda value: round(value, 2))
changes = st.one_of(
    st.tuples(st.just("close"), st.sampled_from(DAYS), prices),
    st.tuples(st.just("SPLIT"), st.sampled_from(DAYS[1:]), st.sampled_from([0.1, 2.0, 3.0])),
    st.tuples(st.just("DIVIDEND"), st.sampled_from(DAYS[1:]), st.sampled_from([0.5, 1.0, 2.5])),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    history=st.lists(prices, min_size=len(DAYS), max_size=len(DAYS)),
    corrections=st.lists(changes, min_size=1, max_size=8),
)
async def test_no_correction_changes_what_was_answered_before_it(engine, history, corrections):
    async with engine.connect() as connection:
        session = AsyncSession(connection, expire_on_commit=False)
        one, model = await listed(session), Model(dict(zip(DAYS, history, strict=True)))
        await PriceBarRepository(session).write(
            make_bar(one, day, None, close=close) for day, close in model.closes.items()
        )
        answered = [(ON_TIME, await seen(session, one, ON_TIME))]
        alike(answered[0][1], model.shown())

        for change in corrections:
            await correct(session, one, model, change)
            now = await session.scalar(text("SELECT clock_timestamp()"))
            answered.append((now, await seen(session, one, now)))
            alike(await seen(session, one), model.shown())

        for instant, before in answered:
            assert await seen(session, one, instant) == before
            for day in (DAYS[0], DAYS[8], DAYS[-1]):
                assert await last(session, one, day, instant) == closes(before)[day]
        alike(answered[-1][1], model.shown())
        await session.close()


TABLES = (
    "price_bar",
    "price_bar_revision",
    "corporate_action",
    "corporate_action_revision",
    "instrument",
    "fingerprint",
)


# Everything a row holds but its numbers and when it was written here.
LEFT_OUT = ["id", "uuid", "instrument_id", "key", "recorded_at", "updated_at", "created_at"]
HASH = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(row, ' ' ORDER BY row), ''), 'UTF8')),
        'hex')
    FROM (SELECT (to_jsonb(t) - CAST(:left_out AS text[]))::text AS row FROM {table} t) rows
"""


async def hashes(session):
    return [
        await session.scalar(text(HASH.format(table=table)), {"left_out": LEFT_OUT})
        for table in TABLES
    ]


async def ingest(session, one, history, first, last):
    """Bring the sessions and actions of a window, as one fetch does."""
    bars = [make_bar(one, day, None, close=close) for day, close in history.closes.items()]
    actions = [
        (make_split if kind == "SPLIT" else make_dividend)(one, day, value)
        for (day, kind), value in history.actions.items()
    ]
    await PriceBarRepository(session).write(row for row in bars if first <= row.date <= last)
    await CorporateActionRepository(session).write(
        row for row in actions if first <= row.ex_date <= last
    )
    await FingerprintRepository(session).refresh(Scope.BARS, [one], since_year=first.year)


async def ingested(engine, history, windows):
    async with engine.connect() as connection:
        session = AsyncSession(connection, expire_on_commit=False)
        one = await listed(session)
        for first, last in windows:
            await ingest(session, one, history, first, last)
        found = await hashes(session), await seen(session, one)
        await session.close()
    return found


@st.composite
def windows(draw):
    """Windows that together cover all days, in any order, some of them again."""
    cuts = sorted(draw(st.sets(st.sampled_from(range(1, len(DAYS))), max_size=4)))
    bounds = [0, *cuts, len(DAYS)]
    cover = [(DAYS[a], DAYS[b - 1]) for a, b in pairwise(bounds)]
    again = draw(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)), max_size=3))
    ordered = [(min(pair), max(pair)) for pair in again]
    return draw(st.permutations(cover + ordered))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    closes=st.lists(prices, min_size=len(DAYS), max_size=len(DAYS)),
    actions=st.dictionaries(
        st.tuples(st.sampled_from(DAYS[1:]), st.sampled_from(["SPLIT", "DIVIDEND"])),
        st.sampled_from([0.5, 2.0]),
        max_size=4,
    ),
    windows=windows(),
)
async def test_any_windows_in_any_order_end_in_the_same_tables(engine, closes, actions, windows):
    history = Model(dict(zip(DAYS, closes, strict=True)), actions)

    at_once = await ingested(engine, history, [(DAYS[0], DAYS[-1])])
    in_windows = await ingested(engine, history, windows)

    assert in_windows == at_once
