"""Text people write: normalised, bounded, without characters that hide what it says."""

import unicodedata
from collections.abc import Sequence

from api.errors import InvalidInput

# Controls, formats (bidi overrides, zero-width), surrogates, private use.
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clean_text(
    text: str | None, *, field: Sequence[str], longest: int, lines: bool = False
) -> str | None:
    """Return NFC text without outer blanks; None when nothing is left. Raises InvalidInput."""
    if text is None:
        return None
    normal = unicodedata.normalize("NFC", text).strip()
    if len(normal) > longest:
        raise InvalidInput(
            f"{field[-1]} had {len(normal)} characters; use at most {longest}", field=field
        )
    allowed = "\n\t" if lines else ""
    for character in normal:
        if unicodedata.category(character) in HIDDEN and character not in allowed:
            raise InvalidInput(
                f"{field[-1]} held the control character U+{ord(character):04X}; remove it",
                field=field,
            )
    return normal or None
