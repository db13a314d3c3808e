"""Make the regimes of an index visible, where NumPy is not."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob
from models.regime_histories import RegimeHistoryRepository
from models.regime_history import RegimeHistory
from models.session import lock

EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
BY_SESSION = ("days", "labels", "known_at_us")


async def publish_regimes(session: AsyncSession, _: ClaimedJob, outcome: Mapping[str, Any]) -> None:
    """Add sessions to the version that stands, or replace it where it reads otherwise."""
    for made in outcome["regimes"]:
        await lock(session, f"regimes {made['instrument_id']}")
        await _save(session, made)


async def _save(session: AsyncSession, made: Mapping[str, Any]) -> None:
    histories = RegimeHistoryRepository(session)
    stands = await histories.standing(made["instrument_id"])
    document, fitted = made["document"], made["fitted_day"]
    values = {
        "model_version": made["model_version"],
        "input_digest": made["digest"],
        "first_on": _day(document["days"][0]),
        "last_on": _day(document["days"][-1]),
        "fitted_on": None if fitted is None else _day(fitted),
        "document": document,
    }
    if stands is not None and continues(stands, made):
        stands.sqlmodel_update(values | {"updated_at": func.now()})
        await session.flush()
        return
    await histories.save(
        RegimeHistory(instrument_id=made["instrument_id"], **values), replaces=stands
    )


def continues(stands: RegimeHistory, made: Mapping[str, Any]) -> bool:
    """Tell whether what is new says of every session that stands what was said before."""
    if stands.model_version != made["model_version"]:
        return False
    old, new = stands.document, made["document"]
    if old["names"] != new["names"]:
        return False
    pairs: list[tuple[Sequence[Any], Sequence[Any]]] = [
        *((old[name], new[name]) for name in BY_SESSION),
        *zip(old["probabilities"], new["probabilities"], strict=True),
        (old["fits"], new["fits"]),
        (old["rejected"], new["rejected"]),
    ]
    return all(list(was) == list(now[: len(was)]) for was, now in pairs)


def _day(number: int) -> date:
    return date.fromordinal(EPOCH_ORDINAL + number)
