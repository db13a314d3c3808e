"""Where the Lambda runtime's Python is on this machine, and uv."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PYTHON = "3.13"


class Unbuildable(Exception):
    """Something this needs is not here; the message says what to do."""


def find_python() -> Path:
    """Return an interpreter of the runtime's version. Raises Unbuildable."""
    for candidate in candidates():
        if runs(candidate):
            return candidate
    raise Unbuildable(
        f"Python {PYTHON} was not found: an artefact's bytecode must be of the Lambda runtime's"
        f" version. Install it, for instance by `pyenv install {PYTHON}`, or name it with"
        f" PYTHON{PYTHON.replace('.', '')}=/path/to/python{PYTHON}"
    )


def candidates() -> Iterator[Path]:
    named = os.environ.get(f"PYTHON{PYTHON.replace('.', '')}")
    on_path = shutil.which(f"python{PYTHON}")
    yield from (Path(found) for found in (named, on_path) if found)
    # A shim of pyenv's answers only for versions that are switched on.
    pyenv = os.environ.get("PYENV_ROOT") or answer_of("pyenv", "root") or "~/.pyenv"
    versions = Path(pyenv).expanduser() / "versions"
    yield from sorted(versions.glob(f"{PYTHON}*/bin/python{PYTHON}"), reverse=True)
    managed = answer_of(uv(), "python", "find", "--managed-python", PYTHON)
    if managed:
        yield Path(managed)


def runs(python: Path) -> bool:
    told = answer_of(str(python), "-c", "import sys; print(*sys.version_info[:2], sep='.')")
    return told == PYTHON


def answer_of(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if found is None:
        raise Unbuildable("uv was not found: `make install-dev` brings it")
    return found
