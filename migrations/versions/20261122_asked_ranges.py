"""What providers were already asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked_range",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=True),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("asked_to", sa.Date(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure_kind", sa.Text(), nullable=True),
        sa.Column("failure_message", sa.Text(), nullable=True),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_asked_range_days_order")),
        sa.CheckConstraint(
            "(first_on IS NULL) = (last_on IS NULL)", name=op.f("ck_asked_range_both_or_neither")
        ),
        sa.CheckConstraint(
            "first_on IS NOT NULL OR failure_kind IS NOT NULL",
            name=op.f("ck_asked_range_days_or_failure"),
        ),
        sa.CheckConstraint(
            "(failure_kind IS NULL) = (failure_message IS NULL)",
            name=op.f("ck_asked_range_failure_told"),
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_asked_range")),
    )


def downgrade() -> None:
    op.drop_table("asked_range")
