"""Sweeps and walk-forwards, and the trials they made."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OWNER = "nullif(current_setting('app.owner', true), '')::uuid"
STUDIES = {
    "sweep": ("'GRID', 'RANDOM', 'BAYESIAN'", sa.Column("seed", sa.Integer(), nullable=False)),
    "walk_forward": (
        "'WALK_FORWARD', 'CPCV'",
        sa.Column("plan", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    ),
}


def upgrade() -> None:
    for table, (methods, own) in STUDIES.items():
        _create_study(table, methods, own)
    op.create_table(
        "study_trial",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "metrics", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "moments", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_study_trial_number_positive")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_study_trial_job_id")),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_study_trial")),
    )
    for table in (*STUDIES, "study_trial"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_owner ON {table} USING (owner_id = {OWNER}) "
            f"WITH CHECK (owner_id = {OWNER})"
        )


def _create_study(table: str, methods: str, own: sa.Column) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("strategy_key", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("universe_key", sa.Text(), nullable=True),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("base", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("axes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("combinations", sa.Integer(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
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
        sa.Column("method", sa.Text(), nullable=False),
        own,
        sa.CheckConstraint(f"method IN ({methods})", name=op.f(f"ck_{table}_method_known")),
        sa.CheckConstraint("combinations > 0", name=op.f(f"ck_{table}_combinations_positive")),
        sa.CheckConstraint(
            "(result_prefix IS NULL) = (summary IS NULL)", name=op.f(f"ck_{table}_published_whole")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f(f"fk_{table}_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("job_id", name=op.f(f"uq_{table}_job_id")),
    )
    op.create_index(f"ix_{table}_owner_id_content_key", table, ["owner_id", "content_key"])
    op.create_index(f"ix_{table}_owner_id_created_at", table, ["owner_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_table("study_trial")
    for table in STUDIES:
        op.drop_table(table)
