"""What `make package` builds, for tests and benchmarks that run it."""

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "package.py"
DIST = ROOT / "dist"
# The zip whose libraries this machine can load, if there is one.
HERE = {("Linux", "x86_64"): "query-x86_64", ("Linux", "aarch64"): "query-arm64"}
CANNOT = 3


class Unbuildable(Exception):
    """This machine lacks what the artefacts are built with."""


def build(*names: str, into: Path = DIST) -> str:
    """Build unless that was done from the same input; return what was told. Raises Unbuildable."""
    command = [sys.executable, SCRIPT, "--into", into, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == CANNOT:
        raise Unbuildable(done.stderr.strip())
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def zip_for_this_machine() -> Path:
    """Return the query function's zip that runs here. Raises Unbuildable."""
    name = HERE.get((platform.system(), platform.machine()))
    if name is None:
        raise Unbuildable(f"no artefact is built for {platform.system()} {platform.machine()}")
    build(name)
    return DIST / f"{name}.zip"


def runtime() -> Path:
    """Return an interpreter that has, as Lambda's, only the runtime client. Raises Unbuildable."""
    build("runtime")
    return DIST / "runtime" / "bin" / "python"


def peer() -> Path:
    """Return a folder of the plain peer's libraries, compiled as ours. Raises Unbuildable."""
    build("peer")
    return DIST / "peer"
