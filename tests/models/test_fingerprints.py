from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from models import Fingerprint, RunInput, Scope
from models.backtests import BacktestRepository
from models.corporate_actions import CorporateActionRepository
from models.fingerprints import FingerprintRepository, RunInputRepository
from models.instruments import InstrumentRepository
from models.jobs import JobRepository
from models.price_bars import PriceBarRepository
from models.published_series import FactorReturnRepository, FactorRow, FxRateRepository, FxRow
from models.universes import Spell, UniverseRepository
from tests.factories import (
    make_backtest,
    make_bar,
    make_bars,
    make_delisting,
    make_dividend,
    make_instrument,
    make_job,
    make_split,
    make_universe,
)

KNOWN = datetime(2024, 1, 8, 15, tzinfo=UTC)
DECEMBER = date(2023, 12, 28)


async def stored(session):
    """Return the fingerprints and an instrument with two bars in each of two years."""
    ids = await InstrumentRepository(session).upsert([make_instrument("AAA")])
    await PriceBarRepository(session).write(make_bars(ids["AAA"], DECEMBER, [1.0, 2.0, 3.0, 4.0]))
    fingerprints = FingerprintRepository(session)
    await fingerprints.refresh(Scope.BARS, [ids["AAA"]])
    return fingerprints, ids["AAA"]


async def combined(fingerprints, key, first_year=1900, last_year=2200):
    digest = await fingerprints.digest_of(
        {Scope.BARS: [key]}, first_year=first_year, last_year=last_year
    )
    return digest.combined


async def test_each_year_has_its_fingerprint(session):
    _, one = await stored(session)

    rows = (await session.scalars(select(Fingerprint).order_by(col(Fingerprint.year)))).all()

    assert [(row.scope, row.key, row.year, row.row_count) for row in rows] == [
        (Scope.BARS, str(one), 2023, 2),
        (Scope.BARS, str(one), 2024, 2),
    ]
    assert (rows[0].first_on, rows[0].last_on) == (DECEMBER, date(2023, 12, 29))
    assert rows[0].digest != rows[1].digest


async def test_equal_rows_have_equal_fingerprints(session):
    fingerprints, _ = await stored(session)
    ids = await InstrumentRepository(session).upsert([make_instrument("BBB")])
    await PriceBarRepository(session).write(make_bars(ids["BBB"], DECEMBER, [1.0, 2.0, 3.0, 4.0]))

    await fingerprints.refresh(Scope.BARS, [ids["BBB"]])

    found = select(func.count(col(Fingerprint.digest).distinct()), func.count())
    assert tuple((await session.execute(found)).one()) == (2, 4)


async def test_refreshing_what_did_not_change_writes_nothing(session):
    fingerprints, one = await stored(session)

    assert await fingerprints.refresh(Scope.BARS, [one]) == 0


async def test_a_correction_moves_its_own_year_only(session):
    fingerprints, one = await stored(session)
    before = [await combined(fingerprints, one, year, year) for year in (2023, 2024)]
    whole = await combined(fingerprints, one)
    await PriceBarRepository(session).write([make_bar(one, date(2024, 1, 1), 3.5)])

    changed = await fingerprints.refresh(Scope.BARS, [one])

    after = [await combined(fingerprints, one, year, year) for year in (2023, 2024)]
    assert changed == 1
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert whole != await combined(fingerprints, one)


@pytest.mark.parametrize(
    "change",
    [
        {"open": 1.0},
        {"high": 1.0},
        {"low": 1.0},
        {"close": 1.0},
        {"adjusted_close": 1.5},
        {"volume": 0.0},
        {"quality": "SUSPECT"},
    ],
)
async def test_every_value_of_a_bar_counts(session, change):
    fingerprints, one = await stored(session)
    before = await combined(fingerprints, one)
    await PriceBarRepository(session).write([make_bar(one, DECEMBER, 1.0)._replace(**change)])

    await fingerprints.refresh(Scope.BARS, [one])

    assert await combined(fingerprints, one) != before


async def test_actions_count_in_the_year_they_go_ex(session):
    fingerprints, one = await stored(session)
    actions = CorporateActionRepository(session)
    seen = [[await combined(fingerprints, one, year, year) for year in (2022, 2023, 2024)]]

    for row in (
        make_split(one, date(2024, 1, 2), 2.0),
        make_split(one, date(2024, 1, 2), 3.0),
        make_dividend(one, date(2022, 6, 1), 0.5),
    ):
        await actions.write([row])
        assert await fingerprints.refresh(Scope.BARS, [one]) == 1
        seen.append([await combined(fingerprints, one, year, year) for year in (2022, 2023, 2024)])

    assert [len(set(column)) for column in zip(*seen, strict=True)] == [2, 1, 3]
    assert await fingerprints.refresh(Scope.BARS, [one]) == 0


async def test_whose_shares_a_listing_ended_in_counts(session):
    ids = await InstrumentRepository(session).upsert(map(make_instrument, ("A", "B", "C")))
    fingerprints, actions = FingerprintRepository(session), CorporateActionRepository(session)
    seen = set()

    for successor in ("B", "C"):
        ended = make_delisting(ids["A"], DECEMBER, ratio=0.5, successor_id=ids[successor])
        await actions.write([ended])
        assert await fingerprints.refresh(Scope.BARS, [ids["A"]]) == 1
        await actions.withdraw([(ids["A"], DECEMBER, "DELISTING")], reason="test")
        seen.add(await combined(fingerprints, ids["A"]))

    assert len(seen) == 2


async def test_a_correction_taken_back_was_still_known_at_another_time(session):
    fingerprints, one = await stored(session)
    before = await combined(fingerprints, one)
    for close in (1.5, 1.0):
        await PriceBarRepository(session).write([make_bar(one, DECEMBER, close)])

    await fingerprints.refresh(Scope.BARS, [one])

    assert await combined(fingerprints, one) != before


async def test_a_value_in_the_wrong_column_counts(session):
    ids = await InstrumentRepository(session).upsert([make_instrument("A"), make_instrument("B")])
    bars = PriceBarRepository(session)
    await bars.write([make_bar(ids["A"], DECEMBER, 5.0, open=2.0)])
    await bars.write([make_bar(ids["B"], DECEMBER, 5.0, high=2.0)])
    fingerprints = FingerprintRepository(session)

    await fingerprints.refresh(Scope.BARS, list(ids.values()))

    digests = (await session.scalars(select(col(Fingerprint.digest)))).all()
    assert len(set(digests)) == 2


async def test_years_that_are_gone_lose_their_fingerprint(session):
    fingerprints, one = await stored(session)
    await session.execute(text("DELETE FROM price_bar WHERE date < '2024-01-01'"))

    changed = await fingerprints.refresh(Scope.BARS, [one])

    years = (await session.scalars(select(col(Fingerprint.year)))).all()
    assert (changed, years) == (1, [2024])


async def test_a_digest_names_what_it_is_made_of(session):
    fingerprints, one = await stored(session)

    digest = await fingerprints.digest_of({Scope.BARS: [one]}, first_year=2024, last_year=2026)

    (read,) = digest.inputs
    assert (read.scope, read.key, read.year) == ("bars", str(one), 2024)
    kept = select(col(Fingerprint.digest)).where(col(Fingerprint.year) == 2024)
    assert read.digest == await session.scalar(kept)


async def test_a_digest_of_nothing_is_that_of_the_empty_text(session):
    digest = await FingerprintRepository(session).digest_of({}, first_year=2000, last_year=2001)

    # SHA-256 of no bytes, FIPS 180-4.
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert (digest.combined, digest.inputs) == (empty, ())


async def test_rates_memberships_and_factors_count_too(session):
    fingerprints, one = await stored(session)
    universes, rates = UniverseRepository(session), FxRateRepository(session)
    factors = FactorReturnRepository(session)
    keys = {
        Scope.BARS: [one],
        Scope.FX: ["AUDUSD"],
        Scope.MEMBERSHIP: ["TEST_US"],
        Scope.FACTORS: ["FF3"],
    }

    async def digest():
        for scope, named in keys.items():
            await fingerprints.refresh(scope, named)
        return await fingerprints.digest_of(keys, first_year=2023, last_year=2024)

    seen = [await digest()]
    await rates.write([FxRow("AUDUSD", DECEMBER, 0.68, "ECB", KNOWN)])
    seen.append(await digest())
    await rates.write([FxRow("AUDUSD", DECEMBER, 0.69, "ECB", KNOWN)])
    seen.append(await digest())
    spell = Spell(one, DECEMBER, None, KNOWN)
    await universes.save(make_universe(), [spell], reason="import")
    seen.append(await digest())
    await factors.write([FactorRow("FF3", "monthly", "RF", DECEMBER, 0.004, "French", KNOWN)])
    seen.append(await digest())
    await rates.write([FxRow("EURUSD", DECEMBER, 1.1, "ECB", KNOWN)])
    await rates.write([FxRow("AUDUSD", date(2020, 1, 2), 0.7, "ECB", KNOWN)])
    seen.append(await digest())

    assert len({each.combined for each in seen}) == 5
    assert seen[-1] == seen[-2]
    assert {(each.scope, each.year) for each in seen[-1].inputs} == {
        ("bars", 2023),
        ("bars", 2024),
        ("fx", 2023),
        ("membership", 0),
        ("factors", 2023),
    }


async def test_a_run_keeps_what_it_was_made_from(session):
    fingerprints, one = await stored(session)
    job = await JobRepository(session).add(make_job())
    run = await BacktestRepository(session).add(make_backtest(job))
    digest = await fingerprints.digest_of({Scope.BARS: [one]}, first_year=2023, last_year=2024)

    await RunInputRepository(session).record(run.id, digest.inputs)

    kept = (await session.scalars(select(RunInput).order_by(col(RunInput.year)))).all()
    assert [(row.backtest_id, row.scope, row.key, row.year, row.digest) for row in kept] == [
        (run.id, each.scope, each.key, each.year, each.digest)
        for each in sorted(digest.inputs, key=lambda each: each.year)
    ]
    with pytest.raises(IntegrityError, match="run_input is append-only"):
        await session.execute(text("DELETE FROM run_input"))


@pytest.mark.parametrize("off", [("hashagg",), ("hashagg", "incremental_sort"), ("sort",)])
async def test_a_digest_does_not_hang_on_how_rows_are_grouped(session, off):
    rows = [
        FactorRow("FF3", "monthly", factor, date(year, month, 28), month / 100, "test", KNOWN)
        for year in range(1926, 1946)
        for month in range(1, 13)
        for factor in ("MKT", "SMB", "HML", "RF")
    ]
    await FactorReturnRepository(session).write(rows)
    fingerprints = FingerprintRepository(session)
    await fingerprints.refresh(Scope.FACTORS, ["FF3"])

    for step in off:
        await session.execute(text(f"SET LOCAL enable_{step} = off"))
    changed = await fingerprints.refresh(Scope.FACTORS, ["FF3"])

    assert changed == 0


async def test_years_before_the_first_that_changed_are_left_as_they_are(session):
    fingerprints, one = await stored(session)
    changed = make_bars(one, DECEMBER, [1.5, 2.0, 3.0, 4.5])
    await PriceBarRepository(session).write(changed)

    late = await fingerprints.refresh(Scope.BARS, [one], since_year=2024)
    all_of_it = await fingerprints.refresh(Scope.BARS, [one])

    years = await session.scalars(select(Fingerprint.year).order_by(col(Fingerprint.year)))
    assert (late, all_of_it, years.all()) == (1, 1, [2023, 2024])
