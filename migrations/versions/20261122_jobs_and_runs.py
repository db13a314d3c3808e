"""Jobs with their events, backtests, the ledger of trials, what each run read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "payload",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("content_key", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sends", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_run_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("result_prefix", sa.Text(), nullable=True),
        sa.Column("result_sha256", sa.Text(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("failure_detail", sa.Text(), nullable=True),
        sa.Column("compute_seconds", sa.Double(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("events", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(failure_code IS NOT NULL) = (status = 'failed')",
            name=op.f("ck_job_failure_when_failed"),
        ),
        sa.CheckConstraint(
            "(finished_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))",
            name=op.f("ck_job_finished_when_ended"),
        ),
        sa.CheckConstraint(
            "(progress = 1) = (status = 'succeeded')", name=op.f("ck_job_progress_whole_at_success")
        ),
        sa.CheckConstraint(
            "kind IN ('BACKTEST', 'SWEEP', 'WALK_FORWARD', 'INGEST', 'SCAN', 'PLAN', "
            "'REGIME', 'SNAPSHOT', 'SHARD')",
            name=op.f("ck_job_kind_known"),
        ),
        sa.CheckConstraint(
            "lease_until IS NULL OR status = 'running'", name=op.f("ck_job_lease_while_running")
        ),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("ck_job_status_known"),
        ),
        sa.CheckConstraint(
            "attempt BETWEEN 0 AND max_attempts", name=op.f("ck_job_attempts_bounded")
        ),
        sa.CheckConstraint("compute_seconds >= 0", name=op.f("ck_job_compute_not_negative")),
        sa.CheckConstraint(
            "cost_usd >= 0 AND cost_usd < 1e9", name=op.f("ck_job_cost_not_negative")
        ),
        sa.CheckConstraint("fence >= 0", name=op.f("ck_job_fence_not_negative")),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name=op.f("ck_job_progress_range")),
        sa.ForeignKeyConstraint(["parent_id"], ["job.id"], name=op.f("fk_job_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint(
            "owner_id", "idempotency_key", name=op.f("uq_job_owner_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_job_open",
        "job",
        ["status", "next_run_at"],
        unique=False,
        postgresql_where=sa.text("NOT (status IN ('succeeded', 'failed', 'cancelled'))"),
    )
    op.create_index(
        "ix_job_owner_id_created_at", "job", ["owner_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_job_parent_id",
        "job",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "job_event",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_event_job_id")),
        sa.PrimaryKeyConstraint("job_id", "seq", name=op.f("pk_job_event")),
    )
    op.create_table(
        "backtest",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("strategy_key", sa.Text(), nullable=False),
        sa.Column("strategy_version", sa.Text(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("universe_key", sa.Text(), nullable=True),
        sa.Column("symbols", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=False),
        sa.Column("end_on", sa.Date(), nullable=False),
        sa.Column("initial_capital", sa.Numeric(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("benchmark", sa.Text(), nullable=False),
        sa.Column("rebalance", sa.Text(), nullable=False),
        sa.Column("allocator", sa.Text(), nullable=True),
        sa.Column("constraints", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("costs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fill", sa.Text(), nullable=False),
        sa.Column("whole_shares", sa.Boolean(), nullable=False),
        sa.Column("decision_clock", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data_fingerprint", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("components", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
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
        sa.Column("sharpe", sa.Double(), nullable=True),
        sa.Column("cagr", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("deflated_sharpe", sa.Double(), nullable=True),
        sa.CheckConstraint(
            "allocator IN ('EQUAL_WEIGHT', 'INVERSE_VOLATILITY', 'HRP', 'MEAN_VARIANCE', "
            "'RISK_BUDGETING', 'NCO', 'BLACK_LITTERMAN')",
            name=op.f("ck_backtest_allocator_known"),
        ),
        sa.CheckConstraint("currency IN ('AUD', 'USD')", name=op.f("ck_backtest_currency_known")),
        sa.CheckConstraint(
            "decision_clock IN ('ASX_CLOSE', 'US_CLOSE')",
            name=op.f("ck_backtest_decision_clock_known"),
        ),
        sa.CheckConstraint(
            "end_on BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_backtest_end_on_plausible"),
        ),
        sa.CheckConstraint(
            "fill IN ('NEXT_OPEN', 'NEXT_CLOSE', 'DECISION_CLOSE')",
            name=op.f("ck_backtest_fill_known"),
        ),
        sa.CheckConstraint(
            "rebalance IN ('DAILY', 'WEEKLY', 'MONTHLY', 'QUARTERLY')",
            name=op.f("ck_backtest_rebalance_known"),
        ),
        sa.CheckConstraint(
            "start_on BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_backtest_start_on_plausible"),
        ),
        sa.CheckConstraint(
            "(result_prefix IS NULL) = (summary IS NULL)", name=op.f("ck_backtest_published_whole")
        ),
        sa.CheckConstraint(
            "initial_capital > 0 AND initial_capital < 1e15",
            name=op.f("ck_backtest_capital_positive"),
        ),
        sa.CheckConstraint("start_on < end_on", name=op.f("ck_backtest_dates_order")),
        sa.CheckConstraint(
            "universe_key IS NOT NULL OR cardinality(symbols) > 0",
            name=op.f("ck_backtest_something_to_hold"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_backtest_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtest")),
        sa.UniqueConstraint("job_id", name=op.f("uq_backtest_job_id")),
    )
    op.create_index(
        "ix_backtest_owner_id_content_key", "backtest", ["owner_id", "content_key"], unique=False
    )
    op.create_index(
        "ix_backtest_owner_id_created_at",
        "backtest",
        ["owner_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "trial",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("content_key", sa.Text(), nullable=False),
        sa.Column("backtest_id", sa.Uuid(), nullable=True),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sharpe", sa.Double(), nullable=True),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("skew", sa.Double(), nullable=True),
        sa.Column("kurtosis", sa.Double(), nullable=True),
        sa.Column("returns_key", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("sessions >= 0", name=op.f("ck_trial_sessions_counted")),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtest.id"], name=op.f("fk_trial_backtest_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
        sa.UniqueConstraint(
            "owner_id", "family", "content_key", name=op.f("uq_trial_owner_id_family_content_key")
        ),
    )
    op.create_table(
        "run_input",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "scope IN ('bars', 'fx', 'membership', 'factors')",
            name=op.f("ck_run_input_scope_known"),
        ),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtest.id"], name=op.f("fk_run_input_backtest_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_input")),
        sa.UniqueConstraint(
            "backtest_id",
            "scope",
            "key",
            "year",
            name=op.f("uq_run_input_backtest_id_scope_key_year"),
        ),
    )


def downgrade() -> None:
    op.drop_table("run_input")
    op.drop_table("trial")
    op.drop_table("backtest")
    op.drop_table("job_event")
    op.drop_table("job")
