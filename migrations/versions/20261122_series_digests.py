"""Digests of published series, so that a run can name those it reads."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = ("fingerprint", "run_input")
SCOPES = "'bars', 'fx', 'membership', 'factors'"


def upgrade() -> None:
    _allow(f"{SCOPES}, 'macro'")
    # What is stored already: refreshed from now on by whoever writes a series.
    op.execute(
        sa.text(
            """
            INSERT INTO fingerprint (scope, key, year, digest, row_count, first_on, last_on)
            SELECT 'macro', series, extract(year FROM date)::int,
                encode(sha256(
                    array_send(array_agg(date ORDER BY date))
                    || array_send(array_agg(value ORDER BY date))
                    || array_send(array_agg(known_at ORDER BY date))
                ), 'hex'),
                count(*), min(date), max(date)
            FROM macro_series GROUP BY 2, 3
            """
        )
    )


def downgrade() -> None:
    for table in TABLES:
        op.execute(sa.text(f"DELETE FROM {table} WHERE scope = 'macro'"))  # noqa: S608
    _allow(SCOPES)


def _allow(scopes: str) -> None:
    for table in TABLES:
        name = op.f(f"ck_{table}_scope_known")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, f"scope IN ({scopes})")
