"""Messages no worker could do anything with, each with the reason."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Text, text
from sqlmodel import Field

from models.base import INSTANT, NOW, Entity, check


class PoisonMessage(Entity, table=True):
    """A message that came back to its queue; what lies among the dead letters is told here."""

    __tablename__: ClassVar[str] = "poison_message"
    __table_args__ = (check("received", "receives >= 1"),)

    message_id: str = Field(
        primary_key=True, sa_type=Text, description="The queue's own name for the message."
    )
    reason: str = Field(sa_type=Text, description="Reason code, such as NOT_JSON.")
    detail: str = Field(sa_type=Text, description="What was wrong with it, in a sentence.")
    body: str = Field(
        sa_type=Text, description="The beginning of its body; what no text may hold is escaped."
    )
    receives: int = Field(
        sa_column_kwargs={"server_default": text("1")},
        description="How often the queue has delivered it, as far as we saw.",
    )
    first_seen_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it first came."
    )
    last_seen_at: datetime = Field(
        default=None, sa_type=INSTANT, sa_column_kwargs=NOW, description="When it last came."
    )
