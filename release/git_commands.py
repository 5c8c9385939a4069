"""The git of whoever releases: their name, their key, and what to do where it refuses."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.errors import CommandError, GitError

BRANCH = "main"
_TIME_LIMIT = 300.0
# Set by a git hook, these would point at another repository.
# Source: https://git-scm.com/docs/githooks (hooks run with GIT_DIR and others set).
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
_REMEDIES = {
    "GH006|GH013|protected branch|pre-receive hook declined": (
        f"A rule protects {BRANCH} or the tag: let whoever releases bypass it, as docs/releases.md says."
    ),
    "non-fast-forward|fetch first|stale info|already exists|cannot lock ref": (
        "Somebody pushed meanwhile: run again."
    ),
    "could not read Username|Authentication failed|error: 40[13]|Permission denied|Write access": (
        "Let git push there without asking: by a credential helper, or a key in ssh-agent."
    ),
    "does not appear to be a git repository|No such remote": "Name the remote to release to with `--remote`.",
    "empty ident|tell me who you are": "Set user.name and user.email in git's configuration.",
}


class Git:
    """Runs git in a folder.

    Args:
        folder: the top folder of a clone.
        environ: the environment that git runs in.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = {name: value for name, value in environ.items() if name not in _ELSEWHERE}
        self._environ["GIT_TERMINAL_PROMPT"] = "0"

    def __call__(self, *arguments: str, stdin: str = "", more: Mapping[str, str] | None = None) -> str:
        """Run a command of git, and return what it prints.

        Args:
            arguments: the words after `git`.
            stdin: what it reads.
            more: variables for this command only.

        Raises:
            GitError: it failed.
        """
        try:
            done = process.run(
                ["git", *arguments],
                stdin=stdin,
                timeout=_TIME_LIMIT,
                env={**self._environ, **(more or {})},
                cwd=self._folder,
            )
        except CommandError as error:
            raise _error(arguments, error) from error
        return done.stdout.removesuffix("\n")


def _error(arguments: Iterable[str], error: CommandError) -> GitError:
    said = "\n".join(filter(None, (error.stderr.strip(), error.stdout.strip()))) or str(error)
    lines = " | ".join(line.strip() for line in said.splitlines() if line.strip())
    remedy = next((text for pattern, text in _REMEDIES.items() if re.search(pattern, said)), "")
    return GitError(f"git {next(iter(arguments))} failed: {lines.rstrip('.')}.", remedy or error.remedy)
