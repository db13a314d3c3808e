"""How each provider of data fares: one row each, kept between processes."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from models.base import INSTANT, NOW, Entity, check


class ProviderState(Entity, table=True):
    """A provider's last success and failure, and what went wrong since."""

    __tablename__: ClassVar[str] = "provider_state"
    __table_args__ = (check("requests_left_not_negative", "requests_left >= 0"),)

    name: str = Field(primary_key=True, sa_type=Text, description="Provider, such as tiingo.")
    last_success_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When it last gave what it was asked for."
    )
    last_failure_at: datetime | None = Field(
        default=None, sa_type=INSTANT, description="When it last did not."
    )
    errors: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=JSONB,
        sa_column_kwargs={"server_default": text("'{}'")},
        description="Failures since the last success, counted by kind.",
    )
    open_until: datetime | None = Field(
        default=None,
        sa_type=INSTANT,
        description="Until when it is left alone, after failing too often; null when it is not.",
    )
    requests_left: int | None = Field(
        default=None, description="Requests left of its quota, where it tells."
    )
    updated_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When the row changed."
    )
