"""Run a command that must end in time: `within.py MINUTES TRIES COMMAND...`, on Linux.

A test runner that hangs says nothing and takes the machine until somebody stops it. Here it is
told what hangs, ended with all it started, and tried again. A command that ends by itself is
never tried twice: its exit code is ours.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

TIMED_OUT = 124  # as coreutils' timeout says it
GRACE = 5.0  # seconds from the request to end to the end


def run_within(seconds: float, command: list[str]) -> int:
    """Return the command's exit code, or TIMED_OUT where it and all it started had to be ended."""
    with subprocess.Popen(command) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            _say(f"within: no end after {seconds / 60:g} minutes; what still runs:")
            _end(process)
    return TIMED_OUT


def _end(process: subprocess.Popen[bytes]) -> None:
    started = _family(process.pid)
    _say("\n".join(map(_described, started)))
    _send(signal.SIGTERM, started)
    until = time.monotonic() + GRACE
    while process.poll() is None or any(map(_runs, started[1:])):
        if time.monotonic() > until:
            _send(signal.SIGKILL, started)
            break
        time.sleep(0.1)


def _family(root: int) -> list[int]:
    """List the process and all that came of it, parents first."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        parent = _read(stat).rpartition(") ")[2].split()[1:2]
        if parent:
            children.setdefault(int(parent[0]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _described(pid: int) -> str:
    """Tell a process: its number, what it waits for in the kernel, its command line."""
    at = Path("/proc", str(pid))
    words = _read(at / "cmdline").replace("\0", " ")
    return f"{pid:>8} {_read(at / 'wchan') or '-':<24} {words[:160]}"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:  # it has ended meanwhile
        return ""


def _runs(pid: int) -> bool:
    """Tell whether the process lives, and is not one whose end nobody has asked for yet."""
    return _read(Path(f"/proc/{pid}/stat")).rpartition(") ")[2][:1] not in ("", "Z")


def _send(number: int, pids: list[int]) -> None:
    for pid in reversed(pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main(minutes: str, tries: str, *command: str) -> int:
    """Try the command until it ends by itself, at most so many times."""
    for attempt in range(1, int(tries) + 1):
        code = run_within(float(minutes) * 60, list(command))
        if code != TIMED_OUT:
            return code
        _say(f"within: try {attempt} of {tries} was ended")
    return TIMED_OUT


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
