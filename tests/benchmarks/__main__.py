"""Run every benchmark of this folder: `python -m tests.benchmarks [module ...]`.

A module joins by having `figures()`, which yields `Figure`s. Exit code 1 when results that must
agree do not; a missed ratio is reported and is no error.
"""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from threadpoolctl import threadpool_limits

from tests.benchmarks.figure import Figure

VERDICTS = {True: "yes", False: "MISSED", None: "-"}
HEADINGS = ("figure", "ours", "peer", "ratio", "target", "met")


def main(names: Sequence[str]) -> int:
    modules = [importlib.import_module(f"tests.benchmarks.{name}") for name in names or find()]
    found: list[Figure] = []
    # One thread of linear algebra on both sides: the ratio is of methods, not of cores. The limit
    # reaches only libraries that are loaded, hence after the imports.
    with threadpool_limits(1):
        for module in modules:
            if hasattr(module, "figures"):
                sys.stderr.write(f"measuring {module.__name__} ...\n")
                found.extend(module.figures())
    sys.stdout.write("\n".join([*table(found), "", *details(found), ""]))
    return 0 if all(check.holds for figure in found for check in figure.checks) else 1


def find() -> list[str]:
    """Return the names of this folder's modules."""
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("[a-z]*.py"))


def table(figures: Sequence[Figure]) -> list[str]:
    rows = [HEADINGS] + [
        (f.name, f.ours, f.peer, f.ratio, f.target, VERDICTS[f.met]) for f in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def details(figures: Sequence[Figure]) -> list[str]:
    lines = []
    for figure in (figure for figure in figures if figure.checks or figure.notes):
        lines.append(figure.name)
        for check in figure.checks:
            verdict = "equal" if check.holds else "NOT EQUAL"
            lines.append(f"  {verdict}: {check.what}: {check.error:.1e} (bound {check.bound:.0e})")
        lines += [f"  {note}" for note in figure.notes]
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
