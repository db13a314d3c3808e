"""Rows of an owner are that owner's: enforced for every role that does not own the tables."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# After a local setting has ended it reads as '', not as null.
OWNER = "nullif(current_setting('app.owner', true), '')::uuid"
MINE = f"owner_id = {OWNER}"

POLICIES = {
    "job": MINE,
    "backtest": MINE,
    "trial": MINE,
    "universe": f"owner_id IS NULL OR {MINE}",
    # What hangs on an owned row is seen with it: the inner read is under its table's policy.
    "job_event": "EXISTS (SELECT FROM job WHERE job.id = job_id)",
    "run_input": "EXISTS (SELECT FROM backtest WHERE backtest.id = backtest_id)",
    "index_membership": "EXISTS (SELECT FROM universe WHERE universe.id = universe_id)",
}
# What everyone reads is nobody's to change.
WRITABLE = {"universe": MINE}


def upgrade() -> None:
    for table, visible in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_owner ON {table} USING ({visible}) "
            f"WITH CHECK ({WRITABLE.get(table, visible)})"
        )


def downgrade() -> None:
    for table in POLICIES:
        op.execute(f"DROP POLICY {table}_owner ON {table}")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
