"""Scans and what they found."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OWNER = "nullif(current_setting('app.owner', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "scan",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("scanner_key", sa.Text(), nullable=False),
        sa.Column("scanner_version", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("universe_key", sa.Text(), nullable=True),
        sa.Column("symbols", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("benchmark", sa.Text(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("max_results", sa.Integer(), nullable=False),
        sa.Column("data_fingerprint", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("result_prefix", sa.Text(), nullable=True),
        sa.Column(
            "summary", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.CheckConstraint(
            "(summary IS NULL) = (result_prefix IS NULL)",
            name=op.f("ck_scan_results_published_whole"),
        ),
        sa.CheckConstraint("max_results BETWEEN 1 AND 500", name=op.f("ck_scan_hits_bounded")),
        sa.CheckConstraint(
            "as_of BETWEEN '1900-01-01' AND '2200-12-31'", name=op.f("ck_scan_as_of_plausible")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_scan_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan")),
        sa.UniqueConstraint("job_id", name=op.f("uq_scan_job_id")),
    )
    op.create_index("ix_scan_owner_id_created_at", "scan", ["owner_id", "created_at", "id"])
    op.create_index("ix_scan_owner_id_content_key", "scan", ["owner_id", "content_key"])
    op.execute("ALTER TABLE scan ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE scan FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY scan_owner ON scan USING (owner_id = {OWNER}) "
        f"WITH CHECK (owner_id = {OWNER})"
    )


def downgrade() -> None:
    op.drop_index("ix_scan_owner_id_content_key", table_name="scan")
    op.drop_index("ix_scan_owner_id_created_at", table_name="scan")
    op.drop_table("scan")
