"""Digests of what is stored, and which of them a run was made from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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


def _sent(columns: str, by: str) -> str:
    """Return the expression that writes out these columns of a group, to be digested.

    Arrays go in their binary form, which tells null from zero and does not hang on how a session
    prints numbers. Each is ordered by itself: a sorted subquery promises its order to nobody, and
    loses it as soon as the planner groups by sorting. `by` leaves no two rows of a group alike.
    """
    return " || ".join(
        f"array_send(array_agg({column} ORDER BY {by}))" for column in columns.split()
    )


def _digest(columns: str, by: str) -> str:
    return f"encode(sha256({_sent(columns, by)}), 'hex')"


_BAR = "date open high low close adjusted_close volume quality known_at"
_ACTION = "ex_date kind ratio cash known_at"
# Where no listing ended nothing is added: what was digested before stays the same.
_ENDED = "array_send(array_agg(successor_id ORDER BY ex_date) FILTER (WHERE kind = 'DELISTING'))"
_MEMBER = "instrument_id starts_on ends_on m.known_from m.known_to"
# Each answers: key, year, digest, row_count, first_on, last_on.
_BARS = f"""
    SELECT key::text, year,
        encode(sha256(coalesce(b.sent, '') || coalesce(a.sent, '')), 'hex'),
        coalesce(b.rows, 0) + coalesce(a.rows, 0), least(b.first, a.first), greatest(b.last, a.last)
    FROM (
        SELECT instrument_id AS key, extract(year FROM date)::int AS year,
            {_sent(_BAR, by="date")} AS sent,
            count(*) AS rows, min(date) AS first, max(date) AS last
        FROM price_bar
        WHERE instrument_id = ANY (CAST(:keys AS bigint[])) AND date >= CAST(:since AS date)
        GROUP BY 1, 2
    ) b FULL JOIN (
        SELECT instrument_id AS key, extract(year FROM ex_date)::int AS year,
            {_sent(_ACTION, by="ex_date, kind")} || coalesce({_ENDED}, '') AS sent,
            count(*) AS rows, min(ex_date) AS first, max(ex_date) AS last
        FROM corporate_action
        WHERE instrument_id = ANY (CAST(:keys AS bigint[])) AND ex_date >= CAST(:since AS date)
        GROUP BY 1, 2
    ) a USING (key, year)
"""  # noqa: S608 - the columns are named above
_FX = f"""
    SELECT pair, extract(year FROM date)::int,
        {_digest("date rate known_at", by="date")}, count(*), min(date), max(date)
    FROM fx_rate WHERE pair = ANY (CAST(:keys AS text[])) GROUP BY 1, 2
"""  # noqa: S608
_FACTORS = f"""
    SELECT factor_set, extract(year FROM date)::int,
        {_digest("frequency factor date value known_at", by="frequency, factor, date")},
        count(*), min(date), max(date)
    FROM factor_return WHERE factor_set = ANY (CAST(:keys AS text[])) GROUP BY 1, 2
"""  # noqa: S608
_MEMBERSHIP = f"""
    SELECT u.key, 0,
        {_digest(_MEMBER, by="instrument_id, starts_on, m.known_from")},
        count(*), min(starts_on), max(coalesce(ends_on, starts_on))
    FROM index_membership m JOIN universe u ON u.id = m.universe_id
    WHERE u.key = ANY (CAST(:keys AS text[])) GROUP BY 1
"""  # noqa: S608
_MACRO = f"""
    SELECT series, extract(year FROM date)::int,
        {_digest("date value known_at", by="date")}, count(*), min(date), max(date)
    FROM macro_series WHERE series = ANY (CAST(:keys AS text[])) GROUP BY 1, 2
"""  # noqa: S608
SOURCES: Mapping[Scope, str] = {
    Scope.BARS: _BARS,
    Scope.FX: _FX,
    Scope.FACTORS: _FACTORS,
    Scope.MEMBERSHIP: _MEMBERSHIP,
    Scope.MACRO: _MACRO,
}

FOUND = "WITH found (key, year, digest, row_count, first_on, last_on) AS ({source})"
GONE = """
    f.scope = :scope AND f.key = ANY (CAST(:names AS text[]))
        AND (f.year = 0 OR f.year >= extract(year FROM CAST(:since AS date)))
        AND NOT EXISTS (SELECT FROM found WHERE found.key = f.key AND found.year = f.year)
"""
REFRESH = f"""
    {FOUND},
    changed AS (
        INSERT INTO fingerprint AS f (scope, key, year, digest, row_count, first_on, last_on)
        SELECT :scope, key, year, digest, row_count, first_on, last_on FROM found
        ON CONFLICT (scope, key, year) DO UPDATE SET
            digest = excluded.digest, row_count = excluded.row_count,
            first_on = excluded.first_on, last_on = excluded.last_on
        WHERE f.digest <> excluded.digest
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM fingerprint f WHERE {GONE})
"""  # noqa: S608 - our own text
# A statement by itself: the role of the API, which corrects rows, may delete none.
FORGET = f"{FOUND} DELETE FROM fingerprint f WHERE {GONE}"  # noqa: S608

# Arrays again: a thousand fingerprints decode in a millisecond.
DIGEST = """
    SELECT
        encode(sha256(convert_to(coalesce(string_agg(
            concat_ws('/', f.scope, f.key, f.year, f.digest), E'\\n'
            ORDER BY f.scope, f.key COLLATE "C", f.year
        ), ''), 'UTF8')), 'hex'),
        array_agg(f.scope), array_agg(f.key), array_agg(f.year), array_agg(f.digest)
    FROM fingerprint f
    JOIN (
        SELECT * FROM unnest(CAST(:scopes AS text[]), CAST(:keys AS text[]))
        UNION
        SELECT 'bars', successor_id::text FROM corporate_action
        WHERE instrument_id = ANY (CAST(:ended AS bigint[])) AND successor_id IS NOT NULL
    ) AS asked (scope, key) USING (scope, key)
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

    async def refresh(self, scope: Scope, keys: Keys, *, since_year: int = 1) -> int:
        """Digest the rows of these keys anew; return how many fingerprints changed.

        Keys are instrument ids for bars; pairs, universe keys, factor sets or series else. Bars
        of years before `since_year` are taken not to have changed, and are not read.
        Belongs in the transaction that wrote the rows.
        """
        source = SOURCES[scope]
        asked = {
            "scope": scope.value,
            "keys": list(keys),
            "names": [str(key) for key in keys],
            "since": date(since_year if scope is Scope.BARS else 1, 1, 1),
        }
        refreshed = await self.session.execute(text(REFRESH.format(source=source)), asked)
        changed, gone = refreshed.one()
        if gone:
            await self.session.execute(text(FORGET.format(source=source)), asked)
        return int(changed + gone)

    async def digest_of(
        self, keys: Mapping[Scope, Keys], *, first_year: int, last_year: int
    ) -> Digest:
        """Combine the fingerprints of these keys and years, in one statement.

        Two digests are equal when, and only when, none of the rows they cover has changed. The bars
        of a company whose shares followed those asked for are among them.
        """
        pairs = [(scope.value, str(key)) for scope, named in keys.items() for key in named]
        asked = {
            "scopes": [scope for scope, _ in pairs],
            "keys": [key for _, key in pairs],
            "ended": list(keys.get(Scope.BARS, ())),
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
