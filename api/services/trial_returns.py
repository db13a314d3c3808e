"""The returns of trials as a part of a search stores them."""

import io
from dataclasses import dataclass

import numpy as np

from engine.types import FloatArray, IntArray


@dataclass(frozen=True, kw_only=True)
class Returns:
    """Simple returns of N trials over the same T sessions, by trial number."""

    session: IntArray  # (T + 1,) days since 1970-01-01, the last before anything can trade first
    returns: FloatArray  # (T, N)
    rf: FloatArray  # (T,)
    benchmark: FloatArray  # (T,) NaN where unknown

    def dump(self) -> bytes:
        """Write them as a NumPy archive."""
        file = io.BytesIO()
        np.savez_compressed(file, **vars(self))
        return file.getvalue()


def load_returns(blob: bytes) -> Returns:
    """Read what `Returns.dump` wrote."""
    with np.load(io.BytesIO(blob)) as stored:
        rf = stored["rf"]
        # Parts from before the benchmark was kept know none.
        market = stored["benchmark"] if "benchmark" in stored else np.full_like(rf, np.nan)
        return Returns(
            session=stored["session"], returns=stored["returns"], rf=rf, benchmark=market
        )


def returns_of(equity: FloatArray) -> FloatArray:
    """Return V_t / V_{t-1} - 1 of equity (k, N), shape (k - 1, N); 0 from the ruin of a run on."""
    alive = np.logical_and.accumulate(equity > 0.0, axis=0)
    before = np.where(alive[:-1], equity[:-1], 1.0)
    returns: FloatArray = np.where(alive[1:], equity[1:] / before - 1.0, 0.0)
    returns[alive[:-1] & ~alive[1:]] = -1.0
    return returns
