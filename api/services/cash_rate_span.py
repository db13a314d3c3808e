"""Whether published cash rates cover a run that is to be paid by them."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from api.errors import MissingData
from api.services.backtest_request import BacktestRequest
from api.services.market import FACTOR_SET
from api.services.named_panels import BILLS, CASH_RATE_REACH, CASH_RATES
from api.services.run_span import RunSpan
from models.cash_rates import CashRateRepository

PUBLISHED = "PUBLISHED"


async def require_cash_rates(
    session: AsyncSession, span: RunSpan, request: BacktestRequest
) -> None:
    """Refuse a run at published rates on days without one. Raises MissingData naming the first."""
    if request.costs.cash_rate_basis != PUBLISHED:
        return
    currency = request.currency.value
    series = CASH_RATES[currency]
    gap = await CashRateRepository(session).first_gap(
        series,
        factor_set=FACTOR_SET if currency in BILLS else None,
        reach=CASH_RATE_REACH,
        first=request.start,
        # What is paid on the last day is of the night before.
        last=span.end - timedelta(days=1),
        known_at=request.known_at,
    )
    if gap is not None:
        ingested = "ingest any universe, " if currency == "AUD" else ""
        raise MissingData(
            f"{series} has no rate for {gap}; {ingested}import a file by `parakeet import-series`,"
            " choose days it covers, or FIXED as the cashRateBasis",
            field=("input", "costs", "cashRateBasis"),
            reason="MISSING_RATE",
        )
