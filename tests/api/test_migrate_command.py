"""`parakeet migrate` against a bare database."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg

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
