#!/usr/bin/env python3
"""Build what is deployed: `package.py [--into FOLDER] query-arm64 query-x86_64 worker sizes`.

1. Take an artefact's hashed lock for the platform and Python of the Lambda runtime.
2. Remove what the functions never import.
3. Add our own packages.
4. Cut debugging information off the libraries.
5. Compile with that Python. Of what others wrote the query function keeps the bytecode alone, all
   of it in one file, which `api/lambdas/shelf.py` opens.
6. Zip the query function in a fixed order with fixed times: the same input gives the same bytes.
7. Tell the sizes.

What is built already from the same input is left as it is.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
PYTHON = "3.13"
INSTALLED_AT = "/var/task"  # what a traceback shows
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first instant a zip can tell
FILE_MODE = (stat.S_IFREG | 0o644) << 16
MEGABYTE = 1_000_000

# Sources of extensions, stubs, tests and manuals: no import reads them.
NEVER = (
    "**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.pxi", "**/*.c", "**/*.h", "**/*.cpp", "**/*.hpp",
    "**/*.md", "**/*.rst", "**/*.exe", "**/py.typed", "**/tests", "bin",
    "*.dist-info/licenses", "*.dist-info/sboms", "*.dist-info/RECORD", "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED", "*.dist-info/direct_url.json",
)  # fmt: skip
NOT_IN_QUERY = (
    # Entry points and versions of others are looked up nowhere, our own version is.
    "*.dist-info",
    # Its resources are of no use to aioboto3's clients.
    "boto3/data", "boto3/examples",
    # The compiled module is all that cryptography takes from it.
    "cffi", "pycparser", "jsonschema/benchmarks",
    "sqlalchemy/dialects/mssql", "sqlalchemy/dialects/mysql", "sqlalchemy/dialects/oracle",
    "sqlalchemy/dialects/sqlite", "sqlalchemy/testing", "greenlet/platform",
    "pydantic/v1", "pydantic/mypy.py",
    "strawberry/cli", "strawberry/codegen", "strawberry/schema_codegen", "strawberry/django",
    "strawberry/flask", "strawberry/chalice", "strawberry/litestar", "strawberry/sanic",
    "strawberry/channels", "strawberry/quart", "strawberry/static", "strawberry/ext/mypy_plugin.py",
    "aws_lambda_powertools/event_handler", "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/kafka", "aws_lambda_powertools/utilities/data_classes",
    "aws_lambda_powertools/utilities/data_masking", "aws_lambda_powertools/utilities/idempotency",
    "aws_lambda_powertools/utilities/validation", "aws_lambda_powertools/utilities/streaming",
)  # fmt: skip
WORK_OF_OTHERS = (
    "api/cli", "api/adapters/child_*", "api/adapters/embedded_postgres.py", "api/adapters/sample_*",
    "api/adapters/universes", "api/adapters/universe_lists.py", "api/adapters/listed_files.py",
    "api/adapters/membership_csv.py",
    "api/lambdas/backtest.py", "api/lambdas/ingest.py", "api/lambdas/migrate.py",
    "api/lambdas/sweeper.py",
)  # fmt: skip
# Of the SDK's descriptions those of the services our adapters speak to, and of none in particular.
SERVICES = {"s3", "sqs", "secretsmanager", "sts"}
TRACED = {"xray"}  # asked by the workers' tracer
NOT_IN_WORKER = ("**/test", "sklearn/datasets/images", "plotly/package_data/plotly.min.js")


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """What one kind of function is made of."""

    name: str
    lock: str
    platform: str
    contents: tuple[str, ...]  # of the repository
    pruned: tuple[str, ...]  # of the libraries
    left_out: tuple[str, ...]  # of the contents
    services: Set[str]  # of the SDK
    zipped: bool

    def tree(self, into: Path) -> Path:
        return into / self.name / "tree"

    def zip(self, into: Path) -> Path:
        return into / f"{self.name}.zip"

    def stamp(self, into: Path) -> Path:
        """Return the file that tells what the tree was built from."""
        return into / self.name / "built-from"


OURS = ("api", "models", "engine", "migrations")
ABOUT = "potential_parakeet"
SHELF = "libraries.shelf"
# Of the engine only what is plain Python and computed on request.
QUERY = (
    "api", "models", "engine/__init__.py", "engine/errors.py", "engine/overfitting.py",
    "engine/inputs.py", "engine/regime_allocation.py", "engine/scenarios.py", "engine/warmup.py",
)  # fmt: skip


def of_query(name: str, machine: str) -> Artefact:
    return Artefact(
        name=f"query-{name}",
        lock="query",
        platform=f"{machine}-manylinux_2_28",
        contents=QUERY,
        pruned=NOT_IN_QUERY,
        left_out=WORK_OF_OTHERS,
        services=SERVICES,
        zipped=True,
    )


WORKER = Artefact(
    name="worker",
    lock="worker",
    platform="aarch64-manylinux_2_28",
    contents=OURS,
    pruned=NOT_IN_WORKER,
    left_out=(),
    services=SERVICES | TRACED,
    zipped=False,
)
ARTEFACTS = {
    made.name: made for made in (of_query("arm64", "aarch64"), of_query("x86_64", "x86_64"), WORKER)
}


# Of what Lambda itself brings: the client of its runtime API, on an interpreter for this machine.
RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
# What a plain query function stands on beside our libraries: its start is measured beside ours.
PEER = ("fastapi", "annotated-doc", "opentelemetry-api")


class Unbuildable(Exception):
    """Something this needs is not here; the message says what to do."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="+", choices=[*ARTEFACTS, "runtime", "peer", "sizes"])
    parser.add_argument("--into", type=Path, default=DIST, help="where to build; default: dist")
    given = parser.parse_args(arguments)
    try:
        for name in given.names:
            if name in ARTEFACTS:
                build(ARTEFACTS[name], given.into.resolve())
        if "runtime" in given.names:
            make_runtime(given.into.resolve() / "runtime")
        if "peer" in given.names:
            make_peer(given.into.resolve() / "peer")
    except Unbuildable as e:
        sys.stderr.write(f"{e}\n")
        return 3
    if "sizes" in given.names:
        made = [a for a in ARTEFACTS.values() if a.stamp(given.into).exists()]
        sys.stdout.write("\n".join(line for a in made for line in sizes(a, given.into)) + "\n")
    return 0


def build(artefact: Artefact, into: Path) -> None:
    """Build what the input of the last build leaves to do; callers at the same time take turns."""
    into.mkdir(parents=True, exist_ok=True)
    with (into / ".building").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        python = find_python()
        tree, stamp = artefact.tree(into), artefact.stamp(into)
        brought = stamp.with_name("brought-from")
        theirs, ours = fingerprints(artefact, python)
        if not brought.exists() or brought.read_text() != theirs:
            stamp.unlink(missing_ok=True)
            shutil.rmtree(tree, ignore_errors=True)
            bring_libraries(artefact, tree, python)
            brought.write_text(theirs)
        if not stamp.exists() or stamp.read_text() != ours:
            stamp.unlink(missing_ok=True)
            add_ours(artefact, tree, python)
            if artefact.zipped:
                pack(tree, artefact.zip(into))
            stamp.write_text(ours)


def bring_libraries(artefact: Artefact, tree: Path, python: Path) -> None:
    install(artefact, tree)
    prune(tree, (*NEVER, *artefact.pruned))
    keep_services(tree / "botocore" / "data", artefact.services)
    strip_libraries(tree)
    compile_libraries(tree, python, keep_sources=not artefact.zipped)
    if artefact.zipped:
        shelve(tree)


def make_runtime(place: Path) -> None:
    """Make an environment that runs a tree as Lambda does, unless it is there."""
    if (place / "bin" / "python").exists():
        return
    fresh = place.with_name("runtime-fresh")
    subprocess.run([uv(), "venv", "--quiet", "--clear", "-p", find_python(), fresh], check=True)
    add_to("--python", fresh / "bin" / "python", packages=RUNTIME)
    fresh.rename(place)


def make_peer(place: Path) -> None:
    """Make a folder of the peer's libraries, compiled as ours, unless it is there."""
    if place.exists():
        return
    fresh, python = place.with_name("peer-fresh"), find_python()
    ours = ("-r", ROOT / "requirements-query.lock")
    add_to("--python", python, "--target", fresh, *ours, packages=PEER)
    compile_libraries(fresh, python, keep_sources=False)
    fresh.rename(place)


def add_to(*where: str | Path, packages: Iterable[str]) -> None:
    """Install the packages alone, in the versions that the workers have."""
    command = [
        uv(), "pip", "install", "--quiet", *where, "--compile-bytecode", "--no-deps",
        "-c", str(ROOT / "requirements-worker.lock"), *packages,
    ]  # fmt: skip
    subprocess.run(command, check=True)


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


def fingerprints(artefact: Artefact, python: Path) -> tuple[str, str]:
    """Tell two inputs apart: what brings the libraries, and all of it."""
    lock = ROOT / f"requirements-{artefact.lock}.lock"
    digest = hashlib.sha256((answer_of(str(python), "-VV") or "").encode())
    digest.update(lock.read_bytes() + Path(__file__).read_bytes())
    theirs = digest.hexdigest()
    for path in [ROOT / "pyproject.toml", *sources(artefact)]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return theirs, digest.hexdigest()


def sources(artefact: Artefact) -> list[Path]:
    found: set[Path] = set()
    for name in artefact.contents:
        place = ROOT / name
        found |= {place} if place.is_file() else {p for p in place.rglob("*") if p.is_file()}
    return sorted(p for p in found if p.suffix != ".pyc")


def install(artefact: Artefact, tree: Path) -> None:
    command = [
        uv(), "pip", "install", "--quiet", "--target", str(tree), "--link-mode", "copy",
        "--python-platform", artefact.platform, "--python-version", PYTHON,
        "--only-binary", ":all:", "--no-deps", "--require-hashes",
        "-r", str(ROOT / f"requirements-{artefact.lock}.lock"),
    ]  # fmt: skip
    subprocess.run(command, check=True)


def add_ours(artefact: Artefact, tree: Path, python: Path) -> None:
    prune(tree, (*OURS, f"{ABOUT}-*.dist-info"))
    for path in sources(artefact):
        copy = tree / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    prune(tree, artefact.left_out)
    # The API tells its version, which it reads where an installer would have left it.
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    about = tree / f"{ABOUT}-{version}.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text(f"Metadata-Version: 2.1\nName: {ABOUT}\nVersion: {version}\n")
    compile_all([tree / name for name in OURS if (tree / name).exists()], tree, python)


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


def sizes(artefact: Artefact, into: Path) -> Iterator[str]:
    """Yield a table of the largest parts and the totals, in megabytes."""
    tree = artefact.tree(into)
    parts = {place.name: size_of(place) for place in tree.iterdir()}
    yield f"{artefact.name}"
    for name, size in sorted(parts.items(), key=lambda part: -part[1])[:10]:
        yield f"  {name:<28}{size / MEGABYTE:9.1f} MB"
    yield f"  {'all, unzipped':<28}{sum(parts.values()) / MEGABYTE:9.1f} MB"
    if artefact.zipped:
        yield f"  {'zipped':<28}{artefact.zip(into).stat().st_size / MEGABYTE:9.1f} MB"


def size_of(place: Path) -> int:
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
