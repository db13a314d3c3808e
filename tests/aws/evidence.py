"""What remains of a run under faults: every version of every job, the queues, the objects, and
what the clients were told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text

from models.session import SessionFactory

# Written by a trigger, so that no change of a job escapes, whoever makes it.
HISTORY = (
    """
    CREATE TABLE job_history (
        n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        job_id uuid NOT NULL,
        old jsonb,
        new jsonb
    )
    """,
    """
    CREATE FUNCTION keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO job_history (job_id, old, new)
        VALUES (coalesce(NEW.id, OLD.id), to_jsonb(OLD), to_jsonb(NEW));
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER zz_history AFTER INSERT OR UPDATE OR DELETE ON job
    FOR EACH ROW EXECUTE FUNCTION keep_history()
    """,
)
# What follows a finished run is a job of the same protocol: here it is over before it begins, so
# that each run is one job and one message.
NO_FOLLOWERS = (
    """
    CREATE FUNCTION no_followers() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.status := 'cancelled';
        NEW.finished_at := now();
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER aa_no_followers BEFORE INSERT ON job
    FOR EACH ROW WHEN (NEW.kind = 'GUARD') EXECUTE FUNCTION no_followers()
    """,
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """One answer a client got: to a submit under a key, or to a cancel."""

    owner_id: UUID
    key: str | None
    asked: str
    job_id: UUID | None
    answer: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    jobs: Mapping[UUID, Row]
    history: Mapping[UUID, Sequence[Row]]
    events: Mapping[UUID, Sequence[Row]]
    runs: Mapping[UUID, Row]
    trials: Sequence[Row]
    poison: Sequence[Row]
    objects: Mapping[str, bytes] = field(repr=False)
    waiting: int
    dead: Sequence[str]
    injected: Sequence[str]
    submits: Sequence[Told]
    cancels: Sequence[Told]


async def read_rows(sessions: SessionFactory) -> dict[str, Any]:
    """Read the database's part."""
    async with sessions() as session:

        async def rows(statement: str) -> list[Row]:
            return [dict(row) for row in (await session.execute(text(statement))).mappings()]

        jobs = await rows("SELECT * FROM job WHERE kind <> 'GUARD'")
        return {
            "jobs": {row["id"]: row for row in jobs},
            "history": _by_job(await rows("SELECT * FROM job_history ORDER BY n")),
            "events": _by_job(await rows("SELECT * FROM job_event ORDER BY job_id, seq")),
            "runs": {row["job_id"]: row for row in await rows("SELECT * FROM backtest")},
            "trials": await rows("SELECT * FROM trial"),
            "poison": await rows("SELECT * FROM poison_message"),
        }


def _by_job(rows: Sequence[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["job_id"], []).append(row)
    return found
