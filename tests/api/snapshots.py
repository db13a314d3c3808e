"""The real work of a snapshot, done and published as a worker would."""

from uuid import uuid4

from sqlalchemy import text

from api.services.publish_snapshot import publish_snapshot
from api.services.take_snapshot import take_snapshot
from api.services.work import ClaimedJob, Pulse
from models.session import unit_of_work
from tests.factories import OWNER


async def take(sessions, owner=OWNER):
    job = ClaimedJob(id=uuid4(), kind="SNAPSHOT", fence=1, attempt=1, owner_id=owner, payload={})
    outcome = await take_snapshot(job, Pulse(), sessions=sessions)
    async with unit_of_work(sessions) as session:
        await publish_snapshot(session, job, outcome)


async def settle(sessions, owner=OWNER):
    """Take a snapshot of what has been recorded for a minute: no transaction is as long."""
    for table, column in (("trade", "known_from"), ("cash_flow", "recorded_at")):
        async with unit_of_work(sessions) as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            older = f"UPDATE {table} SET {column} = {column} - interval '1 minute'"  # noqa: S608
            await session.execute(text(f"{older} WHERE owner_id = :owner"), {"owner": owner})
    await take(sessions, owner)
