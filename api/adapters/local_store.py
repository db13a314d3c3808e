"""Objects as files under one folder."""

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from api.adapters.object_keys import is_written_once, require_key
from api.errors import Conflict, NotFound, Unavailable

PARTIAL = ".partial-"


class LocalStore:
    """Keep each object in a file; a reader sees the whole object or none of it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    async def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        place = os.link if is_written_once(key) else Path.replace
        try:
            await asyncio.to_thread(_write_whole, path, content, place=place)
        except FileExistsError as e:
            if await self.get(key) != content:
                raise Conflict(f"object {key!r} has other content, and is written once") from e
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
        return self.root / require_key(key)


def _keys(root: Path, prefix: str) -> list[str]:
    folder = root / prefix.rpartition("/")[0]
    files = (path for path in folder.rglob("*") if path.is_file())
    keys = (path.relative_to(root).as_posix() for path in files if PARTIAL not in path.name)
    return sorted(key for key in keys if key.startswith(prefix))


def _write_whole(path: Path, content: bytes, *, place: Callable[[Path, Path], object]) -> None:
    """Write beside the place and move in: a crash leaves no half object under the key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}{PARTIAL}{secrets.token_hex(4)}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        place(partial, path)
    finally:
        partial.unlink(missing_ok=True)
