"""Plans of what to buy and sell."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

OWNER = "nullif(current_setting('app.owner', true), '')::uuid"


def upgrade() -> None:
    op.create_table(
        "rebalance_plan",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("backtest_id", sa.Uuid(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("decision_bar", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("equity", sa.Numeric(), nullable=False),
        sa.Column("cash_before", sa.Numeric(), nullable=False),
        sa.Column("cash_after", sa.Numeric(), nullable=False),
        sa.Column("total_costs", sa.Numeric(), nullable=False),
        sa.Column("turnover", sa.Double(), nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("warnings", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "as_of BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_rebalance_plan_as_of_plausible"),
        ),
        sa.CheckConstraint(
            "abs(cash_before) < 1e15 AND abs(cash_after) < 1e15",
            name=op.f("ck_rebalance_plan_cash_bounded"),
        ),
        sa.CheckConstraint(
            "cash_after >= 0 OR cash_after >= cash_before",
            name=op.f("ck_rebalance_plan_no_overdraft"),
        ),
        sa.CheckConstraint(
            "equity > 0 AND equity < 1e15", name=op.f("ck_rebalance_plan_equity_positive")
        ),
        sa.CheckConstraint(
            "total_costs >= 0 AND total_costs < 1e15",
            name=op.f("ck_rebalance_plan_costs_not_negative"),
        ),
        sa.CheckConstraint(
            "turnover >= 0 AND turnover < 'Infinity'::float8",
            name=op.f("ck_rebalance_plan_turnover_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtest.id"], name=op.f("fk_rebalance_plan_backtest_id")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_rebalance_plan_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebalance_plan")),
        sa.UniqueConstraint("job_id", name=op.f("uq_rebalance_plan_job_id")),
    )
    op.create_index(
        "ix_rebalance_plan_backtest_id", "rebalance_plan", ["backtest_id"], unique=False
    )
    op.create_index(
        "ix_rebalance_plan_owner_id_created_at",
        "rebalance_plan",
        ["owner_id", "created_at", "id"],
        unique=False,
    )
    op.execute("ALTER TABLE rebalance_plan ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE rebalance_plan FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY rebalance_plan_owner ON rebalance_plan USING (owner_id = {OWNER}) "
        f"WITH CHECK (owner_id = {OWNER})"
    )


def downgrade() -> None:
    op.drop_index("ix_rebalance_plan_owner_id_created_at", table_name="rebalance_plan")
    op.drop_index("ix_rebalance_plan_backtest_id", table_name="rebalance_plan")
    op.drop_table("rebalance_plan")
