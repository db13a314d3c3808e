"""A client of the deployed API that retries as ours does, and remembers what it was told."""

import json
from typing import Any
from uuid import UUID, uuid4

from tests.api.market import UNIVERSE
from tests.aws.evidence import Told
from tests.aws.gateway import http_event
from tests.factories import OWNER
from tests.lambda_runtime import FunctionError, FunctionTimeout, LambdaRuntime

TRIES = 5
# Without accounts the application answers this machine only.
HOST = "localhost"
SUBMIT = """
mutation Run($input: RunBacktestInput!) {
  runBacktest(input: $input) {
    reused job { id status } userErrors { code reason message }
  }
}
"""
CANCEL = """
mutation Cancel($id: ID!) {
  cancelJob(id: $id) { job { status cancelRequestedAt } userErrors { code reason } }
}
"""
# A few sessions of the small market: what is tested is the way there.
SMALL = {
    "strategy": "momentum",
    "parameters": {"lookback": 60, "skip": 5, "top_n": 2},
    "universe": UNIVERSE,
    "start": "2019-10-01",
    "currency": "USD",
}
# Long enough to be met while it computes.
LONG = {"start": "2018-06-05", "rebalance": "DAILY"}


class Client:
    def __init__(self, query: LambdaRuntime, owner_id: UUID = OWNER) -> None:
        self.query = query
        self.owner_id = owner_id
        self.submits: list[Told] = []
        self.cancels: list[Told] = []

    async def submit(self, *, key: str | None = None, tries: int = TRIES, **given: Any) -> UUID:
        """Ask for a run under a key of its own until there is an answer; return its job."""
        told = await self.offer(key=key, tries=tries, **given)
        assert told.job_id is not None, told
        return told.job_id

    async def offer(self, *, key: str | None = None, tries: int = TRIES, **given: Any) -> Told:
        """Ask for a run that may be refused; return what was answered."""
        key = key or str(uuid4())
        asked = SMALL | given
        payload = await self._patiently(SUBMIT, tries, input=asked | {"idempotencyKey": key})
        told = payload["runBacktest"]
        job_id = UUID(told["job"]["id"].removeprefix("job_")) if told["job"] else None
        reason = told["userErrors"][0]["reason"] if told["userErrors"] else "ACCEPTED"
        asked_for = json.dumps(asked, sort_keys=True)
        self.submits.append(Told(self.owner_id, key, asked_for, job_id, reason))
        return self.submits[-1]

    async def submit_many(self, count: int) -> list[UUID]:
        """Ask for runs whose content differs, so that each is a job."""
        return [await self.submit(initialCapital=str(10_000 + n)) for n in range(count)]

    async def cancel(self, job_id: UUID) -> str:
        """Ask the job to stop; return what became of the wish."""
        payload = await self._patiently(CANCEL, TRIES, id=f"job_{job_id}")
        told = payload["cancelJob"]
        answer = told["userErrors"][0]["reason"] if told["userErrors"] else told["job"]["status"]
        self.cancels.append(Told(self.owner_id, None, "cancel", job_id, answer))
        return answer

    async def ask(self, document: str, **variables: Any) -> Any:
        """Send one document once; return the answer's body."""
        event = http_event("/graphql", {"query": document, "variables": variables}, host=HOST)
        answer = await self.query.invoke(event, timeout_seconds=28.0)
        if answer["statusCode"] >= 500:
            raise FunctionError("Status", str(answer["statusCode"]))
        return json.loads(answer["body"])

    async def _patiently(self, document: str, tries: int, **variables: Any) -> Any:
        problems: list[Any] = []
        for _ in range(tries):
            try:
                body = await self.ask(document, **variables)
            except (FunctionError, FunctionTimeout) as e:
                problems.append(e)
                continue
            # A fault of the server is told among the errors, beside null data.
            if "errors" not in body:
                return body["data"]
            problems.append(body["errors"])
        raise AssertionError(f"no answer: {problems}\n{self.query.log[-3000:]}")
