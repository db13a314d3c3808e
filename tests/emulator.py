"""AWS as moto has it: a server of its own, reached over HTTP as the real one is."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from api.adapters.aws import Aws

REGION = "ap-southeast-2"
START_SECONDS = 60
# Objects a listing shows at once; a thousand in S3, fewer here.
PAGE_KEYS = 100


@contextmanager
def moto_server(module: str = "moto.server", **environment: str) -> Iterator[str]:
    """Run an emulator while the block runs; its address is the value of ``AWS_ENDPOINT_URL``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", module, "-H", "127.0.0.1", "-p", str(port)]
        # As werkzeug hands its socket to a reloaded child: a port let go could be taken meanwhile.
        handed = {"WERKZEUG_RUN_MAIN": "true", "WERKZEUG_SERVER_FD": str(listener.fileno())}
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(
            command, env=os.environ | environment | handed, pass_fds=[listener.fileno()], **quiet
        )
    try:
        _wait(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/moto-api/", timeout=5).close()  # noqa: S310 - ours
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


@dataclass(frozen=True)
class Account:
    """What a test has in the emulator: an address, and plain clients to look behind our own."""

    url: str
    sqs: Any
    s3: Any
    secrets: Any

    async def make_queue(self, *, visibility_seconds: int = 30, receives: int = 5) -> str:
        """Make a queue with its dead letters; its address ends in a name of its own."""
        name = f"test-{uuid4()}"
        dead = await self.sqs.create_queue(QueueName=f"{name}-dead-letters")
        arn = await self.attribute(dead["QueueUrl"], "QueueArn")
        policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{receives}}}'
        attributes = {"VisibilityTimeout": str(visibility_seconds), "RedrivePolicy": policy}
        made = await self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return str(made["QueueUrl"])

    async def attribute(self, queue_url: str, name: str) -> str:
        answer = await self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
        return str(answer["Attributes"][name])

    async def count(self, queue_url: str) -> tuple[int, int]:
        """Messages that may be received, and messages that were and are not removed."""
        visible = await self.attribute(queue_url, "ApproximateNumberOfMessages")
        hidden = await self.attribute(queue_url, "ApproximateNumberOfMessagesNotVisible")
        return int(visible), int(hidden)

    async def make_bucket(self) -> str:
        name = f"test-{uuid4()}"
        place = {"LocationConstraint": REGION}
        await self.s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
        return name


def aws_environment(url: str) -> dict[str, str]:
    """What the SDK reads by itself."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Address of this process's emulator, which starts when a test first asks."""
    with moto_server(MOTO_S3_DEFAULT_MAX_KEYS=str(PAGE_KEYS)) as url:
        yield url


@pytest.fixture(scope="session")
async def account(moto: str) -> AsyncIterator[Account]:
    import aioboto3  # most tests never need it

    session = aioboto3.Session("testing", "testing", region_name=REGION)
    async with (
        session.client("sqs", endpoint_url=moto) as sqs,
        session.client("s3", endpoint_url=moto) as s3,
        session.client("secretsmanager", endpoint_url=moto) as secrets,
    ):
        yield Account(moto, sqs, s3, secrets)


@pytest.fixture
def aws_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that points the SDK of this process at an address."""

    def point(url: str) -> None:
        for name, value in aws_environment(url).items():
            monkeypatch.setenv(name, value)

    return point


@pytest.fixture
async def aws(moto: str, aws_at: Any) -> AsyncIterator[Aws]:
    """Our own clients, speaking to the emulator."""
    aws_at(moto)
    made = Aws()
    yield made
    await made.close()
