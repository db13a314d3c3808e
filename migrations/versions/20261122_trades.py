"""Trades in versions, and the money that came in and went out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OWNER = "nullif(current_setting('app.owner', true), '')::uuid"
OWNED = ("trade", "cash_flow")
AMOUNT = sa.Numeric(38, 18)

# A version follows the one before it without a gap, and a cancelled trade is followed by nothing.
# The figures are of the row itself, which no later statement changes.
# A morning in Sydney is the evening before in UTC: splits and rates go by the market's day.
MARKET_DAY = """
CREATE FUNCTION market_day(currency text, instant timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (instant AT TIME ZONE
        CASE currency WHEN 'AUD' THEN 'Australia/Sydney' ELSE 'America/New_York' END)::date
"""
BEGIN_VERSION = """
CREATE FUNCTION begin_trade_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := CASE NEW.side WHEN 'BUY' THEN 1 ELSE -1 END;
BEGIN
    IF NEW.known_to IS NOT NULL THEN
        RAISE EXCEPTION 'trade %: a version begins open', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'trade_version_open';
    END IF;
    IF NEW.version = 1 THEN
        NEW.trade_no := NEW.row_id;
    ELSE
        SELECT trade_no INTO NEW.trade_no FROM trade
        WHERE id = NEW.id AND version = NEW.version - 1 AND owner_id = NEW.owner_id
            AND known_to = NEW.known_from AND status <> 'CANCELLED';
        IF NOT FOUND THEN
            RAISE EXCEPTION 'trade %: version % follows none', NEW.id, NEW.version
                USING ERRCODE = 'check_violation', CONSTRAINT = 'trade_version_follows';
        END IF;
    END IF;
    NEW.entry_on := market_day(NEW.currency, NEW.entry_at);
    NEW.exit_on := market_day(NEW.currency, NEW.exit_at);
    NEW.pnl := NULL;
    NEW.pnl_aud := NULL;
    IF NEW.status = 'CLOSED' THEN
        NEW.pnl := sign * NEW.quantity * (NEW.exit_price * NEW.split_ratio - NEW.entry_price)
            - NEW.commission - NEW.exit_commission;
        NEW.pnl_aud := sign * NEW.quantity * (
                NEW.exit_price * NEW.split_ratio * NEW.fx_at_exit
                - NEW.entry_price * NEW.fx_at_entry
            ) - NEW.commission * NEW.fx_at_entry - NEW.exit_commission * NEW.fx_at_exit;
    END IF;
    RETURN NEW;
END $$
"""
END_VERSION = """
CREATE FUNCTION end_trade_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    same trade := NEW;
BEGIN
    same.known_to := NULL;
    IF OLD.known_to IS NOT NULL OR NEW.known_to IS NULL OR same IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'trade %: a version is only ever ended, once', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
# Looked at when the transaction commits: what ends a version writes the next.
NONE_LOST = """
CREATE FUNCTION keep_trade() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trade WHERE id = NEW.id AND version = NEW.version + 1) THEN
        RAISE EXCEPTION 'trade %: version % is followed by none', NEW.id, NEW.version
            USING ERRCODE = 'check_violation', CONSTRAINT = 'trade_version_followed';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    _make_trade()
    _make_cash_flow()
    for function in (MARKET_DAY, BEGIN_VERSION, END_VERSION, NONE_LOST):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER trade_begins BEFORE INSERT ON trade "
        "FOR EACH ROW EXECUTE FUNCTION begin_trade_version()"
    )
    op.execute(
        "CREATE TRIGGER trade_ends BEFORE UPDATE ON trade "
        "FOR EACH ROW EXECUTE FUNCTION end_trade_version()"
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER trade_goes_on AFTER UPDATE ON trade "
        "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION keep_trade()"
    )
    for table, refused in (("trade", "DELETE"), ("cash_flow", "UPDATE OR DELETE")):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {refused} ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in OWNED:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY {table}_owner ON {table} USING (owner_id = {OWNER}) "
            f"WITH CHECK (owner_id = {OWNER})"
        )


def _make_trade() -> None:
    op.create_table(
        "trade",
        sa.Column("row_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("trade_no", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("quantity", AMOUNT, nullable=False),
        sa.Column("entry_price", AMOUNT, nullable=False),
        sa.Column("exit_price", AMOUNT, nullable=True),
        sa.Column("split_ratio", AMOUNT, server_default=sa.text("1"), nullable=False),
        sa.Column("entry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commission", AMOUNT, nullable=False),
        sa.Column("exit_commission", AMOUNT, nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fx_at_entry", AMOUNT, nullable=False),
        sa.Column("fx_at_exit", AMOUNT, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("signal_score", sa.Double(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "known_from",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_on", sa.Date(), nullable=False),
        sa.Column("exit_on", sa.Date(), nullable=True),
        sa.Column("pnl", sa.Numeric(), nullable=True),
        sa.Column("pnl_aud", sa.Numeric(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(trade_no, trade_no, '[]')"), "&&"),
            (sa.text("tstzrange(known_from, known_to, '[)')"), "&&"),
            using="gist",
            name="ex_trade_overlap",
        ),
        sa.CheckConstraint(
            "currency <> 'AUD' OR (fx_at_entry = 1 AND coalesce(fx_at_exit, 1) = 1)",
            name=op.f("ck_trade_home_rate"),
        ),
        sa.CheckConstraint("currency IN ('AUD', 'USD')", name=op.f("ck_trade_currency_known")),
        sa.CheckConstraint(
            "entry_at >= '1900-01-01 00:00+00' AND entry_at < '2200-01-01 00:00+00'",
            name=op.f("ck_trade_entry_at_plausible"),
        ),
        sa.CheckConstraint(
            "exit_at >= '1900-01-01 00:00+00' AND exit_at < '2200-01-01 00:00+00'",
            name=op.f("ck_trade_exit_at_plausible"),
        ),
        sa.CheckConstraint("reason ~ '[^[:space:]]'", name=op.f("ck_trade_reason_given")),
        sa.CheckConstraint(
            "reference ~ '[^[:space:]]' AND length(reference) <= 100",
            name=op.f("ck_trade_reference_given"),
        ),
        sa.CheckConstraint("side IN ('BUY', 'SELL')", name=op.f("ck_trade_side_known")),
        sa.CheckConstraint(
            "signal_score > '-Infinity'::float8 AND signal_score < 'Infinity'::float8",
            name=op.f("ck_trade_score_finite"),
        ),
        sa.CheckConstraint(
            "status = 'CANCELLED' OR (status = 'CLOSED') = (exit_at IS NOT NULL)",
            name=op.f("ck_trade_exit_when_closed"),
        ),
        sa.CheckConstraint(
            "status IN ('OPEN', 'CLOSED', 'CANCELLED')", name=op.f("ck_trade_status_known")
        ),
        sa.CheckConstraint("symbol ~ '^[^[:space:]]{1,32}$'", name=op.f("ck_trade_symbol_shape")),
        sa.CheckConstraint(
            "commission >= 0 AND commission < 1e15", name=op.f("ck_trade_commission_not_negative")
        ),
        sa.CheckConstraint("entry_at < exit_at", name=op.f("ck_trade_entry_before_exit")),
        sa.CheckConstraint(
            "entry_price > 0 AND entry_price < 1e15", name=op.f("ck_trade_entry_price_positive")
        ),
        sa.CheckConstraint(
            "exit_at IS NOT NULL OR split_ratio = 1", name=op.f("ck_trade_split_at_exit")
        ),
        sa.CheckConstraint(
            "exit_commission >= 0 AND exit_commission < 1e15",
            name=op.f("ck_trade_exit_commission_not_negative"),
        ),
        sa.CheckConstraint(
            "exit_price > 0 AND exit_price < 1e15", name=op.f("ck_trade_exit_price_positive")
        ),
        sa.CheckConstraint(
            "fx_at_entry > 0 AND fx_at_entry < 1e15", name=op.f("ck_trade_fx_at_entry_positive")
        ),
        sa.CheckConstraint(
            "fx_at_exit > 0 AND fx_at_exit < 1e15", name=op.f("ck_trade_fx_at_exit_positive")
        ),
        sa.CheckConstraint(
            "isfinite(known_from) AND isfinite(known_to)", name=op.f("ck_trade_knowledge_finite")
        ),
        sa.CheckConstraint("known_from < known_to", name=op.f("ck_trade_knowledge_order")),
        sa.CheckConstraint(
            "num_nulls(exit_at, exit_price, exit_commission, fx_at_exit) IN (0, 4)",
            name=op.f("ck_trade_exit_whole"),
        ),
        sa.CheckConstraint(
            "quantity > 0 AND quantity < 1e15", name=op.f("ck_trade_quantity_positive")
        ),
        sa.CheckConstraint(
            "split_ratio > 0 AND split_ratio < 1e15", name=op.f("ck_trade_split_ratio_positive")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_trade_versions_count")),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_trade_instrument_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_trade")),
        sa.UniqueConstraint("id", "version", name=op.f("uq_trade_id_version")),
        sa.UniqueConstraint(
            "owner_id", "idempotency_key", name=op.f("uq_trade_owner_id_idempotency_key")
        ),
    )
    op.create_index("ix_trade_instrument_id", "trade", ["instrument_id"], unique=False)
    op.create_index(
        "ix_trade_owner_id_entry_at",
        "trade",
        ["owner_id", "entry_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_trade_owner_id_symbol",
        "trade",
        ["owner_id", "symbol", "id"],
        unique=False,
        postgresql_where=sa.text("known_to IS NULL"),
    )
    op.create_index(
        "uq_trade_owner_id_reference",
        "trade",
        ["owner_id", "reference"],
        unique=True,
        postgresql_where=sa.text("known_to IS NULL"),
    )


def _make_cash_flow() -> None:
    op.create_table(
        "cash_flow",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("amount", AMOUNT, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("fx", AMOUNT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint("currency <> 'AUD' OR fx = 1", name=op.f("ck_cash_flow_home_rate")),
        sa.CheckConstraint("currency IN ('AUD', 'USD')", name=op.f("ck_cash_flow_currency_known")),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '2200-12-31'", name=op.f("ck_cash_flow_date_plausible")
        ),
        sa.CheckConstraint("reason ~ '[^[:space:]]'", name=op.f("ck_cash_flow_reason_given")),
        sa.CheckConstraint(
            "amount <> 0 AND abs(amount) < 1e15", name=op.f("ck_cash_flow_amount_moves")
        ),
        sa.CheckConstraint("fx > 0 AND fx < 1e15", name=op.f("ck_cash_flow_fx_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_flow")),
        sa.UniqueConstraint(
            "owner_id", "idempotency_key", name=op.f("uq_cash_flow_owner_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_cash_flow_owner_id_date", "cash_flow", ["owner_id", "date", "id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("cash_flow")
    op.drop_table("trade")
    op.execute("DROP FUNCTION keep_trade()")
    op.execute("DROP FUNCTION end_trade_version()")
    op.execute("DROP FUNCTION begin_trade_version()")
    op.execute("DROP FUNCTION market_day(text, timestamptz)")
