"""What must end in time is told, ended with all it started, and tried again."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".ci" / "within.py"
SHORT = str(0.5 / 60)  # half a second


def within(minutes, tries, code):
    command = [sys.executable, SCRIPT, minutes, tries, "bash", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("code", [0, 2, 124 + 3])
def test_what_ends_by_itself_is_tried_once_and_its_code_is_ours(tmp_path, code):
    ran = within("1", "3", f"echo run >>{tmp_path}/runs; exit {code}")

    assert ran.returncode == code
    assert (tmp_path / "runs").read_text() == "run\n"


def test_what_hangs_is_told_ended_with_its_children(tmp_path):
    ran = within(SHORT, "1", f"(trap '' TERM; echo $BASHPID >>{tmp_path}/pids; sleep 611; true)")

    assert ran.returncode == 124
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 1
    assert not any(map(alive, pids))
    assert ran.stdout.count("sleep 611") >= 1
    assert "try 1 of 1 was ended" in ran.stdout


def test_the_second_try_counts(tmp_path):
    ran = within(SHORT, "2", f"[ -e {tmp_path}/once ] && exit 0; touch {tmp_path}/once; sleep 611")

    assert ran.returncode == 0
    assert "try 1 of 2 was ended" in ran.stdout
