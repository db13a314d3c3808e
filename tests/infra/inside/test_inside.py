"""The stack's functions do their work inside what the stack made, with what it tells them."""

import pytest

from api.settings import Settings
from tests.api.market import write_market
from tests.infra.cloud import build
from tests.infra.inside.inside import FUNCTIONS, SMALL_RUN, Inside
from tests.infra.inside.ways import WAYS

STACKS = ("dev", "staging", "prod")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("stack", STACKS)
def test_the_settings_accept_the_environment_as_the_stack_has_it(stack, name, guarded, monkeypatch):
    for variable, value in build(stack, endpoint=guarded).environment(name).items():
        monkeypatch.setenv(variable, value)

    settings = Settings(_env_file=None)

    adapters = (settings.queue, settings.store, settings.secrets)
    assert (settings.environment, *adapters) == (stack, "sqs", "s3", "aws")


# In the order of a deployment: from no table to a run that is read.
@pytest.mark.parametrize("name", ["migrate", "ingest", "backtest", "query", "sweeper"])
async def test_each_function_does_all_of_its_work_as_its_own_role(name: str, inside: Inside):
    await WAYS[name](inside, await inside.warm(name))


@pytest.mark.parametrize("name", ["staging", "prod"])
async def test_a_first_run_in_every_other_stack(name, guarded, make_deployed, opening):
    stack = build(name, endpoint=guarded)
    async with opening(stack, await make_deployed(name, "template0")) as inside:
        inside.run = SMALL_RUN
        await WAYS["migrate"](inside, await inside.warm("migrate"))
        await write_market(inside.sessions)
        for step in ("backtest", "query"):
            await WAYS[step](inside, await inside.warm(step))
