"""The volatility a run is scaled to."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backtest", sa.Column("overlay_vol_target", sa.Double(), nullable=True))
    op.create_check_constraint(
        op.f("ck_backtest_overlay_bounded"), "backtest", "overlay_vol_target BETWEEN 0.02 AND 0.4"
    )


def downgrade() -> None:
    op.drop_column("backtest", "overlay_vol_target")
