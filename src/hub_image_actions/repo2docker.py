"""repo2docker, in an environment of its own, of the version that the user chooses."""

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.errors import ActionError, CommandError

DEFAULT_VERSION = "2026.04.0"
_VERSION = re.compile(r"\d{4}\.\d{1,2}\.\d+(?:[.\w+-]*)?")
_REQUIREMENT = re.compile(r"(?:jupyter[-_])?repo2docker\s*(?:\[[\w,]+\])?\s*(?:[<>=!~]=?.+)?", re.IGNORECASE)
_FIRST_WITH_BUILDX = 2025
_INSTALL = 600.0


class InvalidVersion(ActionError):
    """A text that names no version of repo2docker."""


def parse_version(text: str) -> str:
    """Return what pip installs for a version, a requirement or a git address.

    Raises:
        InvalidVersion: it is none of them.
    """
    if _VERSION.fullmatch(text):
        return f"jupyter-repo2docker=={text}"
    if text.startswith(("git+https://", "https://")):
        return f"jupyter-repo2docker @ {text}"
    if _REQUIREMENT.fullmatch(text):
        return re.sub(r"^(?:jupyter[-_])?repo2docker", "jupyter-repo2docker", text, flags=re.IGNORECASE)
    raise InvalidVersion(
        f"{text!r} names no version of repo2docker.",
        f"Write `{DEFAULT_VERSION}`, a requirement as `jupyter-repo2docker>=2025.8`, or `git+https://…`.",
    )


@dataclass(frozen=True)
class Repo2docker:
    """An installed repo2docker.

    Args:
        python: the interpreter of its environment.
        version: its version.
    """

    python: Path
    version: str

    @property
    def uses_buildx(self) -> bool:
        """Whether it calls `docker buildx`, as it does from 2025 on, and not the engine's older build API."""
        return int(self.version.partition(".")[0]) >= _FIRST_WITH_BUILDX

    def command(self, options: Sequence[str]) -> list[str]:
        """Return the command line for building."""
        return [str(self.python), "-I", "-m", "repo2docker", *options]


def install(
    requirement: str, lock: Path, folder: Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> Repo2docker:
    """Install repo2docker into an environment of its own, unless it is there already.

    Args:
        requirement: what pip is to install, see :func:`parse_version`.
        lock: the hash-locked list for the default version.
        folder: where environments are kept for this job.
        environment: the environment in which pip runs.
        tell: told what is done.

    Raises:
        ActionError: it cannot be installed.
    """
    home = _home(requirement, lock, folder)
    python = home / "bin" / "python"
    try:
        if not python.exists():
            _make(home, requirement, lock, environment)
    except CommandError as error:
        said = error.stderr.strip() or error.stdout.strip()
        raise ActionError(
            f"repo2docker ({requirement}) cannot be installed: {' '.join(said.splitlines()[-1:])}",
            "Check `repo2docker-version`; on a runner of your own, install Python's venv module.",
        ) from error
    # What pip noted down is read faster than Python starts.
    (noted,) = home.glob("lib/python*/site-packages/jupyter_repo2docker-*.dist-info")
    version = noted.name.removesuffix(".dist-info").rpartition("-")[2]
    tell(f"repo2docker {version}")
    return Repo2docker(python, version)


def is_installed(requirement: str, lock: Path, folder: Path) -> bool:
    """Say whether repo2docker is there already; see :func:`install`."""
    return (_home(requirement, lock, folder) / "bin" / "python").exists()


def _make(home: Path, requirement: str, lock: Path, environment: Mapping[str, str]) -> None:
    """Make the environment elsewhere, so that one that is there is whole, whoever else makes it just now."""
    wanted = ["--require-hashes", "--no-deps", "-r", str(lock)] if _is_locked(requirement) else [requirement]
    with tempfile.TemporaryDirectory(dir=home.parent, ignore_cleanup_errors=True) as name:
        made = Path(name, "environment")
        # An environment refers to the Python that makes it, and a link to that may be gone tomorrow.
        base = str(Path(sys.executable).resolve())
        process.run([base, "-I", "-m", "venv", str(made)], timeout=_INSTALL, env=environment)
        pip = [str(made / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet"]
        process.run([*pip, "--disable-pip-version-check", *wanted], timeout=_INSTALL, env=environment)
        if not is_installed(requirement, lock, home.parent):
            shutil.rmtree(home, ignore_errors=True)
        with suppress(OSError):
            # Somebody else's, made meanwhile, is as good.
            made.rename(home)


def _home(requirement: str, lock: Path, folder: Path) -> Path:
    key = lock.read_bytes() if _is_locked(requirement) else requirement.encode()
    return folder / f"repo2docker-{hashlib.sha256(key).hexdigest()[:12]}"


def _is_locked(requirement: str) -> bool:
    return requirement == parse_version(DEFAULT_VERSION)
