"""Environments of Python tools that are no run-time libraries of ours, each made once a job."""

import hashlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.ownership import owned_folder

_INSTALL = 600.0
# The rights of a file that is copied from an environment into an image are in the key of the cached layer.
_UMASK = 0o022


@dataclass(frozen=True)
class ToolEnvironment:
    """An environment that holds one tool and what it needs.

    Args:
        name: the tool's name.
        wanted: what pip is to install: requirements, or options.
        key: what the content depends on.
        folder: where environments are kept for this job.
        base: the Python that it is an environment of.
    """

    name: str
    wanted: tuple[str, ...]
    key: bytes
    folder: Path
    base: Path = Path(sys.executable)

    @classmethod
    def locked(
        cls, name: str, lock: Path, folder: Path, base: Path = Path(sys.executable)
    ) -> "ToolEnvironment":
        """Return the environment that a hash-locked list describes."""
        wanted = ("--require-hashes", "--no-deps", "-r", str(lock))
        return cls(name, wanted, lock.read_bytes(), folder, base)

    @classmethod
    def required(cls, name: str, requirements: tuple[str, ...], folder: Path) -> "ToolEnvironment":
        """Return the environment of some requirements and whatever they need."""
        return cls(name, requirements, "\n".join(requirements).encode(), folder)

    @property
    def home(self) -> Path:
        """The environment's folder."""
        own = self.base == Path(sys.executable)
        key = self.key if own else self.key + bytes(self.base)
        return self.folder / f"{self.name}-{hashlib.sha256(key).hexdigest()[:12]}"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.home / "bin" / "python"

    def is_there(self) -> bool:
        """Say whether it is made already."""
        return self.python.exists()

    def make(self, environment: Mapping[str, str]) -> None:
        """Make it, unless it is there already.

        It is made elsewhere, so that one that is there is whole, whoever else makes it just now.

        Args:
            environment: the environment in which pip runs.

        Raises:
            CommandError: pip cannot install it.
        """
        if self.is_there():
            return
        with owned_folder("environment", self.folder) as folder:
            made = folder / "environment"
            _install(made, self.wanted, environment, self.base)
            if not self.is_there():
                shutil.rmtree(self.home, ignore_errors=True)
            with suppress(OSError):
                # Somebody else's, made meanwhile, is as good.
                made.rename(self.home)


def _install(made: Path, wanted: Sequence[str], environment: Mapping[str, str], python: Path) -> None:
    # An environment refers to the Python that makes it, and a link to that may be gone tomorrow.
    base = str(python.resolve())
    process.run([base, "-I", "-m", "venv", str(made)], timeout=_INSTALL, env=environment, umask=_UMASK)
    pip = [str(made / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet"]
    command = [*pip, "--disable-pip-version-check", *wanted]
    process.run(command, timeout=_INSTALL, env=environment, umask=_UMASK)
