"""Passwords that change under running processes, on a real server that asks for them."""

import asyncio
import itertools
from functools import partial
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from api.adapters.aws_secrets import AwsSecrets
from api.errors import AppError
from api.settings import Settings
from api.wiring import App
from models.session import make_engine, make_sessions
from tests.waiting import until

ROLES = ("rotated_a", "rotated_b")
ROTATIONS = 10
CONTAINERS = 4
REFUSED = (DBAPIError, asyncpg.PostgresError, OSError)
# What each container does between two rotations, at least.
REQUESTS = 3


@pytest.fixture(scope="module")
async def operator(server, database_url):
    """A connection that may change passwords, on a server that asks these two roles for theirs.

    The server trusts everybody on its socket; a rule for two roles goes before that.
    """
    rules = Path(server.pgdata) / "pg_hba.conf"
    before = rules.read_text()
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    rules.write_text(f"local all {','.join(ROLES)} scram-sha-256\n{before}")
    await connection.execute("SELECT pg_reload_conf()")
    for role in ROLES:
        await connection.execute(f"CREATE ROLE {role} LOGIN IN ROLE pg_read_all_data")
    yield connection
    for role in ROLES:
        await connection.execute(f"DROP ROLE {role}")
    rules.write_text(before)
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


@pytest.fixture
async def secret(account):
    made = f"parakeet/test/{uuid4()}"
    await account.secrets.create_secret(Name=made, SecretString="not set")
    return made


@pytest.fixture
def address_of(database_url):
    def build(role, password):
        url = make_url(database_url).set(username=role, password=password)
        return url.set(drivername="postgresql").render_as_string(hide_password=False)

    return build


async def set_password(operator, role):
    """Give the role a password nobody knew, with what an address must quote."""
    password = f"p@ss/{uuid4()}"
    await operator.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{password}'")
    return password


async def rotate(operator, account, secret, role, address_of):
    """As a rotation does: the role not in use first, then the secret that names it."""
    password = await set_password(operator, role)
    value = address_of(role, password)
    await account.secrets.put_secret_value(SecretId=secret, SecretString=value)


async def all_go_on(done):
    """Wait until every container has done some more."""
    goals = [count + REQUESTS for count in done]
    await until(lambda: all(count >= goal for count, goal in zip(done, goals, strict=True)))


async def test_ten_rotations_fail_no_request(operator, account, aws, secret, address_of):
    done, failed, stopping = [0] * CONTAINERS, [], asyncio.Event()

    async def serve(number):
        """A container: its own cache, its own pool; each request opens a connection."""
        secrets = AwsSecrets(aws)
        engine = make_engine(
            partial(secrets.read, secret), pool_size=1, command_timeout_seconds=30.0
        )
        while not stopping.is_set():
            try:
                async with engine.connect() as connection:
                    await connection.execute(text("SELECT count(*) FROM job"))
            except (*REFUSED, AppError) as e:
                failed.append(e)
            done[number] += 1
            await engine.dispose()

    await rotate(operator, account, secret, ROLES[0], address_of)
    serving = [asyncio.create_task(serve(number)) for number in range(CONTAINERS)]
    for role in itertools.islice(itertools.cycle(reversed(ROLES)), ROTATIONS):
        await all_go_on(done)
        await rotate(operator, account, secret, role, address_of)
    await all_go_on(done)
    stopping.set()
    await asyncio.gather(*serving)

    assert failed == []
    assert min(done) >= REQUESTS * (ROTATIONS + 1)


async def test_a_container_reads_the_secret_again_only_when_it_was_refused(
    operator, account, aws, secret, address_of
):
    secrets, asked = AwsSecrets(aws), []

    async def address(*, fresh=False):
        asked.append(fresh)
        return await secrets.read(secret, fresh=fresh)

    await rotate(operator, account, secret, ROLES[0], address_of)
    users = [await connect(address)]
    await rotate(operator, account, secret, ROLES[1], address_of)
    users += [await connect(address)]  # what it knows is still good
    await rotate(operator, account, secret, ROLES[0], address_of)
    users += [await connect(address), await connect(address)]

    assert users == [ROLES[0]] * 4
    assert asked == [False, False, False, True, False]


def asking(*answers):
    """An address that changes with every question; remembers how it was asked."""
    asked = []

    async def address(*, fresh=False):
        asked.append(fresh)
        return answers[min(len(asked), len(answers)) - 1]

    return address, asked


async def connect(address):
    engine = make_engine(address, pool_size=1, command_timeout_seconds=30.0)
    try:
        async with engine.connect() as connection:
            return await connection.scalar(text("SELECT current_user"))
    finally:
        await engine.dispose()


async def test_a_wrong_password_is_looked_up_once_more(operator, address_of):
    password = await set_password(operator, ROLES[0])
    address, asked = asking(address_of(ROLES[0], "old"), address_of(ROLES[0], password))

    assert await connect(address) == ROLES[0]
    assert asked == [False, True]


async def test_a_role_that_may_not_log_in_is_looked_up_once_more(operator, address_of):
    old, new = [await set_password(operator, role) for role in ROLES]
    await operator.execute(f"ALTER ROLE {ROLES[0]} NOLOGIN")
    address, asked = asking(address_of(ROLES[0], old), address_of(ROLES[1], new))

    assert await connect(address) == ROLES[1]
    assert asked == [False, True]


async def test_a_password_that_stays_wrong_is_an_error_and_tells_nothing(operator, address_of):
    await set_password(operator, ROLES[0])
    address, asked = asking(address_of(ROLES[0], "canary"))

    with pytest.raises(REFUSED) as refused:
        await connect(address)

    assert "password authentication failed" in str(refused.value)
    assert "canary" not in str(refused.value)
    assert asked == [False, True]


async def test_another_error_asks_for_no_other_address(operator, address_of, tmp_path):
    password = await set_password(operator, ROLES[0])
    absent = make_url(address_of(ROLES[0], password)).set(database="absent")
    nobody = f"postgresql://u@/d?host={quote(str(tmp_path))}"
    for given in (absent.render_as_string(hide_password=False), nobody):
        address, asked = asking(given)

        with pytest.raises(REFUSED):
            await connect(address)

        assert asked == [False]


async def test_an_address_of_another_database_is_refused():
    address, _ = asking("mysql://u:canary@h/d")

    with pytest.raises(ValueError, match="only PostgreSQL is spoken") as refused:
        await connect(address)

    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(("through_pooler", "kept"), [(True, 0), (False, 100)])
async def test_through_a_pooler_nothing_prepared_is_kept(database_url, through_pooler, kept):
    settings = Settings(
        _env_file=None,
        environment="test",
        database_url=database_url,
        through_pooler=through_pooler,
    )
    app = App(settings)

    async with app.engine.connect() as connection:
        raw = await connection.get_raw_connection()
        found = raw.driver_connection._stmt_cache.get_max_size()
        names = {raw.dbapi_connection._prepared_statement_name_func() for _ in range(2)}
    await app.close()

    assert found == kept
    assert (len(names) == 2) is through_pooler


async def test_a_deployed_process_finds_its_database_through_the_secret(
    operator, account, moto, aws_at, secret, address_of
):
    aws_at(moto)
    await rotate(operator, account, secret, ROLES[0], address_of)
    app = App(Settings(_env_file=None, environment="test", secrets="aws", database_secret=secret))

    async with make_sessions(app.engine)() as session:
        found = await session.scalar(text("SELECT current_user"))
    await app.close()

    assert found == ROLES[0]
