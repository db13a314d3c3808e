"""Universes with membership on both time axes, and digests of what is stored."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "universe",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("benchmark", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column(
            "survivorship_free", sa.Boolean(), server_default=sa.text("false"), nullable=False
        ),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("key ~ '^[A-Z0-9_]{1,64}$'", name=op.f("ck_universe_key_shape")),
        sa.CheckConstraint(
            "region IN ('US', 'AU', 'GLOBAL')", name=op.f("ck_universe_region_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_universe")),
        sa.UniqueConstraint("key", name=op.f("uq_universe_key")),
    )
    op.create_index(op.f("ix_universe_owner_id"), "universe", ["owner_id"], unique=False)
    op.create_table(
        "index_membership",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("universe_id", sa.BigInteger(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(universe_id, universe_id, '[]')"), "&&"),
            (sa.text("int8range(instrument_id, instrument_id, '[]')"), "&&"),
            (sa.text("daterange(starts_on, ends_on, '[)')"), "&&"),
            (sa.text("tstzrange(known_from, known_to, '[)')"), "&&"),
            using="gist",
            name="ex_index_membership_overlap",
        ),
        sa.CheckConstraint(
            "isfinite(known_from)", name=op.f("ck_index_membership_known_from_finite")
        ),
        sa.CheckConstraint(
            "known_from < known_to", name=op.f("ck_index_membership_knowledge_order")
        ),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_index_membership_dates_order")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_index_membership_instrument_id")
        ),
        sa.ForeignKeyConstraint(
            ["universe_id"], ["universe.id"], name=op.f("fk_index_membership_universe_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_membership")),
    )
    op.create_index(
        "ix_index_membership_instrument_id", "index_membership", ["instrument_id"], unique=False
    )
    op.create_table(
        "fingerprint",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name=op.f("ck_fingerprint_digest_shape")),
        sa.CheckConstraint(
            "scope IN ('bars', 'fx', 'membership', 'factors')",
            name=op.f("ck_fingerprint_scope_known"),
        ),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_fingerprint_rows_counted")),
        sa.PrimaryKeyConstraint("scope", "key", "year", name=op.f("pk_fingerprint")),
    )


def downgrade() -> None:
    op.drop_table("fingerprint")
    op.drop_table("index_membership")
    op.drop_table("universe")
