"""A run nobody disturbs, to compare the disturbed ones with."""

from typing import Any

from api.errors import NotFound
from api.services.run_backtest import run_backtest
from api.services.work import ClaimedJob, Pulse
from models.session import SessionFactory
from tests.aws.evidence import Evidence


async def other_results(found: Evidence, sessions: SessionFactory, *, most: int = 20) -> list[str]:
    """I3: compute finished runs again in peace; every byte must be the same."""
    problems = []
    finished = [job for job in found.jobs.values() if job["status"] == "succeeded"]
    for job in finished[:most]:
        calm = Memory()
        work = _claimed(job)
        outcome = await run_backtest(work, Pulse(), sessions=sessions, store=calm)
        stored = {k: v for k, v in found.objects.items() if k.startswith(work.prefix)}
        expected = {k: v for k, v in calm.objects.items() if k.startswith(work.prefix)}
        if outcome["sha256"] != job["result_sha256"] or stored != expected:
            problems.append(f"I3: the result of job {job['id']} is not what a calm run gives")
    return problems


class Memory:
    """Objects of a run nobody disturbs."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def put(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    async def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise NotFound(f"object {key!r} was not found")
        return self.objects[key]


def _claimed(job: Any) -> ClaimedJob:
    return ClaimedJob(
        id=job["id"],
        kind=job["kind"],
        fence=job["fence"],
        attempt=job["attempt"],
        owner_id=job["owner_id"],
        payload=job["payload"],
    )
