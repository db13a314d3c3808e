"""The stack's functions do their work inside what the stack made, with what it tells them."""

import pytest

from api.settings import Settings
from tests.infra.inside.inside import FUNCTIONS, Inside
from tests.infra.inside.ways import WAYS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_settings_accept_the_environment_as_the_stack_has_it(name, stack, monkeypatch):
    for variable, value in stack.environment(name).items():
        monkeypatch.setenv(variable, value)

    settings = Settings(_env_file=None)

    assert (settings.environment, settings.queue, settings.store, settings.secrets) == (
        "dev",
        "sqs",
        "s3",
        "aws",
    )


# In the order of a deployment: what comes later reads what came before.
@pytest.mark.parametrize("name", ["migrate", "ingest", "backtest", "query", "sweeper"])
async def test_each_function_does_all_of_its_work_as_its_own_role(name: str, inside: Inside):
    await WAYS[name](inside, await inside.warm(name))
