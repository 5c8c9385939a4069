"""Which checks an image passes, under one digest: findings of other checks say nothing of these."""

import hashlib
import json
from pathlib import Path

from hub_image_actions.build.read_entries import read_entries
from hub_image_actions.build.settings import BuildSettings

# Counted up when the checks themselves change: what an image passed before is then checked again.
_VERSION = 1


def checks_digest(settings: BuildSettings, folder: Path, checkout: Path) -> str:
    """Return the digest of all that decides what an image's checks find: their settings and their files.

    The files count whether or not they get into the image.

    Args:
        settings: the inputs of the action.
        folder: the folder that the image is built from.
        checkout: the folder of the repository, outside of which nothing is read.

    Raises:
        TooMuchToRead: there are too many files, or they lie too deep.
    """
    hub = settings.hub
    tests = {"folder": settings.tests_dir, "of": settings.repo_dir, "user": settings.user_id}
    server = {
        "command": hub.command,
        "page": hub.default_url,
        "version": hub.version,
        "seconds": hub.timeout,
        "user": [settings.user_name, settings.user_id],
        "browser": hub.browser_tests_dir,
    }
    folders = [settings.tests_dir] if settings.test else []
    folders += [hub.browser_tests_dir] if hub.check else []
    content = {
        "version": _VERSION,
        "tests": tests if settings.test else None,
        "hub": server if hub.check else None,
        "files": [read_entries(folder / name, name, checkout) for name in folders],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
