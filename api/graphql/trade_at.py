"""A trade as somebody sees it who stands at an instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.trade import Trade


@dataclass(frozen=True)
class TradeAt:
    """A trade as somebody sees it who stands at an instant; all else is the trade's own."""

    trade: Trade
    stands_at: datetime

    @property
    def known_to(self) -> datetime | None:
        """Nobody knew then of a version still to come."""
        ended = self.trade.known_to
        return None if ended is None or ended > self.stands_at else ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self.trade, name)
