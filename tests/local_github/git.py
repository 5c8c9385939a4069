"""The one place where the local GitHub starts git."""

import functools
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

# The person's own configuration (hooks, signing, url.insteadOf) must not change what a test sees.
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "GitHub",
    "GIT_AUTHOR_EMAIL": "noreply@github.com",
    "GIT_COMMITTER_NAME": "GitHub",
    "GIT_COMMITTER_EMAIL": "noreply@github.com",
    "LC_ALL": "C",
}
SECONDS = 120


class GitError(Exception):
    """A git command that ended with a status other than 0."""

    def __init__(self, arguments: tuple[str, ...], status: int, stderr: bytes) -> None:
        """Keep what was asked and what git said."""
        self.status = status
        self.stderr = stderr.decode(errors="replace")
        super().__init__(f"git {' '.join(arguments)}: status {status}: {self.stderr}")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for git: ours without any GIT_* of the caller, plus `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **ENVIRONMENT, **(more or {})}


def git(
    folder: Path, *arguments: str, data: bytes = b"", more_environment: Mapping[str, str] | None = None
) -> bytes:
    """Run git in a folder and return what it prints.

    Raises:
        GitError: git ended with a status other than 0.
    """
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=data,
        env=environment(more_environment),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise GitError(arguments, done.returncode, done.stderr)
    return done.stdout


@functools.lru_cache(maxsize=1)
def http_backend() -> str:
    """Return the path of git's own CGI program for smart HTTP."""
    folder = subprocess.run(
        ["git", "--exec-path"], check=True, capture_output=True, text=True, timeout=SECONDS
    )
    return str(Path(folder.stdout.strip()) / "git-http-backend")
