"""`parakeet migrate` against a bare database."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

PARAKEET = Path(sys.executable).with_name("parakeet")


async def migrate(url: str, folder: Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        str(PARAKEET),
        "migrate",
        cwd=folder,
        env=os.environ | {"DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode().strip()


async def test_brings_a_bare_database_to_the_newest_revision_twice(
    make_database, worker_id, tmp_path
):
    url = await make_database(f"bare_{worker_id}", template="template0")

    answers = [await migrate(url, tmp_path), await migrate(url, tmp_path)]

    connection = await asyncpg.connect(url)
    tables = await connection.fetchval(
        "SELECT count(*) FROM information_schema.tables WHERE table_name IN ('job', 'price_bar')"
    )
    await connection.close()
    assert answers == [(0, "The database is at the newest revision")] * 2
    assert tables == 2


async def test_a_database_that_does_not_exist_is_told_in_a_sentence(database_url, tmp_path):
    missing = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)

    code, said = await migrate(missing, tmp_path)

    assert code == 3
    assert said == (
        'parakeet: the database refused us: database "nowhere" does not exist;'
        " is DATABASE_URL right?"
    )
