"""`parakeet universes` on a copy of the sample market."""

import asyncio
import os
import sys
from pathlib import Path

from tests.conftest import SAMPLE

PARAKEET = Path(sys.executable).with_name("parakeet")
HISTORY = "ticker,start_date,end_date,weight\nAAPL,1996-01-02,,1\nAAL,1996-01-02,1997-01-15,2\n"


async def universes(url, folder, *options, **environment):
    process = await asyncio.create_subprocess_exec(
        str(PARAKEET),
        "universes",
        *options,
        cwd=folder,
        env=os.environ | {"DATABASE_URL": url, "PARAKEET_ENVIRONMENT": "test"} | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, [line.strip() for line in said.decode().splitlines()]


async def test_lists_are_refreshed_and_told_with_their_history_and_source(
    sample_url, make_database, worker_id, tmp_path
):
    url = await make_database(f"universes_{worker_id}", template=SAMPLE)
    (tmp_path / "members.csv").write_text(HISTORY)
    there = {"PARAKEET_MEMBERSHIP_URL": str(tmp_path / "members.csv")}
    gone = {"PARAKEET_MEMBERSHIP_URL": str(tmp_path / "gone.csv")}
    keys = ("--key", "SPX500", "--key", "ASX200")

    first, said = await universes(url, tmp_path, *keys, **there)
    second, said_again = await universes(url, tmp_path, *keys, **gone)

    assert (first, second) == (0, 3)
    assert said[:3] == [
        "SPX500: 1 members, 2 memberships changed",
        "columns not read: weight",
        "ASX200: 193 members, 193 memberships changed",
    ]
    assert [line.split(":")[0] for line in said[3::2]] == [
        "ASX200             193 members, no history",
        "SAMPLE_FACTORS       5 members, no history",
        "SAMPLE_OHLCV       524 members, no history",
        "SAMPLE_US           20 members, no history",
        "SPX500               1 members, history from 1996-01-02",
    ]
    assert said[-1].endswith("; history: members.csv")
    left = "SPX500 was left as it was: membership file gone.csv could not be read: No such file or"
    assert f"{left} directory" in said_again
    assert "ASX200: 193 members, unchanged" in said_again
    assert said_again[-10:] == said[3:]
