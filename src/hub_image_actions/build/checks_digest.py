"""Which checks an image passes, under one digest: findings of other checks say nothing of these."""

import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path

from hub_image_actions.build.settings import BuildSettings

# Counted up when the checks themselves change: what an image passed before is then checked again.
_VERSION = 1
_BLOCK = 1 << 20
# A file as the checks see it: its name, its kind and mode, and what is in it.
_Entry = tuple[str, str, str]


def checks_digest(settings: BuildSettings, folder: Path, checkout: Path) -> str:
    """Return the digest of all that decides what an image's checks find: their settings and their files.

    The files count whether or not they get into the image.

    Args:
        settings: the inputs of the action.
        folder: the folder that the image is built from.
        checkout: the folder of the repository, outside of which nothing is read.
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
    top = checkout.resolve()
    content = {
        "version": _VERSION,
        "tests": tests if settings.test else None,
        "hub": server if hub.check else None,
        "files": [list(_entries(folder / name, name, top, frozenset())) for name in folders],
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _entries(path: Path, name: str, top: Path, inside: frozenset[Path]) -> Iterator[_Entry]:
    """Return what is at a path and below it; of a link its text, and what it leads to within the checkout."""
    if path.is_symlink():
        yield name, "link", str(path.readlink())
    try:
        target = path.resolve()
        mode = target.stat().st_mode
    except (OSError, RuntimeError):
        yield name, "nothing", ""
        return
    if not target.is_relative_to(top) or target in inside:
        return
    if stat.S_ISDIR(mode):
        yield name, f"folder {stat.S_IMODE(mode):o}", ""
        for below in sorted(path.iterdir()):
            yield from _entries(below, f"{name}/{below.name}", top, inside | {target})
    elif stat.S_ISREG(mode):
        yield name, f"file {stat.S_IMODE(mode):o}", _content(target)


def _content(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
