"""`make mutants`: takes each guard away in turn, in a copy of the tree; its test must turn red.

    python -m tests.mutants [words in the names of those to try]

A guard whose removal leaves its test green is not tested, whatever the coverage says.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.guard import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
COPIED = ("api", "models", "engine", "migrations", "tests", "pyproject.toml")
LINKED = ("client", "cloudflare", "docs", ".ci")
OPTIONS = ("-n", "0", "-q", "-x", "--timeout", "30")
RED = 1  # pytest's status when tests were run and some failed


def main(words: list[str]) -> int:
    chosen = [m for m in MUTANTS if all(word in m.name for word in words)]
    survived = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        tree = copy_to(Path(folder))
        for mutant in chosen:
            killed = is_killed(mutant, tree)
            sys.stdout.write(f"{'killed  ' if killed else 'SURVIVED'} {mutant.name}\n")
            sys.stdout.flush()
            survived += [] if killed else [mutant.name]
    sys.stdout.write(f"{len(chosen) - len(survived)} of {len(chosen)} killed\n")
    return len(survived)


def copy_to(folder: Path) -> Path:
    for name in COPIED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, folder / name)
    for name in LINKED:
        (folder / name).symlink_to(ROOT / name)
    return folder


def is_killed(mutant: Mutant, tree: Path) -> bool:
    """Tell whether the test is red; raises ValueError for a patch that does not fit any more."""
    path = tree / mutant.path
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.name}: {mutant.old!r} is {text.count(mutant.old)} times in it")
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *OPTIONS, *mutant.tests],
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree)},
            capture_output=True,
            check=False,
        )
    finally:
        path.write_text(text)
    return done.returncode == RED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
