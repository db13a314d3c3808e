"""Requests that may be made once."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field

from models.base import INSTANT, NOW, Entity


class EdgeNonce(Entity, table=True):
    """The mark of a signed request that wrote; kept while its signature would still hold."""

    __tablename__: ClassVar[str] = "edge_nonce"

    nonce: UUID = Field(primary_key=True, description="What the edge chose at random.")
    used_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it was used."
    )
