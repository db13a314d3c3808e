"""Exchange rates of the European Central Bank: AUDUSD as the ratio of two fixings of the euro."""

from datetime import date

from api.adapters.archives import unzip_table
from api.adapters.downloads import Downloads
from api.adapters.ecb_fixings import FIXED, observe_audusd, read_audusd
from api.adapters.numbers import bad_data, day_number, require_order
from api.adapters.sample_files import split_sheet
from api.errors import DataError
from api.ports import Observations

FILE = "stats/eurofxref/eurofxref-hist.zip"


class EcbRates:
    """The whole history since 1999 in one download of half a megabyte."""

    key = "ecb"

    def __init__(self, *, url: str, timeout_seconds: float = 20.0) -> None:
        self._downloads = Downloads("The ECB", url, timeout_seconds=timeout_seconds)

    async def close(self) -> None:
        await self._downloads.close()

    async def fetch_rates(self, start: date, end: date) -> list[Observations]:
        """Return AUDUSD on the bank's working days of the range. Raises FetchFailed."""
        text = unzip_table(await self._downloads.get(FILE), publisher="The ECB")
        try:
            day, value = read_audusd(split_sheet(text, file=FILE, columns=FIXED))
        except DataError as e:
            raise bad_data(str(e)) from e
        require_order(day, what="the ECB's rates")
        kept = (day >= day_number(start)) & (day <= day_number(end))
        return [observe_audusd(day[kept], value[kept], source=self.key)]
