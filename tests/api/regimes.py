"""An index with regimes: made closes, and the real job that reads them."""

from datetime import date

import numpy as np

from api.services.detect_regimes import detect_regimes
from api.services.publish_regimes import publish_regimes
from api.services.work import ClaimedJob, Pulse
from models.instrument import AssetClass, Exchange
from models.instruments import InstrumentRepository
from models.job import JobKind
from models.price_bars import PriceBarRepository
from models.session import unit_of_work
from tests.api.job_rows import add_job
from tests.factories import make_bars, make_instrument

FIRST = date(2018, 1, 1)
# Enough for one model and a quarter after it: features begin with the 22nd close.
SESSIONS = 21 + 756 + 63


def made_closes(sessions=SESSIONS, seed=5):
    """Draw closes that are calm for 150 sessions, then under stress for 150, and so on."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, np.where(np.arange(sessions) // 150 % 2, 0.02, 0.006))
    return (100.0 * np.exp(np.cumsum(moves))).tolist()


async def write_index(sessions, symbol="^GSPC", closes=None) -> int:
    """Write an index with a close each weekday from the first on; return its number."""
    index = make_instrument(symbol, asset_class=AssetClass.INDEX, exchange=Exchange.INDEX)
    async with unit_of_work(sessions) as session:
        [number] = (await InstrumentRepository(session).upsert([index])).values()
    await write_closes(sessions, number, made_closes() if closes is None else closes)
    return number


async def write_closes(sessions, number, closes) -> None:
    async with unit_of_work(sessions) as session:
        await PriceBarRepository(session).write(make_bars(number, FIRST, closes))


async def compute_regimes(sessions, **payload) -> list:
    """Do the job and publish it; return what it made."""
    job = await add_job(sessions, payload=payload)
    claimed = ClaimedJob(
        id=job.id,
        kind=JobKind.REGIME,
        fence=1,
        attempt=1,
        owner_id=job.owner_id,
        payload=payload,
    )
    outcome = await detect_regimes(claimed, Pulse(), sessions=sessions)
    async with unit_of_work(sessions) as session:
        await publish_regimes(session, claimed, outcome)
    return outcome["regimes"]
