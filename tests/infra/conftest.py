"""Each stack as its committed file describes it, made once in one emulator."""

from typing import Any

import boto3
import pytest

from tests.infra.cloud import REGION, BuiltStack, build

STACKS = ("dev", "staging", "prod")


@pytest.fixture(scope="session", params=STACKS)
def stack(request: pytest.FixtureRequest, moto: str) -> BuiltStack:
    return build(request.param, moto)


@pytest.fixture(scope="session")
def prod(moto: str) -> BuiltStack:
    return build("prod", moto)


@pytest.fixture
def ask(stack: BuiltStack) -> Any:
    """Return a function that makes a client of the cloud the stack lies in."""

    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name=REGION, endpoint_url=stack.endpoint, **keys)

    return client
