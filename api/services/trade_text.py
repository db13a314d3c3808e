"""What an owner writes on a trade: bounded, and without characters that hide what it says."""

from collections.abc import Sequence

from api.errors import InvalidInput
from api.services.text import clean_text

LONGEST_NAME, LONGEST_NOTES, LONGEST_REASON, LONGEST_TAG, MOST_TAGS = 100, 10_000, 500, 50, 20


def clean_tags(tags: Sequence[str], *, field: Sequence[str]) -> list[str]:
    """Return labels in their order, each once. Raises InvalidInput."""
    if len(tags) > MOST_TAGS:
        raise InvalidInput(f"tags had {len(tags)} entries; give at most {MOST_TAGS}", field=field)
    cleaned = [clean_text(tag, field=field, longest=LONGEST_TAG) for tag in tags]
    return list(dict.fromkeys(tag for tag in cleaned if tag is not None))


def clean_reason(reason: str, *, asks: str) -> str:
    """Return why something is done, as it is kept. Raises InvalidInput where nothing is said."""
    field = ("input", "reason")
    why = clean_text(reason, field=field, longest=LONGEST_REASON, lines=True)
    if why is None:
        raise InvalidInput(f"reason was empty; say {asks}", field=field)
    return why
