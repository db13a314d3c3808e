"""The documents of our own page, by hash: written by its build, and never by a request."""

from functools import cache
from pathlib import Path

import orjson

# Of the client that is built here, and of the one before it: pages stay open through a deployment.
FOLDER = Path(__file__).parents[1] / "documents"
NAMES = ("current.json", "previous.json")


class Trusted:
    """A list that is read when it is first asked, and again when it was built anew."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.paths = [folder / name for name in NAMES]
        self.documents: dict[str, str] = {}
        self._read_at: list[int] = []

    def find(self, digest: str) -> str | None:
        """Return the document of this SHA-256, in lower-case hex."""
        found = self.documents.get(digest)
        return found if found is not None or not self._read() else self.documents.get(digest)

    def _read(self) -> bool:
        """Read the files unless they are as they were; tell whether anything was read."""
        written = [path.stat().st_mtime_ns if path.exists() else 0 for path in self.paths]
        if written == self._read_at:
            return False
        self._read_at, self.documents = written, {}
        for path in self.paths:
            if path.exists():
                self.documents = orjson.loads(path.read_bytes()) | self.documents
        return True


@cache
def trusted() -> Trusted:
    """Return the process's one list."""
    return Trusted()
