"""What the product needs from the outside, in as few words as each need has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, ClassVar, Protocol

from api.jobs import JobMessage

if TYPE_CHECKING:  # the API imports this module and must not pay for NumPy
    from engine.types import FloatArray, IntArray


class JobQueue(Protocol):
    async def send(self, messages: Sequence[JobMessage]) -> None:
        """Deliver each message at least once, by its kind to those who perform it.

        Raises Unavailable; some of the messages may have gone out all the same.
        """


class ObjectStore(Protocol):
    """Bytes under keys such as ``results/<job>/<fence>/series.parquet``.

    What lies under ``results/`` is written once: a claim's result is what its job's row has the
    hash of. The same bytes again are no error, since a reply may be lost after the object was
    stored. Elsewhere a put replaces.
    """

    async def put(self, key: str, content: bytes) -> None:
        """Store the whole object or nothing of it.

        Raises Conflict when other bytes are there and written once, Unavailable.
        """

    async def get(self, key: str) -> bytes:
        """Return the object. Raises NotFound, Unavailable."""

    async def list(self, prefix: str) -> Sequence[str]:
        """Return the keys that start with the prefix, in order. Raises Unavailable."""

    async def delete(self, key: str) -> None:
        """Remove the object; one that is not there is no error. Raises Unavailable."""


class Secrets(Protocol):
    """Values nobody may read in the settings; for some minutes one read serves everybody."""

    async def read(self, name: str, *, fresh: bool = False) -> str:
        """Return the secret; `fresh` when what was returned before is no longer accepted.

        Raises NotFound, Unavailable.
        """


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An instrument as a source describes it; what the source does not say is None."""

    symbol: str
    name: str
    asset_class: str  # EQUITY ETF INDEX
    exchange: str
    currency: str
    source: str
    fields: tuple[str, ...]  # of open high low close adjusted_close volume: what each bar carries
    sector: str | None = None
    flags: tuple[str, ...] = ()
    listed_on: date | None = None
    delisted_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class BarBatch:
    """Bars of one instrument in the order of the file, nothing sorted, filled or repaired.

    `day` counts from 1970-01-01; every array has shape (n_bars,). `values` holds the columns the
    source carries, NaN where a cell was empty. `raw` is each row as it was written. `stamped_at`
    is in ns UTC where the source dates its bars by instants, and otherwise None.
    """

    symbol: str
    file: str
    row_number: IntArray
    day: IntArray
    values: Mapping[str, FloatArray] = field(repr=False)
    raw: Sequence[str] = field(repr=False)
    stamped_at: IntArray | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class RefusedRow:
    """A row of a file that could not even be read as a bar."""

    row_number: int
    raw: str
    reason: str
    symbol: str | None = None
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PriceFile:
    """What a file of prices held: rows = the rows of all batches + the refused ones.

    Days count from 1970-01-01; they are None when no row could be read.
    """

    file: str  # its name with the beginning of its digest
    sha256: str
    rows: int
    first_day: int | None
    last_day: int | None
    extra_columns: tuple[str, ...]
    notes: tuple[str, ...]
    batches: tuple[BarBatch, ...] = field(repr=False)
    refused: tuple[RefusedRow, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Observations:
    """One dated series that is not a bar: a fixing, a factor, an index of fear.

    `day` counts from 1970-01-01, `known_at` is in ns UTC; all arrays have shape (n,), no NaN.
    """

    key: str
    source: str
    day: IntArray
    value: FloatArray
    known_at: IntArray


@dataclass(frozen=True, kw_only=True)
class SeriesFile:
    """What a file of a named panel held: a series for each of its columns, and refused rows."""

    file: str  # its name with the beginning of its digest
    panel: str
    rows: int
    series: tuple[Observations, ...] = field(repr=False)
    refused: tuple[RefusedRow, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ActionLine:
    """One line of a file of corporate actions; what its kind has not is None."""

    line: int
    symbol: str
    ex_date: date  # first day that trades without it
    kind: str  # SPLIT DIVIDEND DELISTING
    ratio: float | None  # new shares for one; a successor's where a listing ends
    cash: float | None  # per share
    currency: str | None
    pay_date: date | None
    successor: str | None


@dataclass(frozen=True, kw_only=True)
class ActionFile:
    """What a file of corporate actions held, and what is wrong with which of its lines."""

    file: str
    lines: tuple[ActionLine, ...]
    faults: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class UniverseListing:
    """A list of instruments to choose from, as a source gives it."""

    key: str
    name: str
    description: str
    region: str
    benchmark: str
    source: str
    symbols: tuple[str, ...]
    survivorship_free: bool = False


@dataclass(frozen=True, kw_only=True)
class ListedUniverse:
    """A known list as it stands today: what it is, who is in it, what it is compared with."""

    universe: UniverseListing
    members: tuple[Listing, ...]
    benchmark: Listing


@dataclass(frozen=True, kw_only=True)
class IndexSpell:
    """A company's time in an index; `ends_on` is the first day it is out.

    Of several companies that had one ticker only the last has it for its symbol; the symbols of
    the others carry the month of their last day, as in AAL-199701.
    """

    symbol: str
    ticker: str  # as it was then, in Yahoo style
    starts_on: date
    ends_on: date | None
    name: str | None = None


@dataclass(frozen=True, kw_only=True)
class MembershipHistory:
    """Who was in an index from a day on; `notes` say what of the file was not read, or mended."""

    source: str
    first_on: date
    spells: tuple[IndexSpell, ...]
    notes: tuple[str, ...] = ()


class KnownLists(Protocol):
    """Lists everybody shares."""

    @property
    def keys(self) -> Sequence[str]:
        """Name the lists it has."""

    async def fetch_list(self, key: str) -> ListedUniverse:
        """Return a list as it stands. Raises NotFound, Unavailable, DataError."""

    async def fetch_history(self, key: str) -> MembershipHistory | None:
        """Return who was in it and when; None where no history is to be had. Raises FetchFailed."""


class BundledPrices(Protocol):
    """Daily bars of the instruments it lists."""

    async def list_instruments(self) -> Sequence[Listing]:
        """Describe every instrument it has. Raises Unavailable, DataError."""

    async def fetch_bars(self, symbols: Sequence[str]) -> Sequence[BarBatch]:
        """Return one batch per symbol, in order. Raises NotFound, Unavailable, DataError."""


@dataclass(frozen=True, kw_only=True)
class BarRequest:
    """Sessions of one instrument to fetch, from the first day to the last, both included."""

    symbol: str  # ours, in Yahoo style
    exchange: str
    currency: str
    start: date
    end: date


@dataclass(frozen=True, kw_only=True)
class Action:
    """A split or a dividend, on the first day that trades without it.

    A split has a ratio, new shares per old one; a dividend has an amount per share as it was
    then paid, not adjusted for later splits.
    """

    ex_day: int  # days since 1970-01-01
    kind: str  # SPLIT DIVIDEND
    ratio: float | None = None
    cash: float | None = None
    currency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What one fetch brought: prices as they were traded, not adjusted for what came later.

    Where the provider says it, `batch.values["adjusted_close"]` is its own adjusted close; it
    only checks ours. An empty batch says that the provider has no session in the range.
    """

    batch: BarBatch
    actions: tuple[Action, ...] = ()
    name: str | None = None
    requests: int = 1
    requests_left: int | None = None  # of the provider's quota, where it tells


class PriceSource(Protocol):
    """A provider of daily bars. One call is one try: patience is the caller's."""

    key: str  # tiingo, yahoo
    fields: ClassVar[tuple[str, ...]]  # of Listing.fields, and "actions" where it knows them

    async def fetch(self, request: BarRequest) -> Fetched:
        """Return the bars of the range, oldest first. Raises FetchFailed."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, kw_only=True)
class FactorTable:
    """A set of factors at one frequency: simple returns, one series per factor."""

    factor_set: str  # FF3 FF5
    frequency: str  # daily monthly
    series: tuple[Observations, ...]


class RateSource(Protocol):
    """A publisher of exchange rates."""

    key: str  # yahoo, ecb, sample

    async def fetch_rates(self, start: date, end: date) -> Sequence[Observations]:
        """Return AUDUSD, US dollars for one Australian dollar. Raises FetchFailed."""


class MacroSource(Protocol):
    """A publisher of figures about the whole market."""

    key: str

    async def fetch_macro(self, start: date, end: date) -> Sequence[Observations]:
        """Return what it publishes, each series in its own unit. Raises FetchFailed."""


class FactorSource(Protocol):
    """A publisher of factor returns, among them the risk-free rate RF."""

    key: str  # french, sample

    async def fetch_factors(self) -> Sequence[FactorTable]:
        """Return every table it has, decimal fractions. Raises FetchFailed."""
