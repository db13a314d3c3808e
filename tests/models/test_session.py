import asyncio
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

import models
from models import Entity, Job
from models.clock import seconds_from_now
from models.jobs import JobRepository
from models.session import database_url, lock, make_engine, make_sessions, unit_of_work
from tests.factories import OWNER, make_job
from tests.infra.inside.tls import make_certificate

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql+asyncpg://u@/d?host=/tmp/x", "postgresql+asyncpg://u@/d?host=%2Ftmp%2Fx"),
        (
            "postgresql://u:p@h/d?sslmode=require&channel_binding=require",
            "postgresql+asyncpg://u:p@h/d?ssl=require",
        ),
    ],
)
def test_an_address_is_put_as_the_driver_wants_it(given, expected):
    assert database_url(given).render_as_string(hide_password=False) == expected


@pytest.mark.parametrize("given", ["sqlite:///trades.db", "mysql://u:p@h/d"])
def test_another_database_is_refused_with_the_remedy(given):
    with pytest.raises(ValueError, match=r"leave DATABASE_URL unset for the embedded server"):
        database_url(given)


def test_a_refusal_tells_no_password():
    with pytest.raises(ValueError, match="only PostgreSQL") as refused:
        database_url("mysql://user:hush@host/d")

    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("mode", ["require", "verify-full"])
@pytest.mark.parametrize("changing", [False, True])
async def test_who_cannot_prove_the_databases_name_is_told_nothing(tmp_path, mode, changing):
    heard = []
    async with pretending(make_certificate(tmp_path), heard) as port:
        url = f"postgresql://someone:hush@127.0.0.1:{port}/d?sslmode={mode}"

        async def asked(*, fresh=False):
            return url

        engine = make_engine(asked if changing else url, pool_size=1, command_timeout_seconds=1.0)
        with pytest.raises(ssl.SSLCertVerificationError):
            await engine.connect()
        await engine.dispose()

    assert heard == [SSL_REQUEST]


@asynccontextmanager
async def pretending(certificate, heard):
    """Whoever sits between: he encrypts, and signs for himself. What he is told he keeps."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def reply(reader, writer):
        heard.append(await reader.readexactly(len(SSL_REQUEST)))
        writer.write(b"S")
        with suppress(OSError):
            await writer.start_tls(context)
            heard.append(await reader.read(1_000))
        writer.close()

    server = await asyncio.start_server(reply, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_unit_of_work_commits_or_leaves_nothing(sessions):
    async with unit_of_work(sessions) as session:
        kept = await JobRepository(session).add(make_job())

    async def break_off():
        async with unit_of_work(sessions) as session:
            await JobRepository(session).add(make_job())
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        await break_off()

    async with sessions() as session:
        page = await JobRepository(session).list_page(owner_id=OWNER, first=10)
    assert [job.id for job in page.rows] == [kept.id]


async def test_an_error_tells_no_values(session):
    with pytest.raises(DBAPIError, match="SELECT") as refused:
        await session.execute(text("SELECT CAST(:word AS text) / 2"), {"word": "hush"})

    assert "hush" not in str(refused.value)


async def test_a_lock_lets_one_past_at_a_time(sessions):
    inside, most = 0, 0

    async def pass_through():
        nonlocal inside, most
        async with unit_of_work(sessions) as session:
            await lock(session, "the door")
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(pass_through() for _ in range(8)))

    assert most == 1


async def test_statements_work_through_a_transaction_pooler(sessions, database_url):
    engine = make_engine(
        database_url, pool_size=1, command_timeout_seconds=10.0, through_pooler=True
    )
    async with make_sessions(engine)() as session:
        job = await JobRepository(session).add(make_job())
        found = await JobRepository(session).get(job.id, owner_id=OWNER)
        left = await session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    await engine.dispose()

    assert found.id == job.id
    # Only the statement that asks.
    assert left <= 1


async def test_the_clock_is_the_databases(session):
    now = await session.scalar(text("SELECT now()"))

    later = await session.scalar(select(seconds_from_now(90)))

    assert (later - now).total_seconds() == 90.0


async def test_a_list_of_many_is_one_statement(engine, session):
    jobs = JobRepository(session)
    made = [(await jobs.add(make_job())).id for _ in range(30)]
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await jobs.list_by_ids(made, owner_id=OWNER)
    await jobs.list_page(owner_id=OWNER, first=20)
    await jobs.count_listed(owner_id=OWNER)
    await jobs.count_open(OWNER)
    event.remove(engine.sync_engine, "before_cursor_execute", note)

    assert len(seen) == 4


def test_every_column_is_described():
    silent = [
        f"{entity.__name__}.{name}"
        for entity in Entity.__subclasses__()
        for name, field in entity.model_fields.items()
        if not field.description
    ]

    assert silent == []


def entities(of=Entity):
    """Yield the classes of tables; what several of them share is none."""
    for entity in of.__subclasses__():
        yield from [entity] if hasattr(entity, "__table__") else entities(entity)


def test_every_entity_is_exported():
    assert {entity.__name__ for entity in entities()} <= set(models.__all__)
    assert {table.name for table in Entity.metadata.sorted_tables} == {
        entity.__tablename__ for entity in entities()
    }


def test_an_identity_is_known_before_the_row_is_written():
    assert Job(owner_id=OWNER, kind="BACKTEST").id is not None


def test_models_know_neither_the_edge_nor_the_engine():
    code = (
        "import pkgutil, sys, models, importlib;"
        "found = pkgutil.iter_modules(models.__path__);"
        "[importlib.import_module(f'models.{module.name}') for module in found];"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )

    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()

    assert {"api", "engine", "numpy", "pandas", "alembic"}.isdisjoint(loaded)
