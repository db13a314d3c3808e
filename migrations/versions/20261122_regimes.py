"""Regimes of the market, as they were known."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "regime_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("input_digest", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("fitted_on", sa.Date(), nullable=True),
        sa.Column("known_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.Column("known_to", INSTANT, nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", INSTANT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "known_at < known_to", name=op.f("ck_regime_history_believed_for_a_while")
        ),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_regime_history_sessions_order")),
        sa.CheckConstraint("fitted_on <= last_on", name=op.f("ck_regime_history_fitted_within")),
        sa.ForeignKeyConstraint(
            ["instrument_id"],
            ["instrument.id"],
            name=op.f("fk_regime_history_instrument_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regime_history")),
    )
    op.create_index(
        "uq_regime_history_standing",
        "regime_history",
        ["instrument_id"],
        unique=True,
        postgresql_where=sa.text("known_to IS NULL"),
    )
    op.create_index("ix_regime_history_believed", "regime_history", ["instrument_id", "known_at"])


def downgrade() -> None:
    op.drop_table("regime_history")
