"""A user without rights, for code of a repository that has to run on the runner itself.

The runner's own user may read the job's secrets, use Docker and, on GitHub's machines, become root. This one
has a number that no account has, no group, no capability, and no way to get any: `no_new_privs` takes from
`sudo` and from every other setuid program what they could give.
"""

import grp
import os
import pwd
import re
import shlex
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.errors import ActionError, CommandError

# Accounts rarely have these numbers, and users of containers higher ones; whether one is free is looked up.
NUMBERS = range(64_800, 64_900)
# Every user can get at it: checkout and RUNNER_TEMP may be below a home that others may not enter.
SHARED = Path("/tmp")  # noqa: S108  # the folder in it gets a random name and is ours
# Where everybody may leave files.
PLACES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  # searched, not written
_PREFIX = "hub-image-actions-user-"
_NAME = re.compile(rf"{_PREFIX}(\d+)-\w+")
_SUDO = ("sudo", "--non-interactive")
_SECONDS = 60.0


class NoPowerlessUser(ActionError):
    """Nothing can be run here as a user without rights."""


@dataclass(frozen=True)
class PowerlessUser:
    """A user without rights, for as long as `powerless_user` lends them.

    Args:
        number: the number of the user and of their only group.
        folder: a folder of ours, which they can read and not write; it is removed with all that is in it.
        environment: the environment in which `sudo` and `setpriv` are looked for.
    """

    number: int
    folder: Path
    environment: Mapping[str, str]

    def run(
        self,
        command: Sequence[str],
        *,
        variables: Mapping[str, str],
        cwd: Path,
        timeout: int,
        tell: Callable[[str], None],
    ) -> None:
        """Run a program as this user, in an environment that has the given variables and no other.

        Raises:
            CommandError: it cannot be started, takes too long or ends with another status than 0.
        """
        # Outside of the user's reach: they may signal whatever runs as themselves.
        limit = ("timeout", "--signal=KILL", str(timeout))
        alone = ("env", "--ignore-environment", *(f"{name}={value}" for name, value in variables.items()))
        process.stream(
            [*_as_root(), *limit, *_as_user(self.number), *alone, *command],
            tell=tell,
            timeout=timeout + _SECONDS,
            env=self.environment,
            cwd=cwd,
            end=self.end,
        )

    def can_run(self, python: Path) -> bool:
        """Say whether this user gets at a Python, which may be in the home of another."""
        # setpriv itself still finds with the rights of root what it starts: hence by way of `env`.
        command = [*_as_root(), *_as_user(self.number), "env", str(python), "-I", "-c", ""]
        try:
            _run(command, self.environment)
        except CommandError:
            return False
        return True

    def lend(self, name: str) -> Path:
        """Make a folder in which this user can write, and whose name they cannot give to anything else."""
        path = self.folder / name
        path.mkdir()
        # Whoever runs this reads the results.
        path.chmod(0o755)
        owner = f"{self.number}:{self.number}"
        _run([*_as_root(), "chown", "--no-dereference", owner, str(path)], self.environment)
        return path

    def show(self, source: Path, name: str) -> Path:
        """Copy a folder to where this user can read it.

        Links stay links: what they lead to is not copied.

        Raises:
            OSError: it cannot be copied.
        """
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        # pytest lists the folder above the tests.
        path.parent.chmod(0o755 if path.parent != self.folder else 0o711)
        shutil.copytree(source, path, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        _make_readable(path)
        return path

    def end(self) -> None:
        """End all that runs as this user, and remove what they left where everybody may write."""
        # kill spares nothing that it may signal: for a user without rights, these are their own processes.
        places = shlex.join(filter(os.path.isdir, PLACES))
        script = (
            f'[ "$(id -u)" = {self.number} ] || exit 1; kill -s KILL -- -1; '
            f"exec find {places} -xdev -mindepth 1 -user {self.number} -delete"
        )
        with suppress(CommandError):
            # What others keep there cannot be searched, which is no failure.
            _run([*_as_root(), *_as_user(self.number), "sh", "-c", script], self.environment)

    def remove(self) -> None:
        """End all that runs as this user, and remove the folder."""
        self.end()
        with suppress(CommandError):
            _run([*_as_root(), "rm", "-rf", "--", str(self.folder)], self.environment)


@contextmanager
def powerless_user(environment: Mapping[str, str]) -> Iterator[PowerlessUser]:
    """Lend a user without rights; what they run and have ends with the block.

    Args:
        environment: the environment in which `sudo` and `setpriv` are looked for.

    Raises:
        NoPowerlessUser: there is no way to have one.
    """
    _sweep(environment)
    for number in filter(_is_free, NUMBERS):
        if (lock := _lock(number)) is None:
            continue
        with lock:
            _try_out(number, environment)
            folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{number}-", dir=SHARED))
            user = PowerlessUser(number, folder, environment)
            try:
                folder.chmod(0o711)
                yield user
            finally:
                user.remove()
            return
    raise NoPowerlessUser("Every number for a user without rights is taken.", "Run again.")


def _sweep(environment: Mapping[str, str]) -> None:
    """Remove what runs of ours left that were killed: whoever holds the lock of a number is not gone."""
    for folder in SHARED.glob(f"{_PREFIX}*"):
        name = _NAME.fullmatch(folder.name)
        if not name or int(name[1]) not in NUMBERS or folder.is_symlink():
            continue
        with suppress(FileNotFoundError):
            if folder.stat().st_uid == os.geteuid() and (lock := _lock(int(name[1]))):
                with lock:
                    PowerlessUser(int(name[1]), folder, environment).remove()


def _lock(number: int) -> socket.socket | None:
    """Return what keeps other runs from a number until it is closed, or this process ends; None if taken."""
    lock = socket.socket(socket.AF_UNIX)
    try:
        lock.bind(f"\0{_PREFIX}{number}")
    except OSError:
        lock.close()
        return None
    return lock


def _is_free(number: int) -> bool:
    """Say whether no account, no group and no process has a number."""
    for known in (pwd.getpwuid, grp.getgrgid):
        with suppress(KeyError):
            known(number)
            return False
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if entry.stat().st_uid == number:
                return False
    return True


def _try_out(number: int, environment: Mapping[str, str]) -> None:
    try:
        told = _run([*_as_root(), *_as_user(number), "id", "-u"], environment)
    except CommandError as error:
        raise NoPowerlessUser(
            f"Nothing can be run as a user without rights: {error.problem.rstrip('.')}.",
            "It needs `setpriv` of util-linux, and root or `sudo` without a password.",
        ) from error
    if told.strip() != str(number):
        raise NoPowerlessUser(
            "`setpriv` does not change the user.", "Look at what is called so on the runner."
        )


def _as_root() -> tuple[str, ...]:
    return () if os.geteuid() == 0 else _SUDO


def _as_user(number: int) -> tuple[str, ...]:
    ids = (f"--reuid={number}", f"--regid={number}", "--clear-groups", "--no-new-privs")
    powers = ("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all")
    return ("setpriv", *ids, *powers, "--pdeathsig=KILL")


def _run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    return process.run(command, timeout=_SECONDS, env=environment, cwd=SHARED).stdout


def _make_readable(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for path in (Path(root), *(Path(root, name) for name in names)):
            if not path.is_symlink():
                mode = path.stat().st_mode
                executable = 0o111 if mode & 0o100 else 0
                path.chmod(0o644 | executable)
