"""What may be asked of an ingest, and what the job's row then says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from api.errors import Conflict, LimitExceeded
from api.services.backtests import Quotas
from api.services.findings import Refused
from api.services.ingest_request import IngestRequest
from api.services.submit_ingest import submit_ingest
from models.job import Job
from tests.api.market import UNIVERSE
from tests.factories import OWNER, STRANGER

WISH = IngestRequest(symbols=("AAPL", "BHP.AX"), start=date(2020, 1, 2))
TOMORROW = datetime.now(UTC).date() + timedelta(days=2)


async def test_the_row_carries_the_whole_wish(session):
    submitted = await submit_ingest(session, owner_id=OWNER, request=replace(WISH, force=True))

    assert (submitted.job.kind, submitted.job.status, submitted.reused) == (
        "INGEST",
        "queued",
        False,
    )
    assert submitted.job.payload == {
        "symbols": ["AAPL", "BHP.AX"],
        "start": "2020-01-02",
        "source": "AUTO",
        "force": True,
    }
    assert IngestRequest.load(submitted.job.payload) == replace(WISH, force=True)


@pytest.mark.parametrize(
    ("wish", "field", "says"),
    [
        (IngestRequest(), "universe", "neither of universe and symbols"),
        (IngestRequest(universe="SPX500", symbols=("AAPL",)), "symbols", "both of universe"),
        (IngestRequest(symbols=()), "symbols", "symbols had 0 entries"),
        (
            IngestRequest(symbols=tuple(f"A{n}" for n in range(1_001))),
            "symbols",
            "symbols had 1001 entries",
        ),
        (IngestRequest(symbols=("AAPL", "AAPL")), "symbols", "named AAPL twice"),
        (IngestRequest(symbols=("../../etc",)), "symbols", "'../../etc' is none"),
        (IngestRequest(symbols=("aapl",)), "symbols", "did you mean AAPL?"),
        (IngestRequest(symbols=("BHP.AX",), source="TIINGO"), "source", "American shares only"),
        (IngestRequest(symbols=("AAPL",), source="CSV"), "source", "parakeet import"),
        (IngestRequest(symbols=("AAPL",), source="SAMPLE"), "source", "loaded whole"),
        (replace(WISH, start=date(1899, 1, 1)), "start", "older than 1900-01-01"),
        (replace(WISH, end=TOMORROW), "end", "choose it or an earlier day"),
        (replace(WISH, end=date(2019, 1, 2)), "start", "behind the end, 2019-01-02"),
        (IngestRequest(universe="NOBODYS"), "universe", "no universe has the key NOBODYS"),
        (replace(WISH, idempotency_key=""), "idempotencyKey", "had 0 characters"),
    ],
)
async def test_each_fault_names_its_field_and_writes_nothing(session, wish, field, says):
    with pytest.raises(Refused) as refused:
        await submit_ingest(session, owner_id=OWNER, request=wish)

    assert [(error.field, says in str(error)) for error in refused.value.errors] == [
        (("input", field), True)
    ]
    assert await session.scalar(select(func.count()).select_from(Job)) == 0


async def test_all_faults_come_at_once(session):
    wish = IngestRequest(symbols=("aapl", "A B"), start=date(1899, 1, 1), source="CSV")

    with pytest.raises(Refused) as refused:
        await submit_ingest(session, owner_id=OWNER, request=wish)

    fields = [error.field[1] for error in refused.value.errors]
    assert fields == ["source", "symbols", "symbols", "start"]


async def test_a_known_list_may_be_asked_for_before_it_was_brought_in(session):
    submitted = await submit_ingest(
        session, owner_id=OWNER, request=IngestRequest(universe="ASX200")
    )

    assert submitted.job.payload == {"universe": "ASX200", "source": "AUTO"}


async def test_the_sample_is_asked_for_by_its_name_alone(session):
    submitted = await submit_ingest(session, owner_id=OWNER, request=IngestRequest(source="SAMPLE"))

    assert submitted.job.payload == {"source": "SAMPLE"}


async def test_the_same_key_is_the_same_job_and_another_wish_under_it_is_refused(session):
    keyed = replace(WISH, idempotency_key="monday")
    first = await submit_ingest(session, owner_id=OWNER, request=keyed)

    again = await submit_ingest(session, owner_id=OWNER, request=keyed)
    strangers = await submit_ingest(session, owner_id=STRANGER, request=keyed)
    with pytest.raises(Conflict) as refused:
        await submit_ingest(session, owner_id=OWNER, request=replace(keyed, force=True))

    assert (again.job.id, again.reused, again.report) == (first.job.id, True, None)
    assert (strangers.job.id == first.job.id, strangers.reused) == (False, False)
    assert refused.value.reason == "IDEMPOTENCY_CONFLICT"


async def test_an_owner_has_a_quota(session):
    await submit_ingest(session, owner_id=OWNER, request=WISH)

    with pytest.raises(LimitExceeded, match="1 jobs are open"):
        await submit_ingest(
            session,
            owner_id=OWNER,
            request=WISH,
            quotas=Quotas(jobs_per_day=10, concurrent_jobs=1),
        )


async def test_a_list_of_ones_own_may_be_asked_for(app, market):
    async with app.sessions() as session, session.begin():
        submitted = await submit_ingest(
            session, owner_id=OWNER, request=IngestRequest(universe=UNIVERSE)
        )

    assert submitted.job.payload["universe"] == UNIVERSE
