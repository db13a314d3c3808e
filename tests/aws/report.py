"""The fault matrix as it was run: a cell per fault and step, and what is not injected here."""

from collections.abc import Sequence

from tests.aws.faults.matrix import Cell

# Faults that have no cell here, and why.
ELSEWHERE = {
    "F12": "tests/aws/faults/test_faults_poison.py",
    "F14": "tests/aws/test_rotation.py",
    "F15": "n/a: a function keeps no scratch cache",
    "F17": "tests/aws/faults/test_faults_poison.py, and the flood of this run",
}


def matrix(cells: Sequence[Cell]) -> str:
    """Return a line per fault: its cells, or where it is tested instead."""
    lines = ["", "fault  cells that were run"]
    for number in range(1, 19):
        fault = f"F{number}"
        steps = [cell.steps for cell in cells if cell.fault == fault]
        lines.append(f"{fault:<6} {', '.join(steps) or ELSEWHERE.get(fault, 'not run')}")
    return "\n".join(lines)
