"""Rows of a file that could not be read, as they are kept for whoever sent it."""

from collections.abc import Iterable

from api.ports import RefusedRow
from api.services.routing import CSV
from models.price_bar import Quarantine


def quarantined(file: str, rows: Iterable[RefusedRow]) -> list[Quarantine]:
    return [
        Quarantine(
            source=CSV,
            file=file,
            row_number=row.row_number,
            symbol=row.symbol,
            raw=row.raw,
            reason=row.reason,
            detail=dict(row.detail),
        )
        for row in rows
    ]
