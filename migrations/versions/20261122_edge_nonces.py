"""Signed requests that wrote, each of which may be made once."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "edge_nonce",
        sa.Column("nonce", sa.Uuid(), nullable=False),
        sa.Column(
            "used_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_edge_nonce")),
    )


def downgrade() -> None:
    op.drop_table("edge_nonce")
