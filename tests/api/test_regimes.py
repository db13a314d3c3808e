"""Regimes from stored closes, and as they were known at an instant."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from api.errors import InvalidInput, MissingData, UnknownSymbol
from api.services.follow_ups import catch_up, follow_up
from api.services.regimes import read_regimes
from engine import regimes as engine
from models.job import Job, JobKind
from models.jobs import JobRepository
from models.regime_history import RegimeHistory
from models.session import unit_of_work
from models.universes import UniverseRepository
from tests.api.regimes import (
    FIRST,
    SESSIONS,
    compute_regimes,
    made_closes,
    write_closes,
    write_index,
)
from tests.factories import OWNER, make_bars, make_job, make_universe

CLOSES = made_closes()
DAYS = [bar.date for bar in make_bars(0, FIRST, CLOSES)]


@pytest.fixture
async def index(sessions):
    return await write_index(sessions, closes=CLOSES)


async def read(sessions, symbol="^GSPC", **asked):
    async with unit_of_work(sessions) as session:
        return await read_regimes(session, symbol, **asked)


async def versions(sessions):
    async with unit_of_work(sessions) as session:
        stored = select(RegimeHistory).order_by(col(RegimeHistory.id))
        return list(await session.scalars(stored))


def known(day):
    """The instant at which that day's bar of the factories becomes known."""
    return datetime.combine(day, time(21, 15), tzinfo=UTC)


async def test_what_is_stored_is_what_the_engine_says(sessions, index):
    await compute_regimes(sessions)

    found = await read(sessions)

    truth = engine.detect(np.array(CLOSES))
    assert found.dates == [DAYS[row].isoformat() for row in truth.row]
    assert found.labels == truth.label.tolist()
    stress = [np.nan if p is None else p for p in found.probabilities[1]]
    np.testing.assert_allclose(stress, truth.probability[:, 1], atol=1e-12)
    last = truth.fits[-1]
    np.testing.assert_array_equal(found.transitions, last.transition)
    assert found.as_of == DAYS[-1]
    assert found.fitted_on == DAYS[last.row]
    calm, stress = found.states
    assert (calm.name, stress.name) == ("CALM", "STRESS")
    assert calm.share + stress.share == pytest.approx(1.0)
    assert stress.volatility == pytest.approx(last.volatility[1] * np.sqrt(252))
    assert stress.expected_sessions == pytest.approx(1.0 / (1.0 - last.transition[1, 1]))


async def test_the_stay_in_a_state_is_counted_from_its_first_session(sessions, index):
    await compute_regimes(sessions)

    found = await read(sessions)

    stay = found.labels[::-1].index(1 - found.labels[-1])
    assert found.current == ("CALM", "STRESS")[found.labels[-1]]
    assert found.sessions_in_state == stay
    assert found.since.isoformat() == found.dates[-stay]


async def test_an_earlier_instant_knows_the_sessions_before_it_and_their_model(sessions, index):
    await compute_regimes(sessions)
    cut = SESSIONS - 40
    truth = engine.detect(np.array(CLOSES[:cut]))

    before = await read(sessions, known_at=known(DAYS[cut - 1]))
    a_moment_earlier = await read(
        sessions, known_at=known(DAYS[cut - 1]) - timedelta(microseconds=1)
    )

    assert before.as_of == DAYS[cut - 1]
    assert a_moment_earlier.as_of == DAYS[cut - 2]
    assert before.labels == truth.label.tolist()
    assert before.fitted_on == DAYS[truth.fits[-1].row]
    np.testing.assert_array_equal(before.transitions, truth.fits[-1].transition)


async def test_before_the_first_model_a_rule_speaks_without_probabilities(sessions, index):
    await compute_regimes(sessions)

    found = await read(sessions, end=DAYS[500])

    assert found.fitted_on is None
    assert (found.transitions, found.flags) == ([], ["fallback"])
    assert {state.probability for state in found.states} == {None}
    assert found.basis["probabilities"] == {
        "CALM": float(found.current == "CALM"),
        "STRESS": float(found.current == "STRESS"),
    }


async def test_the_suggestion_is_the_states_shares_by_their_smoothed_probability(sessions, index):
    await compute_regimes(sessions)

    found = await read(sessions)

    average = None
    for p in (p for p in found.probabilities[1] if p is not None):
        average = p if average is None else average * (2 / 3) + p / 3  # span 5: 2 / (5 + 1)
    assert found.basis["probabilities"]["STRESS"] == pytest.approx(average, abs=1e-12)
    assert found.allocation["cash"] == pytest.approx(0.6 * average, abs=1e-12)
    assert found.allocation["momentum"] == pytest.approx(0.7 * (1 - average), abs=1e-12)
    assert sum(found.allocation.values()) == pytest.approx(1.0, abs=1e-12)


async def test_new_sessions_are_added_to_the_version_that_stands(sessions):
    number = await write_index(sessions, closes=CLOSES[:-5])
    await compute_regimes(sessions)
    [before] = await versions(sessions)
    await write_closes(sessions, number, CLOSES)

    await compute_regimes(sessions)

    [after] = await versions(sessions)
    assert (after.id, after.known_at, after.known_to) == (before.id, before.known_at, None)
    assert (before.last_on, after.last_on) == (DAYS[-6], DAYS[-1])


async def test_what_has_not_changed_is_not_computed_again(sessions, index):
    assert len(await compute_regimes(sessions)) == 1

    assert await compute_regimes(sessions) == []


async def test_who_stands_before_a_correction_reads_what_was_believed(sessions, index):
    await compute_regimes(sessions)
    before = await read(sessions)
    async with unit_of_work(sessions) as session:
        then = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    corrected = list(CLOSES)
    corrected[400:420] = [
        close * (1.1 if row % 2 else 0.9) for row, close in enumerate(CLOSES[400:420])
    ]
    await write_closes(sessions, index, corrected)

    await compute_regimes(sessions)

    old, new = await versions(sessions)
    assert old.known_to == new.known_at > then
    now, believed = await read(sessions), await read(sessions, known_at=then)
    assert (believed.labels, believed.probabilities) == (before.labels, before.probabilities)
    assert now.labels != before.labels
    # Before anything was computed here the first version speaks.
    early = await read(sessions, known_at=known(DAYS[-1]))
    assert early.labels == before.labels


async def test_what_rests_on_a_corrected_close_is_known_since_its_correction(sessions, index):
    corrected = list(CLOSES)
    corrected[600] *= 1.2
    await write_closes(sessions, index, corrected)
    await compute_regimes(sessions)

    before = await read(sessions, known_at=known(DAYS[-1]))

    assert before.as_of == DAYS[599]
    assert (await read(sessions)).as_of == DAYS[-1]


async def test_the_index_of_each_shared_universe_is_read_and_no_other(sessions, index):
    for symbol in ("^AXJO", "^IXIC"):
        await write_index(sessions, symbol, closes=made_closes(400))
    async with unit_of_work(sessions) as session:
        await UniverseRepository(session).save(
            make_universe("ASX", benchmark="^AXJO"), [], reason="a test"
        )

    await compute_regimes(sessions)

    assert (await read(sessions, "^AXJO")).symbol == "^AXJO"
    with pytest.raises(MissingData, match=r"there are those of \^AXJO, \^GSPC"):
        await read(sessions, "^IXIC")


async def test_too_few_closes_leave_no_regimes(sessions):
    await write_index(sessions, closes=made_closes(272))

    assert await compute_regimes(sessions) == []

    with pytest.raises(MissingData, match=r"no regimes of \^GSPC are stored\. .* ingest prices of"):
        await read(sessions)


async def test_what_cannot_be_asked_is_named(sessions, index):
    await compute_regimes(sessions)

    with pytest.raises(UnknownSymbol, match="symbol named '\\^X'"):
        await read(sessions, "^X")
    with pytest.raises(InvalidInput, match="after the end"):
        await read(sessions, start=date(2020, 1, 2), end=date(2020, 1, 1))
    with pytest.raises(InvalidInput, match="at least 3"):
        await read(sessions, max_points=2)
    with pytest.raises(MissingData, match="choose a later day as knownAt"):
        await read(sessions, known_at=datetime(2018, 2, 1, tzinfo=UTC))
    with pytest.raises(MissingData, match="choose a later day as end"):
        await read(sessions, end=date(2018, 2, 1))


async def test_columns_begin_at_the_start_and_are_thinned_to_what_is_asked(sessions, index):
    await compute_regimes(sessions)
    whole = await read(sessions)

    part = await read(sessions, start=DAYS[700], max_points=20)
    behind = await read(sessions, start=DAYS[-1] + timedelta(days=30))

    assert len(part.dates) == 20
    assert part.dates[0] == DAYS[700].isoformat()
    rows = [whole.dates.index(day) for day in part.dates]
    assert part.labels == [whole.labels[row] for row in rows]
    assert part.states == whole.states
    assert (behind.dates, behind.current) == ([], whole.current)


async def test_an_ingest_is_followed_once_and_outside_the_quota(session):
    ingest = await JobRepository(session).add(make_job(kind=JobKind.INGEST))

    await follow_up(session, owner_id=OWNER, ingest=ingest.id)
    await follow_up(session, owner_id=OWNER, ingest=ingest.id)

    followers = select(Job).where(col(Job.kind) == JobKind.REGIME)
    [job] = await session.scalars(followers)
    assert (job.owner_id, job.payload) == (OWNER, {"follows": str(ingest.id)})
    counted = await JobRepository(session).count_open(OWNER)
    assert (counted.open, counted.today) == (1, 1)


async def test_a_server_that_finds_no_regimes_has_them_computed(sessions, index):
    async def queued():
        async with unit_of_work(sessions) as session:
            await catch_up(session, owner_id=OWNER)
            found = select(Job).where(col(Job.kind) == JobKind.REGIME)
            return [job.payload for job in await session.scalars(found)]

    assert await queued() == [{}]
    assert await queued() == [{}]
    await compute_regimes(sessions)
    async with unit_of_work(sessions) as session:
        [job] = await session.scalars(select(Job).where(col(Job.kind) == JobKind.REGIME))
        await JobRepository(session).cancel(job.id, owner_id=OWNER)

    assert await queued() == [{}]
