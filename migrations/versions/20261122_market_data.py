"""Instruments, bars with their revisions, and the series beside them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "instrument",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uuid", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("asset_class", sa.Text(), nullable=False),
        sa.Column("exchange", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=True),
        sa.Column("delisted_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("flags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("first_bar", sa.Date(), nullable=True),
        sa.Column("last_bar", sa.Date(), nullable=True),
        sa.Column("bar_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "asset_class IN ('EQUITY', 'ETF', 'INDEX', 'FX', 'CRYPTO')",
            name=op.f("ck_instrument_asset_class_known"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_instrument_currency_iso")),
        sa.CheckConstraint(
            "exchange IN ('XNYS', 'XNAS', 'XASX', 'INDEX', 'CRYPTO', 'FX')",
            name=op.f("ck_instrument_exchange_known"),
        ),
        sa.CheckConstraint(
            "symbol ~ '^[^[:space:]]{1,32}$'", name=op.f("ck_instrument_symbol_shape")
        ),
        sa.CheckConstraint(
            "(first_bar IS NULL) = (last_bar IS NULL) AND first_bar <= last_bar",
            name=op.f("ck_instrument_bars_order"),
        ),
        sa.CheckConstraint(
            "bar_count >= 0 AND (bar_count = 0) = (first_bar IS NULL)",
            name=op.f("ck_instrument_bars_counted"),
        ),
        sa.CheckConstraint(
            "delisted_on IS NULL OR delisted_on >= listed_on",
            name=op.f("ck_instrument_listing_order"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument")),
        sa.UniqueConstraint("symbol", name=op.f("uq_instrument_symbol")),
        sa.UniqueConstraint("uuid", name=op.f("uq_instrument_uuid")),
    )
    op.create_table(
        "price_bar",
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("open", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("close", sa.Double(), nullable=True),
        sa.Column("adjusted_close", sa.Double(), nullable=True),
        sa.Column("volume", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), server_default="GOOD", nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "adjusted_close > 0 AND adjusted_close < 'Infinity'::float8",
            name=op.f("ck_price_bar_adjusted_close_positive"),
        ),
        sa.CheckConstraint(
            "close > 0 AND close < 'Infinity'::float8", name=op.f("ck_price_bar_close_positive")
        ),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '2200-12-31'", name=op.f("ck_price_bar_date_plausible")
        ),
        sa.CheckConstraint(
            "high > 0 AND high < 'Infinity'::float8", name=op.f("ck_price_bar_high_positive")
        ),
        sa.CheckConstraint(
            "low > 0 AND low < 'Infinity'::float8", name=op.f("ck_price_bar_low_positive")
        ),
        sa.CheckConstraint(
            "open > 0 AND open < 'Infinity'::float8", name=op.f("ck_price_bar_open_positive")
        ),
        sa.CheckConstraint(
            "quality IN ('GOOD', 'SUSPECT', 'BAD')", name=op.f("ck_price_bar_quality_known")
        ),
        sa.CheckConstraint(
            "volume >= 0 AND volume < 'Infinity'::float8",
            name=op.f("ck_price_bar_volume_not_negative"),
        ),
        sa.CheckConstraint(
            "close IS NOT NULL OR adjusted_close IS NOT NULL", name=op.f("ck_price_bar_close_known")
        ),
        sa.CheckConstraint(
            "high >= greatest(open, low, close)", name=op.f("ck_price_bar_high_is_highest")
        ),
        sa.CheckConstraint(
            "low <= least(open, high, close)", name=op.f("ck_price_bar_low_is_lowest")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_price_bar_instrument_id")
        ),
        sa.PrimaryKeyConstraint("instrument_id", "date", name=op.f("pk_price_bar")),
    )
    op.create_table(
        "price_bar_revision",
        sa.Column("instrument_id", sa.BigInteger(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("known_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("close", sa.Double(), nullable=True),
        sa.Column("adjusted_close", sa.Double(), nullable=True),
        sa.Column("volume", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "quality IN ('GOOD', 'SUSPECT', 'BAD')",
            name=op.f("ck_price_bar_revision_quality_known"),
        ),
        sa.CheckConstraint(
            "known_at < known_to", name=op.f("ck_price_bar_revision_believed_for_a_while")
        ),
        sa.ForeignKeyConstraint(
            ["instrument_id"], ["instrument.id"], name=op.f("fk_price_bar_revision_instrument_id")
        ),
        sa.PrimaryKeyConstraint(
            "instrument_id", "date", "known_to", name=op.f("pk_price_bar_revision")
        ),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "fx_rate",
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("rate", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '2200-12-31'", name=op.f("ck_fx_rate_date_plausible")
        ),
        sa.CheckConstraint("pair ~ '^[A-Z]{6}$'", name=op.f("ck_fx_rate_pair_shape")),
        sa.CheckConstraint(
            "rate > 0 AND rate < 'Infinity'::float8", name=op.f("ck_fx_rate_rate_positive")
        ),
        sa.PrimaryKeyConstraint("pair", "date", name=op.f("pk_fx_rate")),
    )
    op.create_table(
        "factor_return",
        sa.Column("factor_set", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("factor", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_factor_return_date_plausible"),
        ),
        sa.CheckConstraint(
            "frequency IN ('daily', 'monthly')", name=op.f("ck_factor_return_frequency_known")
        ),
        sa.CheckConstraint(
            "value > '-Infinity'::float8 AND value < 'Infinity'::float8",
            name=op.f("ck_factor_return_value_finite"),
        ),
        sa.PrimaryKeyConstraint(
            "factor_set", "frequency", "factor", "date", name=op.f("pk_factor_return")
        ),
    )
    op.create_table(
        "macro_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("known_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '2200-12-31'",
            name=op.f("ck_macro_series_date_plausible"),
        ),
        sa.CheckConstraint(
            "value > '-Infinity'::float8 AND value < 'Infinity'::float8",
            name=op.f("ck_macro_series_value_finite"),
        ),
        sa.PrimaryKeyConstraint("series", "date", name=op.f("pk_macro_series")),
    )


def downgrade() -> None:
    op.drop_table("macro_series")
    op.drop_table("factor_return")
    op.drop_table("fx_rate")
    op.drop_table("quarantine")
    op.drop_table("price_bar_revision")
    op.drop_table("price_bar")
    op.drop_table("instrument")
