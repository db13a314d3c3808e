"""The hits of a finished scan, read from where its worker put them."""

import gzip
from typing import Any

import orjson

from api.errors import DataError, NotFound
from api.ports import ObjectStore
from models.scan import Scan


def hits_key(prefix: str) -> str:
    """Object key of a scan's hits: a JSON array, gzipped."""
    return f"{prefix}hits.json.gz"


async def read_hits(store: ObjectStore, scan: Scan) -> list[dict[str, Any]]:
    """Return the hits, best first; none before the scan has succeeded."""
    if scan.result_prefix is None:
        return []
    key = hits_key(scan.result_prefix)
    try:
        found: list[dict[str, Any]] = orjson.loads(gzip.decompress(await store.get(key)))
    except NotFound as e:
        raise DataError(f"{key} is published but not stored") from e
    return found
