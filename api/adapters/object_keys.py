"""Which keys every object store takes, and which of them are written once."""

from api.errors import InvalidInput

WRITTEN_ONCE = "results/"
# What S3 holds to be the longest key.
MAX_BYTES = 1_024


def require_key(key: str) -> str:
    """Return the key, which must be a plain relative path. Raises InvalidInput."""
    parts = key.split("/")
    if {"", ".", ".."}.intersection(parts) or "\x00" in key:
        raise InvalidInput(
            f"object key was {key!r}, expected a relative path without '..' or empty parts"
        )
    if (size := len(key.encode())) > MAX_BYTES:
        raise InvalidInput(f"object key had {size} bytes, expected at most {MAX_BYTES}")
    return key


def is_written_once(key: str) -> bool:
    return key.startswith(WRITTEN_ONCE)
