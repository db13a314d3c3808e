"""The schema of a deployment: brought up to this version's, never down."""

from collections.abc import Sequence

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from api.errors import DataError, InvalidInput, Unavailable
from migrations.run import newest, upgrade
from models.database import role_settings
from models.session import make_engine, make_sessions, unit_of_work

# A pooler ignores what a connection asks for, so these are set on the role.
TIMEOUTS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
COMMAND_SECONDS = 60.0


async def migrate(address: str, *, to: object = None, roles: Sequence[str] = ()) -> str:
    """Bring the database to the newest revision, check its roles, return the revision.

    A database that is there already is left alone. Raises InvalidInput for another revision,
    DataError when a step failed or a role lacks its timeouts, Unavailable.
    """
    head = newest()
    if to not in (None, "head", head):
        raise InvalidInput(f"revision was {to!r}; a deployment goes to {head} only, never back")
    try:
        await upgrade(address)
    except CommandError as e:
        raise DataError(f"the database is newer than this version: {e}; nothing was done") from None
    except DBAPIError as e:
        raise DataError(f"the migration failed: {_words_of(e)}; nothing was done") from None
    except OSError as e:
        raise Unavailable(f"the database did not answer: {type(e).__name__}") from None
    if missing := await _missing_timeouts(address, roles):
        raise DataError("roles lack timeouts; run: " + " ".join(missing))
    return head


def _words_of(error: DBAPIError) -> str:
    """Return the server's own sentence: ours would quote the statement and its values."""
    said = getattr(error.orig, "__cause__", None) or error.orig
    return f"{getattr(error.orig, 'sqlstate', None) or 'no state'} {type(said).__name__}: {said}"


async def _missing_timeouts(address: str, roles: Sequence[str]) -> list[str]:
    """Return the statements that would set what the roles lack."""
    engine = make_engine(address, pool_size=1, command_timeout_seconds=COMMAND_SECONDS)
    missing: list[str] = []
    try:
        async with unit_of_work(make_sessions(engine)) as session:
            for role in roles:
                found = await role_settings(session, role)
                if found is None:
                    missing.append(f'CREATE ROLE "{role}" LOGIN;')
                missing += [
                    f"ALTER ROLE \"{role}\" SET {name} = '...';"
                    for name in TIMEOUTS
                    if (found or {}).get(name, "0") in ("0", "0s", "0ms")
                ]
    finally:
        await engine.dispose()
    return missing
