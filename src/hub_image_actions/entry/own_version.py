"""Which version of these actions this is."""

import os
from pathlib import Path

from hub_image_actions import __version__, process
from hub_image_actions.errors import CommandError

_SECONDS = 20.0


def own_version(root: Path) -> str:
    """Return the release that this is or goes on from; in a checkout, its commit as well.

    Args:
        root: the folder of these actions.
    """
    commit = _commit(root)
    return f"hub-image-actions {__version__}" + (f" (commit {commit})" if commit else "")


def _commit(root: Path) -> str:
    # An unpacked archive may lie in a checkout of somebody else's.
    if not (root / ".git").exists():
        return ""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return process.run(command, timeout=_SECONDS, env=environ).stdout.strip()
    except CommandError:
        return ""
