"""Ids that are unique across types: `<type>_<uuid>`."""

from uuid import UUID

import strawberry

from api.errors import InvalidInput
from api.limits import LIMITS


@strawberry.interface(description="Anything with an id of its own; fetch it again by `node`.")
class Node:
    id: strawberry.ID = strawberry.field(description="Global id: the type and a UUID.")


def global_id(kind: str, uuid: UUID) -> strawberry.ID:
    return strawberry.ID(f"{kind}_{uuid}")


def parse_id(value: str) -> tuple[str, UUID] | None:
    """Split a global id; None for what is no id of ours, which is the same as not found.

    Raises InvalidInput with reason BAD_VALUE for what is longer than any id.
    """
    if len(value) > LIMITS.id_characters:
        raise InvalidInput(
            f"id had {len(value):,} characters; pass an id of at most {LIMITS.id_characters}",
            field=("id",),
            reason="BAD_VALUE",
        )
    kind, _, text = value.rpartition("_")
    try:
        uuid = UUID(text)
    except ValueError:
        return None
    # Braces, urn: and missing hyphens parse too, but one thing has one id.
    return (kind, uuid) if str(uuid) == text else None


def uuid_of(value: str, kind: str) -> UUID | None:
    """Return the UUID of an id of this type, else None."""
    parsed = parse_id(value)
    return parsed[1] if parsed is not None and parsed[0] == kind else None
