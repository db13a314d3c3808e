"""Who asks: the owner of this machine, or whom the edge let through."""

from dataclasses import dataclass
from uuid import UUID

from starlette.types import Scope

from api.services.identity import ALL_SCOPES, OWN_DATA
from api.settings import DEPLOYED, Settings

CALLER = "caller"


@dataclass(frozen=True)
class Caller:
    """`nonce` marks a signed request, which may write once."""

    viewer_id: UUID
    nonce: UUID | None = None
    scopes: frozenset[str] = OWN_DATA


def caller_of(scope: Scope, settings: Settings) -> Caller:
    """Return who asks. Raises KeyError where it should have been found out and was not."""
    if settings.environment not in DEPLOYED:
        return Caller(settings.owner_id, scopes=ALL_SCOPES)
    caller: Caller = scope[CALLER]
    return caller
