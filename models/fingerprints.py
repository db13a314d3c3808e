"""Digests of what is stored, and which of them a run was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.fingerprint import Scope

Keys: TypeAlias = Sequence[int] | Sequence[str]


@dataclass(frozen=True)
class Input:
    """One fingerprint: what was read, and its digest."""

    scope: str
    key: str
    year: int
    digest: str


@dataclass(frozen=True)
class Digest:
    """One digest over several fingerprints, and the fingerprints it is made of."""

    combined: str
    inputs: tuple[Input, ...]


# Each answers: key, year, digest, row_count, first_on, last_on. Arrays go in their binary
# form, which tells null from zero and does not hang on how a session prints numbers.
_BARS = """
    SELECT instrument_id::text, extract(year FROM date)::int,
        encode(sha256(
            array_send(array_agg(date)) || array_send(array_agg(open))
            || array_send(array_agg(high)) || array_send(array_agg(low))
            || array_send(array_agg(close)) || array_send(array_agg(adjusted_close))
            || array_send(array_agg(volume)) || array_send(array_agg(quality))
            || array_send(array_agg(known_at))
        ), 'hex'), count(*), min(date), max(date)
    FROM (
        SELECT * FROM price_bar WHERE instrument_id = ANY (CAST(:keys AS bigint[]))
        ORDER BY instrument_id, date
    ) bar GROUP BY 1, 2
"""
_FX = """
    SELECT pair, extract(year FROM date)::int,
        encode(sha256(
            array_send(array_agg(date)) || array_send(array_agg(rate))
            || array_send(array_agg(known_at))
        ), 'hex'), count(*), min(date), max(date)
    FROM (
        SELECT * FROM fx_rate WHERE pair = ANY (CAST(:keys AS text[])) ORDER BY pair, date
    ) fixing GROUP BY 1, 2
"""
_FACTORS = """
    SELECT factor_set, extract(year FROM date)::int,
        encode(sha256(
            array_send(array_agg(frequency)) || array_send(array_agg(factor))
            || array_send(array_agg(date)) || array_send(array_agg(value))
            || array_send(array_agg(known_at))
        ), 'hex'), count(*), min(date), max(date)
    FROM (
        SELECT * FROM factor_return WHERE factor_set = ANY (CAST(:keys AS text[]))
        ORDER BY factor_set, frequency, factor, date
    ) figure GROUP BY 1, 2
"""
_MEMBERSHIP = """
    SELECT key, 0,
        encode(sha256(
            array_send(array_agg(instrument_id)) || array_send(array_agg(starts_on))
            || array_send(array_agg(ends_on)) || array_send(array_agg(known_from))
            || array_send(array_agg(known_to))
        ), 'hex'), count(*), min(starts_on), max(coalesce(ends_on, starts_on))
    FROM (
        SELECT u.key, m.* FROM index_membership m JOIN universe u ON u.id = m.universe_id
        WHERE u.key = ANY (CAST(:keys AS text[]))
        ORDER BY u.key, m.instrument_id, m.starts_on, m.known_from
    ) member GROUP BY 1
"""
SOURCES: Mapping[Scope, str] = {
    Scope.BARS: _BARS,
    Scope.FX: _FX,
    Scope.FACTORS: _FACTORS,
    Scope.MEMBERSHIP: _MEMBERSHIP,
}

REFRESH = """
    WITH found (key, year, digest, row_count, first_on, last_on) AS ({source}),
    gone AS (
        DELETE FROM fingerprint f
        WHERE f.scope = :scope AND f.key = ANY (CAST(:names AS text[]))
            AND NOT EXISTS (SELECT FROM found WHERE found.key = f.key AND found.year = f.year)
        RETURNING 1
    ),
    changed AS (
        INSERT INTO fingerprint AS f (scope, key, year, digest, row_count, first_on, last_on)
        SELECT :scope, key, year, digest, row_count, first_on, last_on FROM found
        ON CONFLICT (scope, key, year) DO UPDATE SET
            digest = excluded.digest, row_count = excluded.row_count,
            first_on = excluded.first_on, last_on = excluded.last_on
        WHERE f.digest <> excluded.digest
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)
"""

# Arrays again: a thousand fingerprints decode in a millisecond.
DIGEST = """
    SELECT
        encode(sha256(convert_to(coalesce(string_agg(
            concat_ws('/', f.scope, f.key, f.year, f.digest), E'\\n'
            ORDER BY f.scope, f.key COLLATE "C", f.year
        ), ''), 'UTF8')), 'hex'),
        array_agg(f.scope), array_agg(f.key), array_agg(f.year), array_agg(f.digest)
    FROM fingerprint f
    JOIN unnest(CAST(:scopes AS text[]), CAST(:keys AS text[])) AS asked (scope, key)
        USING (scope, key)
    WHERE f.year = 0 OR f.year BETWEEN :first_year AND :last_year
"""

RECORD = """
    INSERT INTO run_input (backtest_id, scope, key, year, digest)
    SELECT :backtest_id, * FROM unnest(
        CAST(:scopes AS text[]), CAST(:keys AS text[]), CAST(:years AS int[]),
        CAST(:digests AS text[])
    )
"""


class FingerprintRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def refresh(self, scope: Scope, keys: Keys) -> int:
        """Digest the rows of these keys anew; return how many fingerprints changed.

        Keys are instrument ids for bars, pairs, universe keys or factor sets for the others.
        Belongs in the transaction that wrote the rows.
        """
        statement = REFRESH.format(source=SOURCES[scope])
        asked = {
            "scope": scope.value,
            "keys": list(keys),
            "names": [str(key) for key in keys],
        }
        return int(await self.session.scalar(text(statement), asked) or 0)

    async def digest_of(
        self, keys: Mapping[Scope, Keys], *, first_year: int, last_year: int
    ) -> Digest:
        """Combine the fingerprints of these keys and years, in one statement.

        Two digests are equal when, and only when, none of the rows they cover has changed.
        """
        pairs = [(scope.value, str(key)) for scope, named in keys.items() for key in named]
        asked = {
            "scopes": [scope for scope, _ in pairs],
            "keys": [key for _, key in pairs],
            "first_year": first_year,
            "last_year": last_year,
        }
        combined, *columns = (await self.session.execute(text(DIGEST), asked)).one()
        rows = zip(*(column or () for column in columns), strict=True)
        return Digest(combined=combined, inputs=tuple(Input(*row) for row in rows))


class RunInputRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def record(self, backtest_id: UUID, inputs: Sequence[Input]) -> None:
        """Keep what a run was made from, so that a correction can name the runs it touches."""
        columns = {
            "backtest_id": backtest_id,
            "scopes": [each.scope for each in inputs],
            "keys": [each.key for each in inputs],
            "years": [each.year for each in inputs],
            "digests": [each.digest for each in inputs],
        }
        await self.session.execute(text(RECORD), columns)
