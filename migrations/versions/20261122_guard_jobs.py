"""Jobs that complete the guards of a finished run."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('BACKTEST', 'SWEEP', 'WALK_FORWARD', 'INGEST', 'SCAN', 'PLAN', "
    "'REGIME', 'SNAPSHOT', 'SHARD'{})"
)


def upgrade() -> None:
    _allow(", 'GUARD'")


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE kind = 'GUARD'")
    _allow("")


def _allow(more: str) -> None:
    op.drop_constraint(op.f("ck_job_kind_known"), "job", type_="check")
    op.create_check_constraint(op.f("ck_job_kind_known"), "job", KINDS.format(more))
