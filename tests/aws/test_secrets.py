"""Secrets: one read serves everybody for some minutes, and a fresh one replaces it."""

import asyncio
import gc
import subprocess
import sys
from uuid import uuid4

import pytest
from pydantic import SecretStr

from api.adapters.aws import TRIES, Aws
from api.adapters.aws_secrets import KEEP_SECONDS, AwsSecrets
from api.adapters.env_secrets import EnvSecrets
from api.errors import DataError, NotFound, ServerError, Unavailable
from api.settings import Settings
from api.wiring import App
from tests.aws.relay import answering


@pytest.fixture
async def secrets(relay, aws_at):
    aws_at(relay.url)
    aws = Aws()
    yield AwsSecrets(aws)
    await aws.close()


@pytest.fixture
async def name(account):
    """Name of a secret whose value is `first`."""
    made = f"parakeet/test/{uuid4()}"
    await account.secrets.create_secret(Name=made, SecretString="first")
    return made


async def change(account, name, value):
    await account.secrets.put_secret_value(SecretId=name, SecretString=value)


async def test_one_read_serves_everybody(secrets, name, account, relay):
    first = await secrets.read(name)
    await change(account, name, "second")
    later = await secrets.read(name)

    assert (first, later) == ("first", "first")
    assert len(relay.seen) == 1


async def test_who_asks_at_once_shares_one_request(secrets, name, relay):
    found = await asyncio.gather(*(secrets.read(name) for _ in range(20)))

    assert set(found) == {"first"}
    assert len(relay.seen) == 1


async def test_a_fresh_read_asks_again_and_serves_the_others(secrets, name, account, relay):
    await secrets.read(name)
    await change(account, name, "second")

    fresh = await secrets.read(name, fresh=True)
    later = await secrets.read(name)

    assert (fresh, later) == ("second", "second")
    assert len(relay.seen) == 2


async def test_a_fresh_read_is_never_served_by_a_request_made_before_it(
    secrets, name, account, relay
):
    sent, go_on = asyncio.Event(), asyncio.Event()

    async def slow_once(_, forward):
        answer = await forward()
        if not sent.is_set():
            sent.set()
            await go_on.wait()
        return answer

    with relay.spoiling(lambda _: True, slow_once):
        early = asyncio.create_task(secrets.read(name))
        await sent.wait()
        await change(account, name, "second")
        fresh = [asyncio.create_task(secrets.read(name, fresh=True)) for _ in range(5)]
        await asyncio.sleep(0)
        go_on.set()
        found = await asyncio.gather(early, *fresh)

    assert found == ["first", *["second"] * 5]
    assert len(relay.seen) == 2


async def test_what_is_kept_too_long_is_read_again(secrets, name, account):
    secrets.keep_seconds = 0.0
    await secrets.read(name)
    await change(account, name, "second")

    assert await secrets.read(name) == "second"


def test_a_secret_is_kept_for_five_minutes():
    assert AwsSecrets(Aws()).keep_seconds == KEEP_SECONDS == 300.0


async def test_a_failed_read_is_not_kept(secrets, name, relay):
    with (
        relay.spoiling(lambda _: True, answering(500)),
        pytest.raises(Unavailable, match=rf"reading secret '{name}': AWS is busy"),
    ):
        await secrets.read(name)

    assert len(relay.seen) == TRIES
    assert await secrets.read(name) == "first"


async def test_a_secret_that_is_not_there_is_not_found(secrets):
    with pytest.raises(NotFound, match="reading secret 'nowhere': it was not found"):
        await secrets.read("nowhere")


async def test_a_secret_we_may_not_read_is_not_asked_for_again(secrets, name, relay):
    with (
        relay.spoiling(lambda _: True, answering(400, "AccessDeniedException")),
        pytest.raises(ServerError, match=r"AWS refused \(AccessDeniedException\)"),
    ):
        await secrets.read(name)

    assert len(relay.seen) == 1


async def test_a_secret_of_bytes_is_refused(secrets, account):
    made = f"parakeet/test/{uuid4()}"
    await account.secrets.create_secret(Name=made, SecretBinary=b"\x00canary")

    with pytest.raises(DataError, match="holds bytes, expected text") as refused:
        await secrets.read(made)

    assert "canary" not in str(refused.value)


async def test_no_secret_shows_when_what_keeps_it_is_printed(secrets, name, account):
    await change(account, name, "canary")
    await secrets.read(name)

    assert "canary" not in repr(vars(secrets))


async def test_secrets_of_one_machine_come_from_its_settings():
    secrets = EnvSecrets({"DATABASE_URL": SecretStr("postgresql://h/d"), "OTHER": None})

    assert await secrets.read("DATABASE_URL") == "postgresql://h/d"
    assert await secrets.read("DATABASE_URL", fresh=True) == "postgresql://h/d"
    for name in ("OTHER", "nowhere"):
        with pytest.raises(NotFound, match=f"secret '{name}' was not found in the settings"):
            await secrets.read(name)


async def test_an_application_closes_the_clients_it_opened(moto, aws_at, account, name):
    aws_at(moto)
    settings = Settings(
        _env_file=None, environment="test", secrets="aws", database_secret=name, store="s3",
        bucket=await account.make_bucket(),
    )  # fmt: skip
    app = App(settings)
    await app.secrets.read(name)
    await app.store.put("k", b"x")

    await app.close()
    del app
    gc.collect()  # an open session would say so, and a warning is an error


def test_who_wires_aws_imports_nothing_of_it_before_the_first_call():
    code = (
        "import sys; from api.wiring import App; from api.settings import Settings\n"
        "app = App(Settings(_env_file=None, queue='sqs', queue_url='u', ingest_queue_url='v',"
        " store='s3', bucket='b', secrets='aws', database_secret='s'))\n"
        "app.queue, app.store, app.secrets, app.engine\n"
        "print(*sys.modules)"
    )

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    heavy = {"aioboto3", "aiobotocore", "boto3", "botocore", "aiohttp", "numpy", "pyarrow"}
    assert sorted(heavy.intersection(loaded)) == []
