"""Objects as files under one folder."""

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from api.errors import InvalidInput, NotFound, Unavailable

PARTIAL = ".partial-"


class LocalStore:
    """Keep each object in a file; a reader sees the whole object or none of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    async def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        try:
            await asyncio.to_thread(_write_whole, path, content)
        except OSError as e:
            raise Unavailable(f"object {key!r} could not be stored: {e.strerror}") from e

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except (FileNotFoundError, IsADirectoryError) as e:
            raise NotFound(f"object {key!r} was not found") from e
        except OSError as e:
            raise Unavailable(f"object {key!r} could not be read: {e.strerror}") from e

    async def list(self, prefix: str) -> Sequence[str]:
        return await asyncio.to_thread(_keys, self.root, prefix)

    async def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as e:
            raise Unavailable(f"object {key!r} could not be removed: {e.strerror}") from e

    def _path(self, key: str) -> Path:
        """Return the file of a key, which must stay inside our folder."""
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts or "\x00" in key:
            raise InvalidInput(f"object key was {key!r}, expected a relative path without '..'")
        return self.root.joinpath(*parts)


def _keys(root: Path, prefix: str) -> list[str]:
    folder = root / prefix.rpartition("/")[0]
    files = (path for path in folder.rglob("*") if path.is_file())
    keys = (path.relative_to(root).as_posix() for path in files if PARTIAL not in path.name)
    return sorted(key for key in keys if key.startswith(prefix))


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside the place and move in: a crash leaves no half object under the key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}{PARTIAL}{secrets.token_hex(4)}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
