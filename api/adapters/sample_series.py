"""The sample's rates, figures and factors, for when no live source of them answers."""

from collections.abc import Sequence
from datetime import date

from api.adapters.numbers import day_number
from api.adapters.sample_prices import SamplePrices
from api.ports import FactorTable, Observations


class SampleSeries:
    """What the packages hold, cut to the range that is asked for."""

    key = "sample"

    def __init__(self, sample: SamplePrices) -> None:
        self._sample = sample

    async def fetch_rates(self, start: date, end: date) -> list[Observations]:
        return [_cut(each, start, end) for each in await self._sample.fetch_rates()]

    async def fetch_macro(self, start: date, end: date) -> list[Observations]:
        return [_cut(each, start, end) for each in await self._sample.fetch_macro()]

    async def fetch_factors(self) -> Sequence[FactorTable]:
        series = tuple(await self._sample.fetch_factors())
        return [FactorTable(factor_set="FF3", frequency="monthly", series=series)]


def _cut(series: Observations, start: date, end: date) -> Observations:
    kept = (series.day >= day_number(start)) & (series.day <= day_number(end))
    return Observations(
        key=series.key,
        source=series.source,
        day=series.day[kept],
        value=series.value[kept],
        known_at=series.known_at[kept],
    )
