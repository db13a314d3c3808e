"""What a portfolio was worth, day by day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OWNER = "nullif(current_setting('app.owner', true), '')::uuid"
AMOUNT = sa.Numeric(38, 18)

END_SNAPSHOT = """
CREATE FUNCTION end_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same portfolio_snapshot := NEW;
BEGIN
    same.known_to := NULL;
    IF OLD.known_to IS NOT NULL OR NEW.known_to IS NULL OR same IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'snapshot of %: what was said is only ever ended, once', OLD.date
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "portfolio_snapshot",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("value", AMOUNT, nullable=True),
        sa.Column("cash", AMOUNT, nullable=False),
        sa.Column("flow", AMOUNT, nullable=False),
        sa.Column("dividends", AMOUNT, nullable=False),
        sa.Column("growth", sa.Double(), nullable=True),
        sa.Column("rate", sa.Double(), nullable=True),
        sa.Column(
            "metrics", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column("computed", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (
                sa.text(
                    "int8range(hashtextextended(owner_id::text, 0), "
                    "hashtextextended(owner_id::text, 0), '[]')"
                ),
                "&&",
            ),
            (sa.text("daterange(date, date, '[]')"), "&&"),
            (sa.text("tstzrange(known_from, known_to, '[)')"), "&&"),
            using="gist",
            name="ex_portfolio_snapshot_overlap",
        ),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_portfolio_snapshot_date_plausible"),
        ),
        sa.CheckConstraint(
            "growth > 0 AND growth < 'Infinity'::float8",
            name=op.f("ck_portfolio_snapshot_growth_positive"),
        ),
        sa.CheckConstraint(
            "isfinite(known_from) AND isfinite(known_to)",
            name=op.f("ck_portfolio_snapshot_knowledge_finite"),
        ),
        sa.CheckConstraint(
            "known_from < known_to", name=op.f("ck_portfolio_snapshot_knowledge_order")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_portfolio_snapshot")),
    )
    op.create_index(
        "ix_portfolio_snapshot_owner_id_date",
        "portfolio_snapshot",
        ["owner_id", "date", "known_from"],
        unique=False,
    )
    op.execute(END_SNAPSHOT)
    op.execute(
        "CREATE TRIGGER portfolio_snapshot_ends BEFORE UPDATE ON portfolio_snapshot "
        "FOR EACH ROW EXECUTE FUNCTION end_snapshot()"
    )
    op.execute(
        "CREATE TRIGGER portfolio_snapshot_append_only BEFORE DELETE ON portfolio_snapshot "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER portfolio_snapshot_not_emptied BEFORE TRUNCATE ON portfolio_snapshot "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE portfolio_snapshot ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE portfolio_snapshot FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY portfolio_snapshot_owner ON portfolio_snapshot "
        f"USING (owner_id = {OWNER}) WITH CHECK (owner_id = {OWNER})"
    )


def downgrade() -> None:
    op.drop_table("portfolio_snapshot")
    op.execute("DROP FUNCTION end_snapshot()")
