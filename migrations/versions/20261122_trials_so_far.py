"""How many trials a run's Sharpe ratio is deflated by; later trials deflate earlier runs too."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("backtest", sa.Column("trials", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("backtest", "trials")
