"""Actions, aliases, reports of ingests, the state of providers, and who changed what by hand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OWNER = "nullif(current_setting('app.owner', true), '')::uuid"
OWNED = ("ingest_report", "audit_event")
APPEND_ONLY = ("audit_event", "corporate_action_revision")


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.CheckConstraint("reason ~ '[^[:space:]]'", name=op.f("ck_audit_event_reason_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index(
        "ix_audit_event_owner_id_subject",
        "audit_event",
        ["owner_id", "subject", "id"],
        unique=False,
    )
    op.create_table(
        "provider_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "errors",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("requests_left", sa.Integer(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "requests_left >= 0", name=op.f("ck_provider_state_requests_left_not_negative")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_provider_state")),
    )
    op.create_table(
        "corporate_action",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("ex_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ratio", sa.Double(), nullable=True),
        sa.Column("cash", sa.Double(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("pay_date", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(kind = 'DIVIDEND') = (cash IS NOT NULL)",
            name=op.f("ck_corporate_action_dividend_has_cash"),
        ),
        sa.CheckConstraint(
            "(kind = 'SPLIT') = (ratio IS NOT NULL)",
            name=op.f("ck_corporate_action_split_has_ratio"),
        ),
        sa.CheckConstraint(
            "cash > 0 AND cash < 'Infinity'::float8", name=op.f("ck_corporate_action_cash_positive")
        ),
        sa.CheckConstraint(
            "currency ~ '^[A-Z]{3}$'", name=op.f("ck_corporate_action_currency_iso")
        ),
        sa.CheckConstraint(
            "ex_date BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_corporate_action_ex_date_plausible"),
        ),
        sa.CheckConstraint(
            "kind IN ('SPLIT', 'DIVIDEND')", name=op.f("ck_corporate_action_kind_known")
        ),
        sa.CheckConstraint(
            "ratio > 0 AND ratio < 'Infinity'::float8",
            name=op.f("ck_corporate_action_ratio_positive"),
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_corporate_action_instrument_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corporate_action")),
        sa.UniqueConstraint(
            "instrument_id",
            "ex_date",
            "kind",
            name=op.f("uq_corporate_action_instrument_id_ex_date_kind"),
        ),
    )
    op.create_table(
        "corporate_action_revision",
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("ex_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ratio", sa.Double(), nullable=True),
        sa.Column("cash", sa.Double(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("pay_date", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('SPLIT', 'DIVIDEND')", name=op.f("ck_corporate_action_revision_kind_known")
        ),
        sa.CheckConstraint(
            "known_at < known_to", name=op.f("ck_corporate_action_revision_believed_for_a_while")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"],
            ["instrument.id"],
            name=op.f("fk_corporate_action_revision_instrument_id"),
        ),
        sa.PrimaryKeyConstraint(
            "instrument_id",
            "ex_date",
            "kind",
            "known_to",
            name=op.f("pk_corporate_action_revision"),
        ),
    )
    op.create_table(
        "ingest_report",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("universe_key", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("requested", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("rows_written", sa.BigInteger(), nullable=False),
        sa.Column("rows_unchanged", sa.BigInteger(), nullable=False),
        sa.Column("rows_revised", sa.BigInteger(), nullable=False),
        sa.Column("rows_quarantined", sa.BigInteger(), nullable=False),
        sa.Column("requests_made", sa.Integer(), nullable=False),
        sa.Column("requests_saved", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column(
            "failures",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "reasons",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "least(requested, succeeded, rows_read, rows_written, rows_unchanged, rows_revised, "
            "rows_quarantined, requests_made, requests_saved, seconds) >= 0 "
            "AND seconds < 'Infinity'",
            name=op.f("ck_ingest_report_counted"),
        ),
        sa.CheckConstraint(
            "rows_read = rows_written + rows_unchanged + rows_quarantined",
            name=op.f("ck_ingest_report_rows_conserved"),
        ),
        sa.CheckConstraint(
            "rows_revised <= rows_written", name=op.f("ck_ingest_report_revised_of_written")
        ),
        sa.CheckConstraint(
            "succeeded <= requested", name=op.f("ck_ingest_report_succeeded_of_requested")
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_ingest_report_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ingest_report")),
        sa.UniqueConstraint("job_id", name=op.f("uq_ingest_report_job_id")),
    )
    op.create_index(
        "ix_ingest_report_owner_id_created_at",
        "ingest_report",
        ["owner_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "instrument_alias",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        postgresql.ExcludeConstraint(
            (
                sa.text(
                    "int8range(hashtextextended(symbol, 0), hashtextextended(symbol, 0), '[]')"
                ),
                "&&",
            ),
            (sa.text("daterange(starts_on, ends_on, '[)')"), "&&"),
            using="gist",
            name="ex_instrument_alias_overlap",
        ),
        sa.CheckConstraint(
            "starts_on BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_instrument_alias_starts_on_plausible"),
        ),
        sa.CheckConstraint(
            "symbol ~ '^[^[:space:]]{1,32}$'", name=op.f("ck_instrument_alias_symbol_shape")
        ),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_instrument_alias_dates_order")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_alias_instrument_id")
        ),
        sa.PrimaryKeyConstraint("symbol", "starts_on", name=op.f("pk_instrument_alias")),
    )
    op.create_index(
        op.f("ix_instrument_alias_instrument_id"),
        "instrument_alias",
        ["instrument_id"],
        unique=False,
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_owner ON {table} USING (owner_id = {OWNER}) "
            f"WITH CHECK (owner_id = {OWNER})"
        )


def downgrade() -> None:
    op.drop_index(op.f("ix_instrument_alias_instrument_id"), table_name="instrument_alias")
    op.drop_table("instrument_alias")
    op.drop_index("ix_ingest_report_owner_id_created_at", table_name="ingest_report")
    op.drop_table("ingest_report")
    op.drop_table("corporate_action_revision")
    op.drop_table("corporate_action")
    op.drop_table("provider_state")
    op.drop_index("ix_audit_event_owner_id_subject", table_name="audit_event")
    op.drop_table("audit_event")
