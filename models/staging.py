"""Bulk writes: rows are copied beside the table, then only what differs is merged into it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.session import lock

# A vendor's figures differ in the last digits from one answer to the next: that is no news.
NOISE = 1e-6

# Writers of one instrument take turns, in one order: each then counts and digests what the
# other has committed.
TAKE_TURNS = """
    SELECT FROM instrument WHERE id IN (SELECT instrument_id FROM staged)
    ORDER BY id FOR NO KEY UPDATE
"""


def differ(old: str, new: str, *, figures: Sequence[str], words: Sequence[str]) -> str:
    """Return the condition that two rows differ: a figure by more than noise, or a word."""
    each = [
        f"{old}.{name} IS DISTINCT FROM {new}.{name} AND"
        f" abs({old}.{name} - {new}.{name}) <= {NOISE} * abs({old}.{name}) IS NOT TRUE"
        for name in figures
    ]
    each += [f"{old}.{name} IS DISTINCT FROM {new}.{name}" for name in words]
    return f"({' OR '.join(each)})"


@dataclass(frozen=True)
class Written:
    """What came of a write; the three add up to the rows that were given."""

    new: int = 0
    revised: int = 0
    unchanged: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.new + other.new, self.revised + other.revised, self.unchanged + other.unchanged
        )


@asynccontextmanager
async def staged(
    session: AsyncSession, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> AsyncIterator[int]:
    """Copy rows into a temporary table `staged` for the block; yield how many they are."""
    connection = await session.connection()
    shape = f"SELECT {', '.join(columns)} FROM {table} WITH NO DATA"  # noqa: S608 - our own names
    await connection.execute(text(f"CREATE TEMP TABLE staged ON COMMIT DROP AS {shape}"))
    driver = (await connection.get_raw_connection()).driver_connection
    if driver is None:
        raise RuntimeError("the session's connection was closed before rows could be copied")
    copied = await driver.copy_records_to_table("staged", records=rows, columns=columns)
    yield int(copied.removeprefix("COPY "))
    await connection.execute(text("DROP TABLE pg_temp.staged"))


async def merge(
    session: AsyncSession,
    table: str,
    *,
    keys: Sequence[str],
    values: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> Written:
    """Insert what is new, overwrite what differs, leave the rest untouched."""
    columns = (*keys, *values)
    theirs = ", ".join(f"excluded.{name}" for name in values)
    statement = f"""
        WITH merged AS (
            INSERT INTO {table} AS t ({", ".join(columns)})
            SELECT {", ".join(columns)} FROM staged
            ON CONFLICT ({", ".join(keys)}) DO UPDATE SET ({", ".join(values)}) = ROW ({theirs})
            WHERE ({", ".join(f"t.{name}" for name in values)}) IS DISTINCT FROM ({theirs})
            RETURNING old.{keys[0]} IS NOT NULL AS revised
        )
        SELECT count(*) FILTER (WHERE NOT revised) AS new,
            count(*) FILTER (WHERE revised) AS revised
        FROM merged
    """  # noqa: S608 - our own names
    # Writers take turns, so that whoever digests the table afterwards sees all of it.
    await lock(session, f"write {table}")
    async with staged(session, table, columns, rows) as given:
        row = (await session.execute(text(statement))).one()
    return Written(row.new, row.revised, given - row.new - row.revised)
