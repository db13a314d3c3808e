"""What a caller asks of a scan, and the checks that need no database."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from api.errors import ClientError, InvalidInput
from api.services.backtest_request import (
    FIRST_DAY,
    MOST_SYMBOLS,
    idempotency_key_faults,
    listed,
)
from api.services.findings import Findings
from api.services.parameters import complete_parameters
from api.services.scanners import ScannerEntry, require_scanner

MOST_RESULTS, USUAL_RESULTS = 500, 50


@dataclass(frozen=True, kw_only=True)
class ScanRequest:
    """One wish, as it came; `checked` fills the parameters in."""

    scanner: str = "quallamaggie"
    universe: str | None = None
    symbols: tuple[str, ...] | None = None
    as_of: date | None = None
    known_at: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    max_results: int = USUAL_RESULTS
    idempotency_key: str | None = None


def checked(request: ScanRequest) -> tuple[ScanRequest, ScannerEntry]:
    """Return the request with its parameters complete.

    Raises Refused with every fault that can be seen without the database.
    """
    findings = Findings()
    entry, parameters = None, dict(request.parameters)
    with findings.collect():
        entry = require_scanner(request.scanner)
        parameters = complete_parameters(entry, parameters)
    findings.errors += _faults(request)
    findings.settle()
    if entry is None:
        raise AssertionError("a scanner that is not known has been refused")
    return replace(request, parameters=parameters), entry


def _faults(request: ScanRequest) -> Iterator[ClientError]:
    yield from _assets(request)
    yield from _days(request)
    if not 1 <= request.max_results <= MOST_RESULTS:
        yield _fault(
            f"maxResults was {request.max_results}; ask for 1 to {MOST_RESULTS}", "maxResults"
        )
    yield from idempotency_key_faults(request.idempotency_key)


def _assets(request: ScanRequest) -> Iterator[ClientError]:
    symbols = request.symbols
    if (request.universe is None) == (symbols is None):
        given = "neither" if symbols is None else "both"
        message = f"{given} of universe and symbols was given; give exactly one of them"
        yield _fault(message, "universe" if symbols is None else "symbols")
    if symbols is None:
        return
    if not 1 <= len(symbols) <= MOST_SYMBOLS:
        yield _fault(f"symbols had {len(symbols)} entries; list 1 to {MOST_SYMBOLS}", "symbols")
    repeated = sorted(symbol for symbol, count in Counter(symbols).items() if count > 1)
    if repeated:
        yield _fault(f"symbols named {listed(repeated)} twice; list each once", "symbols")


def _days(request: ScanRequest) -> Iterator[ClientError]:
    now = datetime.now(UTC)
    as_of, known_at = request.as_of, request.known_at
    if known_at is not None and known_at > now:
        yield _fault(
            f"knownAt was {known_at.isoformat()}; nobody knows what comes after now,"
            " choose an earlier instant or leave it out",
            "knownAt",
        )
    if as_of is None:
        return
    if as_of < FIRST_DAY:
        yield _fault(f"asOf was {as_of}; no prices are older than {FIRST_DAY}", "asOf")
    if as_of > now.date():
        yield _fault(
            f"asOf was {as_of}; today is {now.date()}, choose it or an earlier day", "asOf"
        )
    elif known_at is not None and as_of > known_at.date():
        yield _fault(
            f"asOf was {as_of}, but at knownAt, {known_at.isoformat()}, nobody knew that day;"
            f" choose {known_at.date()} or an earlier day",
            "asOf",
        )


def _fault(message: str, *path: str) -> InvalidInput:
    return InvalidInput(message, field=("input", *path))
