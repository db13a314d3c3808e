"""An index of 500 names at a time out of 1,000 over 25 years, among other people's lists."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

NAMES, SPELLS = 500, 1_000

FILL = (
    """INSERT INTO instrument (symbol, asset_class, exchange, currency, source, fields)
    SELECT 'S' || n, 'EQUITY', 'XNYS', 'USD', 'test', '{close,actions}'
    FROM generate_series(1, 1000) n""",
    """INSERT INTO universe (key, name, description, region, benchmark, survivorship_free, source)
    SELECT CASE n WHEN 0 THEN 'INDEX' ELSE 'LIST' || n END, 'A list', 'Of a test', 'US', '^GSPC',
        n = 0, 'test'
    FROM generate_series(0, 20) n""",
    # Name k leaves on its day, and name k + 500 takes its place.
    """INSERT INTO index_membership
        (universe_id, instrument_id, starts_on, ends_on, known_from, reason)
    SELECT u.id, i.id, d.starts_on, d.ends_on, d.starts_on, 'import'
    FROM universe u, generate_series(1, 500) k CROSS JOIN LATERAL (VALUES
        (k, '1998-01-01'::date, '2000-01-01'::date + k * 18),
        (k + 500, '2000-01-01'::date + k * 18, NULL)
    ) d (number, starts_on, ends_on) JOIN instrument i ON i.symbol = 'S' || d.number
    WHERE u.key = 'INDEX'""",
    """INSERT INTO index_membership
        (universe_id, instrument_id, starts_on, known_from, reason)
    SELECT u.id, i.id, '2020-01-01', '2020-01-01', 'a list of one''s own'
    FROM universe u JOIN instrument i ON i.id % 5 = u.id % 5 WHERE u.key <> 'INDEX'""",
    # A name has bars from a year before it joins to a year after it leaves.
    """INSERT INTO price_bar (instrument_id, date, close, source, known_at)
    SELECT m.instrument_id, d, 100, 'test', d + interval '21 hours'
    FROM index_membership m JOIN universe u ON u.id = m.universe_id AND u.key = 'INDEX',
        generate_series('2000-01-03'::date, '2024-12-16', 'EVERY') d
    WHERE d BETWEEN m.starts_on - 365 AND coalesce(m.ends_on, '2024-12-16') + 365
        AND extract(isodow FROM d) < 6""",
    """INSERT INTO price_bar_revision
        (instrument_id, date, known_to, known_at, close, source, quality, recorded_at, reason)
    SELECT instrument_id, date, known_at + interval '1 day', known_at, 99, 'test', 'GOOD',
        known_at, 'a test'
    FROM price_bar WHERE (instrument_id + extract(day FROM date)::int) % 50 = 0""",
    """UPDATE price_bar b SET known_at = r.known_to FROM price_bar_revision r
    WHERE (r.instrument_id, r.date) = (b.instrument_id, b.date)""",
    """INSERT INTO corporate_action
        (instrument_id, ex_date, kind, cash, currency, source, known_at)
    SELECT i.id, d, 'DIVIDEND', 0.5, 'USD', 'test', d + interval '14 hours'
    FROM instrument i, generate_series('2000-02-01'::date, '2024-11-01', '6 months') d""",
    """INSERT INTO corporate_action_revision
        (instrument_id, ex_date, kind, known_to, known_at, cash, source, recorded_at, reason)
    SELECT instrument_id, ex_date, kind, known_at + interval '1 day', known_at, 0.4, 'test',
        known_at, 'a test'
    FROM corporate_action WHERE instrument_id % 10 = 0""",
    """UPDATE corporate_action a SET known_at = r.known_to FROM corporate_action_revision r
    WHERE (r.instrument_id, r.ex_date, r.kind) = (a.instrument_id, a.ex_date, a.kind)""",
    "ANALYZE",
)


async def fill(engine: AsyncEngine, *, every: str) -> int:
    """Write the index with a bar each so often; return how many bars there are."""
    async with engine.begin() as connection:
        for statement in FILL:
            await connection.execute(text(statement.replace("EVERY", every)))
        return int(await connection.scalar(text("SELECT count(*) FROM price_bar")) or 0)
