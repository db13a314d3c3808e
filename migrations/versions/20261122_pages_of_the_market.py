"""Indexes by which memberships, revisions, doubts and refused rows are read by the page."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_index_membership_universe_id_starts_on",
        "index_membership",
        ["universe_id", "starts_on"],
        unique=False,
    )
    op.create_index(
        "ix_price_bar_revision_newest",
        "price_bar_revision",
        ["known_to", "instrument_id", "date"],
        unique=False,
    )
    op.create_index(
        "ix_price_bar_suspect",
        "price_bar",
        ["instrument_id"],
        unique=False,
        postgresql_where=sa.text("quality = 'SUSPECT'"),
    )
    op.create_index(
        "uq_quarantine_place",
        "quarantine",
        ["source", "file", "row_number", sa.text("md5(raw)"), "reason"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_quarantine_newest", "quarantine", ["recorded_at", "id"], unique=False)
    op.create_index(
        "ix_quarantine_symbol_newest", "quarantine", ["symbol", "recorded_at", "id"], unique=False
    )
    op.create_index(
        "ix_run_input_scope_key_year", "run_input", ["scope", "key", "year"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_run_input_scope_key_year", table_name="run_input")
    op.drop_index("ix_quarantine_symbol_newest", table_name="quarantine")
    op.drop_index("ix_quarantine_newest", table_name="quarantine")
    op.drop_index("uq_quarantine_place", table_name="quarantine")
    op.drop_index("ix_price_bar_suspect", table_name="price_bar")
    op.drop_index("ix_price_bar_revision_newest", table_name="price_bar_revision")
    op.drop_index("ix_index_membership_universe_id_starts_on", table_name="index_membership")
