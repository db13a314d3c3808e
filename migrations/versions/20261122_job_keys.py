"""Keys whose request an earlier job had answered already: another request may not use them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MINE = "owner_id = nullif(current_setting('app.owner', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "job_key",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_key_job_id")),
        sa.PrimaryKeyConstraint("owner_id", "key", name=op.f("pk_job_key")),
    )
    op.execute("ALTER TABLE job_key ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY job_key_owner ON job_key USING ({MINE}) WITH CHECK ({MINE})")


def downgrade() -> None:
    op.drop_table("job_key")
