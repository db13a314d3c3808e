"""The stack's own functions inside what the stack created, each as its own role.

The emulator enforces IAM from `guard` on. What plays AWS here (the poller of a mapping, the
scheduler) does it with the role AWS would take; what only looks or tidies up is an operator.
"""

import json
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from typing import Any, Self
from uuid import UUID

import aioboto3
import orjson
from sqlalchemy import make_url, text

from models.session import SessionFactory
from tests.api.edge import EDGE_KEYS, sign
from tests.api.tokens import Issuer
from tests.aws.gateway import http_event
from tests.aws.queues import empty
from tests.aws.relay import Relay
from tests.aws.simulator import failed_items, sqs_event
from tests.infra.cloud import BuiltStack
from tests.infra.inside.grants import Policy
from tests.lambda_runtime import REGION, FunctionError, LambdaRuntime
from tests.providers.market import Scenario, us_share
from tests.providers.tiingo import fake_tiingo

DATABASE_ROLES = {"database": "parakeet_api", "worker": "parakeet_worker", "migration": None}
EVERYTHING = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)
SUBMIT = """
mutation Run($input: RunBacktestInput!) {
  runBacktest(input: $input) {
    backtest { id } job { id status } userErrors { code reason message }
  }
}
"""
# Half a year of two shares, of the sample and of the tests' small market.
SAMPLE_RUN = {
    "strategy": "equal_weight",
    "symbols": ["AAPL", "MSFT"],
    "start": "2021-01-04",
    "end": "2021-06-30",
    "currency": "USD",
}
SMALL_RUN = SAMPLE_RUN | {"symbols": ["AAA", "BBB"], "start": "2019-07-01", "end": "2019-12-20"}
# What Tiingo has, which is nothing the sample market has.
FETCHED = "NEW1"
PRICES = Scenario(shares={FETCHED: us_share(date(2024, 1, 2), date(2024, 3, 28))})
Credentials = Mapping[str, str]


class Denied(AssertionError):
    """A step of a function's way was not possible."""


class Inside:
    relay: Relay
    operator: dict[str, Any]
    opened: AsyncExitStack

    def __init__(
        self, stack: BuiltStack, database_url: str, sessions: SessionFactory, issuer: Issuer
    ) -> None:
        assert stack.endpoint is not None
        self.stack = stack
        self.url = stack.endpoint
        self.database_url = database_url
        self.sessions = sessions
        self.issuer = issuer
        self.overrides: dict[str, str] = {}
        self.credentials: dict[str, Credentials] = {}
        self.clients: dict[tuple[str, str], Any] = {}
        self.running: dict[str, LambdaRuntime] = {}
        self.submitted = 0
        self.run = SAMPLE_RUN

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        stack: BuiltStack,
        database_url: str,
        sessions: SessionFactory,
        issuer: Issuer,
        **overrides: str,
    ) -> AsyncIterator[Self]:
        inside = cls(stack, database_url, sessions, issuer)
        inside.overrides = overrides
        inside.relay = await Relay.start(inside.url)
        async with AsyncExitStack() as opened:
            opened.push_async_callback(inside.relay.stop)
            tiingo = await opened.enter_async_context(fake_tiingo(PRICES))
            # Nobody else is there: what Yahoo and the publishers are asked for fails at once.
            providers = ("TIINGO", "YAHOO", "ECB", "FRENCH", "RBA")
            inside.overrides |= {f"PARAKEET_{name}_URL": tiingo.url for name in providers}
            inside.overrides |= {"PARAKEET_RETRY_BASE_SECONDS": "0.001"}
            await inside._take_roles(opened)
            await inside._rotate()
            opened.push_async_callback(inside.stop)
            opened.callback(inside.guard, on=False)
            inside.guard(on=True)
            yield inside

    async def stop(self) -> None:
        for function in self.running.values():
            await function.stop()

    async def _take_roles(self, opened: AsyncExitStack) -> None:
        """Make an operator, and let each function have credentials of its own role only."""
        session = aioboto3.Session("setup", "setup", region_name=REGION)
        async with (
            session.client("iam", endpoint_url=self.url) as iam,
            session.client("sts", endpoint_url=self.url) as sts,
        ):
            name = f"operator-of-{self.stack.name}"
            await iam.create_user(UserName=name)
            await iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=EVERYTHING)
            made = (await iam.create_access_key(UserName=name))["AccessKey"]
            self.credentials["operator"] = {
                "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
            }
            for role in self.stack.of("aws:iam/role:Role"):
                taken = await sts.assume_role(RoleArn=role.arn, RoleSessionName=role.name)
                self.credentials[role.name] = {
                    "AWS_ACCESS_KEY_ID": taken["Credentials"]["AccessKeyId"],
                    "AWS_SECRET_ACCESS_KEY": taken["Credentials"]["SecretAccessKey"],
                    "AWS_SESSION_TOKEN": taken["Credentials"]["SessionToken"],
                }
        self.opened = opened
        services = ("sqs", "s3", "iam", "secretsmanager")
        self.operator = {service: await self.lent(service, "operator") for service in services}

    async def lent(self, service: str, role: str) -> Any:
        """Return a client that stays open as long as the stack does."""
        if (service, role) not in self.clients:
            entered = await self.opened.enter_async_context(self.client(service, role))
            self.clients[service, role] = entered
        return self.clients[service, role]

    def client(self, service: str, role: str) -> Any:
        """Return a client of AWS with the credentials of a role, to be entered."""
        session = aioboto3.Session(*self.credentials[role].values(), region_name=REGION)
        return session.client(service, endpoint_url=self.url)

    async def _rotate(self) -> None:
        """Put into the stack's secrets what is true here, as an operator rotates them."""
        values = {name: self._address(role) for name, role in DATABASE_ROLES.items()}
        values |= {"edge": json.dumps(EDGE_KEYS), "tiingo": PRICES.key}
        for name, value in values.items():
            await self.operator["secretsmanager"].put_secret_value(
                SecretId=f"parakeet/{self.stack.name}/{name}", SecretString=value
            )

    def _address(self, role: str | None) -> str:
        url = make_url(self.database_url)
        url = url if role is None else url.set(username=role)
        return url.render_as_string(hide_password=False)

    def guard(self, *, on: bool) -> None:
        """Let the emulator enforce IAM, or everybody do everything."""
        request = urllib.request.Request(  # noqa: S310 - ours
            f"{self.url}/moto-api/reset-auth",
            data=b"0" if on else b"1000000000",
            headers={"content-type": "text/plain"},
        )
        urllib.request.urlopen(request).close()  # noqa: S310 - ours

    # Functions

    def environment(self, name: str) -> dict[str, str]:
        """What the stack tells the function, its role's credentials, and what must differ here."""
        here = {"AWS_ENDPOINT_URL": self.relay.url, "POWERTOOLS_TRACE_DISABLED": "true"}
        return self.stack.environment(name) | self.credentials[name] | here | self.overrides

    async def start(self, name: str) -> LambdaRuntime:
        """Start a process of the function that has seen nothing yet."""
        return await LambdaRuntime.start(f"api.lambdas.{name}.handler", env=self.environment(name))

    async def warm(self, name: str) -> LambdaRuntime:
        if name not in self.running:
            self.running[name] = await self.start(name)
        return self.running[name]

    async def invoke(self, name: str, function: LambdaRuntime, event: Any) -> Any:
        """Invoke a function with the time the stack gives it."""
        made = self.stack.one("aws:lambda/function:Function", name)
        try:
            return await function.invoke(event, timeout_seconds=made.inputs["timeout"])
        except FunctionError as e:
            raise Denied(f"the function failed: {e}\n{function.log[-2000:]}") from e

    # Requests, as they arrive from the edge

    async def request(
        self, query: LambdaRuntime, path: str, *, body: bytes | None = None
    ) -> dict[str, Any]:
        """Send what the edge would send for a person who is signed in."""
        method = "GET" if body is None else "POST"
        audience = self.stack.environment("query")["PARAKEET_TOKEN_AUDIENCE"]
        token = self.issuer.token({"claims": {"aud": audience, "scope": "api:explore"}})
        headers = {
            "authorization": f"Bearer {token}",
            **sign(method=method, target=path, body=body or b""),
        }
        event = http_event(
            path,
            body.decode() if body is not None else None,
            method=method,
            host=self.stack.config["potential-parakeet:originDomain"],
            headers=headers,
        )
        return dict(await self.invoke("query", query, event))

    async def ask(self, query: LambdaRuntime, document: str, **variables: Any) -> Any:
        body = orjson.dumps({"query": document, "variables": variables})
        answer = await self.request(query, "/graphql", body=body)
        told = json.loads(answer["body"])
        if answer["statusCode"] != 200 or "errors" in told:
            raise Denied(f"the query answered {answer['statusCode']}: {told}")
        return told["data"]

    async def submit(self, query: LambdaRuntime) -> tuple[str, UUID]:
        """Ask for a run nobody has asked for; return its id and its job's."""
        self.submitted += 1
        capital = {"initialCapital": str(10_000 + self.submitted)}
        told = (await self.ask(query, SUBMIT, input=self.run | capital))["runBacktest"]
        if told["userErrors"]:
            raise Denied(f"the run was refused: {told['userErrors']}")
        return told["backtest"]["id"], UUID(told["job"]["id"].removeprefix("job_"))

    # Queues, as Lambda polls them

    def queue_url(self, name: str) -> str:
        return self.stack.environment("query")[f"PARAKEET_{QUEUE_VARIABLES[name]}"]

    async def poll(self, name: str, function: LambdaRuntime) -> int:
        """Receive one batch as the function's role, let it work, delete what is done."""
        url = self.queue_url(name)
        sqs = await self.lent("sqs", name)
        await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        answer = await sqs.receive_message(
            QueueUrl=url, AttributeNames=["All"], MaxNumberOfMessages=10, WaitTimeSeconds=0
        )
        batch = answer.get("Messages", [])
        told = await self.invoke(name, function, sqs_event(batch, url))
        failed = failed_items(told, [message["MessageId"] for message in batch])
        if failed:
            raise Denied(f"{len(failed)} messages came back\n{function.log[-2000:]}")
        for message in batch:
            await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(batch)

    async def count(self, name: str) -> int:
        """Count the messages that wait in a queue, seen or not."""
        answer = await self.operator["sqs"].get_queue_attributes(
            QueueUrl=self.queue_url(name), AttributeNames=["All"]
        )
        attributes = answer["Attributes"]
        kinds = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return sum(int(attributes[kind]) for kind in kinds)

    async def purge(self) -> None:
        for name in QUEUE_VARIABLES:
            await empty(self.operator["sqs"], self.queue_url(name))

    # Objects and rows

    @property
    def bucket(self) -> str:
        return str(self.stack.outputs["bucketName"])

    async def keys(self, prefix: str) -> list[str]:
        found = await self.operator["s3"].list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]

    async def forget(self, prefix: str) -> None:
        for key in await self.keys(prefix):
            await self.operator["s3"].delete_object(Bucket=self.bucket, Key=key)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.sessions() as session, session.begin():
            found = await session.execute(text(statement), values)
            return list(found.mappings()) if found.returns_rows else []

    async def require_succeeded(self, job_id: UUID) -> Any:
        (job,) = await self.rows("SELECT * FROM job WHERE id = :id", id=job_id)
        if job["status"] != "succeeded":
            raise Denied(f"the job is {job['status']}: {job['failure_detail']}")
        return job

    # What a role may do

    async def allow(self, role: str, policy: Policy) -> None:
        """Replace the role's permissions."""
        made = self.stack.one("aws:iam/rolePolicy:RolePolicy", role)
        await self.operator["iam"].put_role_policy(
            RoleName=self.stack.role(role).id,
            PolicyName=made.inputs["name"],
            PolicyDocument=json.dumps(policy),
        )


QUEUE_VARIABLES = {"backtest": "QUEUE_URL", "ingest": "INGEST_QUEUE_URL"}
