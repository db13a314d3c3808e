"""Each stack as its committed file describes it, made once in one emulator."""

import pytest

from tests.infra.cloud import BuiltStack, build

STACKS = ("dev", "staging", "prod")


@pytest.fixture(scope="session", params=STACKS)
def stack(request: pytest.FixtureRequest, moto: str) -> BuiltStack:
    return build(request.param, moto)


@pytest.fixture(scope="session")
def prod(moto: str) -> BuiltStack:
    return build("prod", moto)
