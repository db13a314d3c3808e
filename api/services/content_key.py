"""The identity of a run: one hash over everything that can move a number in it."""

import hashlib
import json
import math
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def content_key(components: Mapping[str, Any]) -> str:
    """Hash the components of a run; equal content gives an equal key, in any order of keys."""
    return digest(components)


def joined_key(written: Mapping[str, bytes]) -> str:
    """Return the key of components whose canonical JSON is at hand, by their ASCII names.

    Thousands of runs that share most of their components write those once.
    """
    pairs = (b'"%s":%s' % (name.encode(), written[name]) for name in sorted(written))
    return hashlib.sha256(b"{" + b",".join(pairs) + b"}").hexdigest()


def component_hashes(components: Mapping[str, Any]) -> dict[str, str]:
    """Hash each component apart, so that two runs can say which of their inputs differ."""
    return {name: digest(value) for name, value in components.items()}


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Write a value so that equal values give equal bytes.

    Keys are sorted, text is NFC, floats are the shortest that round-trip, -0.0 is 0.0, dates are
    ISO and decimals lose trailing zeros. NaN and infinity are refused.
    """
    text = json.dumps(
        _plain(value),
        ensure_ascii=False,
        allow_nan=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return text.encode()


def _plain(value: Any) -> Any:
    match value:
        case bool() | int() | None:
            return value
        case str():
            return unicodedata.normalize("NFC", value)
        case float():
            return _finite(value)
        case Decimal():
            return format(value.normalize(), "f")
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(_plain(key)): _plain(item) for key, item in value.items()}
        case Sequence():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form; found {value!r}")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no canonical form; leave the field out instead")
    return value + 0.0  # turns -0.0 into 0.0
