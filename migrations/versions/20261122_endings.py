"""What holders got when a listing ended: cash, shares of a successor, or both."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("corporate_action", "corporate_action_revision")
ENDED = "kind = 'DELISTING'"
NOW = {
    "cash_positive": f"cash > 0 AND cash < 'Infinity'::float8 OR cash = 0 AND {ENDED}",
    "split_has_ratio": f"(kind = 'SPLIT') = (ratio IS NOT NULL) OR {ENDED}",
    "dividend_has_cash": f"(kind = 'DIVIDEND') = (cash IS NOT NULL) OR {ENDED}",
    "delisting_pays": "kind <> 'DELISTING' OR num_nonnulls(ratio, cash) > 0",
    "successor_has_ratio": f"(successor_id IS NOT NULL) = ({ENDED} AND ratio IS NOT NULL)",
    "successor_is_another": "successor_id <> instrument_id",
}
BEFORE = {
    "cash_positive": "cash > 0 AND cash < 'Infinity'::float8",
    "split_has_ratio": "(kind = 'SPLIT') = (ratio IS NOT NULL)",
    "dividend_has_cash": "(kind = 'DIVIDEND') = (cash IS NOT NULL)",
}


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("successor_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_successor_id"), table, "instrument", ["successor_id"], ["id"]
        )
        _check(table, "kind_known", "kind IN ('SPLIT', 'DIVIDEND', 'DELISTING')", replaces=True)
    for name, condition in NOW.items():
        _check("corporate_action", name, condition, replaces=name in BEFORE)


def downgrade() -> None:
    op.execute("DELETE FROM corporate_action WHERE kind = 'DELISTING'")
    # A revision is never altered, but the kind is unknown below.
    op.execute("ALTER TABLE corporate_action_revision DISABLE TRIGGER USER")
    op.execute("DELETE FROM corporate_action_revision WHERE kind = 'DELISTING'")
    op.execute("ALTER TABLE corporate_action_revision ENABLE TRIGGER USER")
    for name in NOW:
        if name in BEFORE:
            _check("corporate_action", name, BEFORE[name], replaces=True)
        else:
            op.drop_constraint(op.f(f"ck_corporate_action_{name}"), "corporate_action")
    for table in TABLES:
        _check(table, "kind_known", "kind IN ('SPLIT', 'DIVIDEND')", replaces=True)
        op.drop_column(table, "successor_id")


def _check(table: str, name: str, condition: str, *, replaces: bool) -> None:
    name = op.f(f"ck_{table}_{name}")
    if replaces:
        op.drop_constraint(name, table)
    op.create_check_constraint(name, table, condition)
