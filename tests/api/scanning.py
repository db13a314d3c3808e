"""Scans of the small market, submitted through the API and done here."""

from functools import partial

from api.services.jobs import perform
from api.services.publish_scan import publish_scan
from api.services.run_scan import run_scan
from api.services.submit_scan import submit_scan
from api.services.work import Steps
from api.settings import LOCAL_OWNER_ID
from models.scans import ScanRepository
from models.session import unit_of_work
from tests.api.job_rows import FAST
from tests.api.market import UNIVERSE

RUN = """
mutation Run($input: RunScanInput!) {
  runScan(input: $input) {
    reused
    scan { id asOf universe symbols parameters benchmark scanner { key } job { id } }
    job { id status kind }
    userErrors { code field message reason }
  }
}
"""
INPUT = {"scanner": "momentum", "parameters": {"lookback": 60, "skip": 5}, "universe": UNIVERSE}


def changed(**given):
    return {key: value for key, value in (INPUT | given).items() if value is not ...}


async def submit(ask, input=INPUT, **more):
    body = await ask(RUN, input=input, **more)
    assert "errors" not in body, body
    return body["data"]["runScan"]


async def performed(sessions, store, job_id):
    """Perform a scan's job in this process; return the scan as published."""
    work = partial(run_scan, sessions=sessions, store=store)
    kinds = {"SCAN": Steps(work=work, publish=publish_scan)}
    await perform(job_id, kinds, sessions, timing=FAST)
    async with unit_of_work(sessions) as session:
        return await ScanRepository(session).require_by_job(job_id)


async def finished(sessions, store, request):
    async with unit_of_work(sessions) as session:
        submitted = await submit_scan(session, owner_id=LOCAL_OWNER_ID, request=request)
    return await performed(sessions, store, submitted.job.id)
