"""What is done to a tree of libraries before it is deployed: pruned, cut, compiled, packed."""

import json
import os
import shutil
import stat
import struct
import subprocess
import zipfile
from collections.abc import Iterable, Set
from pathlib import Path

INSTALLED_AT = "/var/task"  # what a traceback shows
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first instant a zip can tell
FILE_MODE = (stat.S_IFREG | 0o644) << 16
SHELF = "libraries.shelf"


def prune(tree: Path, patterns: Iterable[str]) -> None:
    for path in (path for pattern in patterns for path in list(tree.glob(pattern))):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()


def keep_services(data: Path, services: Set[str]) -> None:
    """Leave the SDK's descriptions of what our adapters speak to, and its general files."""
    for place in [path for path in data.iterdir() if path.is_dir()]:
        if place.name not in services:
            shutil.rmtree(place)


def strip_libraries(tree: Path) -> None:
    """Cut each library behind what is loaded: half of their bytes are for debuggers.

    By the ELF64 header and without binutils, which know one machine's files only.
    """
    for path in tree.rglob("*.so*"):
        library = bytearray(path.read_bytes())
        if library[:5] != b"\x7fELF\x02":
            continue
        (start,) = struct.unpack_from("<Q", library, 0x20)
        size, count = struct.unpack_from("<HH", library, 0x36)
        segments = (struct.unpack_from("<8xQ16xQ", library, start + size * n) for n in range(count))
        end = max(offset + length for offset, length in segments)
        struct.pack_into("<Q", library, 0x28, 0)  # no table of sections ...
        struct.pack_into("<HH", library, 0x3C, 0, 0)  # ... of no entries, without names
        path.write_bytes(library[:end])


def compile_libraries(tree: Path, python: Path, *, keep_sources: bool) -> None:
    places = sorted(tree.iterdir())
    if keep_sources:
        compile_all(places, tree, python, "-j", "0")
        return
    compile_all(places, tree, python, "-b")
    for place in places:
        for source in [place] if place.suffix == ".py" else place.rglob("*.py"):
            source.unlink()


def shelve(tree: Path) -> None:
    """Move the modules into one file: an index in a line of its own, then their bytecode.

    Of each module the index has whether it is a package, and where behind the line it lies.
    """
    index: dict[str, tuple[bool, int, int]] = {}
    shelf = bytearray()
    for path in sorted(tree.rglob("*.pyc")):
        name, is_package = module_of(path.relative_to(tree))
        bytecode = path.read_bytes()
        index[name] = (is_package, len(shelf), len(shelf) + len(bytecode))
        shelf += bytecode
        path.unlink()
    (tree / SHELF).write_bytes(json.dumps(index).encode() + b"\n" + shelf)


def module_of(path: Path) -> tuple[str, bool]:
    """Return a module's name and whether it is a package."""
    parts = path.with_suffix("").parts
    is_package = parts[-1] == "__init__"
    return ".".join(parts[:-1] if is_package else parts), is_package


def compile_all(places: list[Path], tree: Path, python: Path, *options: str) -> None:
    """Compile so that nobody checks the sources again, and to the same bytes each time."""
    command = [
        str(python), "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
        "-s", str(tree), "-p", INSTALLED_AT, *options, *map(str, places),
    ]  # fmt: skip
    # Sets of constants are written in the order of their hashes.
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})


def pack(tree: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(path for path in tree.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), date_time=EPOCH)
            entry.external_attr = FILE_MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
