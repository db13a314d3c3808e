"""The stack's functions do their work inside what the stack made, with what it tells them."""

import pytest
from botocore.exceptions import ClientError

from api.settings import Settings
from tests.api.market import write_market
from tests.infra.cloud import FUNCTIONS, build
from tests.infra.inside.grants import NEVER_EXERCISED, grants, without
from tests.infra.inside.inside import SMALL_RUN, Denied, Inside
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
async def test_a_first_run_in_every_other_stack(name, elsewhere, make_deployed, opening):
    stack = build(name, endpoint=elsewhere)
    async with opening(stack, await make_deployed(name, "template0")) as inside:
        inside.run = SMALL_RUN
        await WAYS["migrate"](inside, await inside.warm("migrate"))
        await write_market(inside.sessions)
        for step in ("backtest", "query"):
            await WAYS[step](inside, await inside.warm(step))


# What a function keeps from its start shows the loss only to a process that starts after it.
KEPT_FROM_THE_START = ("secretsmanager:GetSecretValue",)


@pytest.mark.parametrize("name", FUNCTIONS)
async def test_every_grant_is_needed(name: str, inside: Inside):
    """Take each grant away in turn: the function's way must come to a stop."""
    policy = inside.stack.policy(name)
    needless = []
    for grant in grants(policy):
        if grant.action in NEVER_EXERCISED:
            continue
        await inside.allow(name, without(policy, grant))
        try:
            await go(inside, name, cold=grant.action in KEPT_FROM_THE_START)
        except (Denied, ClientError):
            pass
        else:
            needless.append(str(grant))
        finally:
            await inside.allow(name, policy)
    assert needless == []
    # None was missed for another reason than the one taken.
    await go(inside, name, cold=True)


async def go(inside: Inside, name: str, *, cold: bool) -> None:
    if cold:
        async with await inside.start(name) as function:
            await WAYS[name](inside, function)
    else:
        await WAYS[name](inside, await inside.warm(name))


def test_what_is_never_exercised_is_granted_somewhere(inside: Inside):
    """The list of exceptions holds nothing that no role has."""
    granted = {grant.action for name in FUNCTIONS for grant in grants(inside.stack.policy(name))}

    assert set(NEVER_EXERCISED) <= granted
