"""The work behind the regimes: closes of the indices to what was known of each session."""

import asyncio
import hashlib
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from api.services.work import ClaimedJob, Pulse
from api.telemetry import logger
from engine import regimes
from engine.errors import InsufficientHistory
from engine.types import FloatArray
from models.instrument import Instrument
from models.price_bars import BarColumns, PriceBarRepository
from models.regime_histories import RegimeHistoryRepository
from models.regime_history import DEFAULT_INDEX
from models.session import SessionFactory, unit_of_work

# More digits than a figure of a model means, fewer than a vanishing probability would take.
DIGITS = 12


@dataclass(frozen=True)
class Closes:
    """The sessions of an index that have a close, oldest first."""

    instrument_id: int
    symbol: str
    days: list[int]
    level: FloatArray
    known_at_us: list[int]

    @property
    def digest(self) -> str:
        """Name the figures and the model that reads them."""
        content = [regimes.VERSION, repr(regimes.Terms()), self.days, self.known_at_us]
        return hashlib.sha256(orjson.dumps(content) + self.level.tobytes()).hexdigest()


async def detect_regimes(
    job: ClaimedJob, pulse: Pulse, *, sessions: SessionFactory
) -> dict[str, Any]:
    """Compute the regimes of each index whose closes are not those of its last version.

    Raises Stopped, Unavailable.
    """
    pulse(0.01, "reading closes")
    async with unit_of_work(sessions) as session:
        found = await _stale(session, job.payload.get("symbols") or [DEFAULT_INDEX])
    made: list[dict[str, Any]] = []
    for number, closes in enumerate(found):
        pulse(0.05 + 0.9 * number / len(found), f"reading the regimes of {closes.symbol}")
        try:
            document = await asyncio.to_thread(_document, closes)
        except InsufficientHistory as error:
            logger.info("no regimes of an index yet: %s", error)
            continue
        made.append({"instrument_id": closes.instrument_id, "digest": closes.digest} | document)
    return {"sha256": hashlib.sha256(orjson.dumps(made)).hexdigest(), "regimes": made}


async def _stale(session: AsyncSession, named: list[str]) -> list[Closes]:
    histories = RegimeHistoryRepository(session)
    indices = await histories.indices(named)
    ids = [index.id for index in indices]
    columns = await PriceBarRepository(session).columns(ids)
    bars = {each.instrument_id: each for each in columns}
    digests = await histories.digests(ids)
    closes = [_closes(index, bars[index.id]) for index in indices if index.id in bars]
    return [each for each in closes if each.digest != digests.get(each.instrument_id)]


def _closes(index: Instrument, bars: BarColumns) -> Closes:
    closes = [
        adjusted or raw for adjusted, raw in zip(bars.adjusted_close, bars.close, strict=True)
    ]
    rows = [row for row, close in enumerate(closes) if close is not None]
    return Closes(
        instrument_id=index.id,
        symbol=index.symbol,
        days=[bars.days[row] for row in rows],
        level=np.array([closes[row] for row in rows], np.float64),
        known_at_us=[bars.known_at_us[row] for row in rows],
    )


def _document(closes: Closes) -> dict[str, Any]:
    """Return the regimes by column. A session was known when it and all before it were."""
    found = regimes.detect(closes.level)
    rows, first = found.row.tolist(), int(found.row[0])
    known = list(accumulate(closes.known_at_us, max))
    return {
        "model_version": regimes.VERSION,
        "fitted_day": closes.days[found.fits[-1].row] if found.fits else None,
        "document": {
            "names": list(found.names),
            "days": [closes.days[row] for row in rows],
            "known_at_us": [known[row] for row in rows],
            "labels": found.label.tolist(),
            "probabilities": [_column(column) for column in found.probability.T],
            "fits": [
                {
                    "since": fit.row - first,
                    "transition": fit.transition.tolist(),
                    "mean": fit.mean.tolist(),
                    "volatility": fit.volatility.tolist(),
                    "relabelled": fit.relabelled,
                }
                for fit in found.fits
            ],
            "rejected": [row - first for row in found.rejected],
        },
    }


def _column(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(value) else round(value, DIGITS) for value in values.tolist()]
