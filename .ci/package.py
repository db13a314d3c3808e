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
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from artefacts import ABOUT, ARTEFACTS, NEVER, OURS, Artefact
from interpreters import PYTHON, Unbuildable, answer_of, find_python, uv
from trees import (
    compile_all,
    compile_libraries,
    keep_services,
    pack,
    prune,
    shelve,
    strip_libraries,
)

HERE = Path(__file__).parent
ROOT = HERE.parent
# What decides, beside a lock, how libraries are brought.
BUILDERS = tuple(HERE / f"{name}.py" for name in ("artefacts", "interpreters", "package", "trees"))
DIST = ROOT / "dist"
MEGABYTE = 1_000_000
# Of what Lambda itself brings: the client of its runtime API, on an interpreter for this machine.
RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")
# What a plain query function stands on beside our libraries: its start is measured beside ours.
PEER = ("fastapi", "annotated-doc", "opentelemetry-api")


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


def fingerprints(artefact: Artefact, python: Path) -> tuple[str, str]:
    """Tell two inputs apart: what brings the libraries, and all of it."""
    lock = ROOT / f"requirements-{artefact.lock}.lock"
    digest = hashlib.sha256((answer_of(str(python), "-VV") or "").encode())
    digest.update(b"\0".join(path.read_bytes() for path in (lock, *BUILDERS)))
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
