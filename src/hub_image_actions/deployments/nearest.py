"""The images that deployments name, for somebody who mistyped one."""

import os
import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

from hub_image_actions.errors import ActionError
from hub_image_actions.references import ImageName, find_reference

_MOST, _LEAST_LIKENESS = 3, 0.6
# A file of configuration is no larger, and what is larger holds no names that anybody types.
_LARGEST = 1 << 20
_TOKEN = re.compile(r"[A-Za-z0-9][\w.:-]*/[\w.:@/-]*\w")


class ImageNotDeployed(ActionError):
    """No file names the image."""


def not_deployed(image: ImageName, nearest: tuple[str, ...]) -> ImageNotDeployed:
    """Return the error that says so, with the names that may have been meant."""
    names = ", ".join(nearest)
    remedy = f"Did you mean one of these? {names}." if names else "Check `image`, `registry` and `paths`."
    return ImageNotDeployed(f"No file of the deployments names {image}.", remedy)


def nearest_images(root: Path, paths: Iterable[str], image: ImageName) -> tuple[str, ...]:
    """Return the images below some folders whose names are most like one that is not there.

    Args:
        root: the folder that the paths are relative to.
        paths: files and folders.
        image: the image that was looked for.
    """
    names = {str(name) for text in _texts(root, paths) for name in _named_in(text)}
    likeness = {name: _likeness(name, image) for name in names}
    near = sorted(names, key=lambda name: (-likeness[name], name))
    return tuple(name for name in near if likeness[name] >= _LEAST_LIKENESS)[:_MOST]


def _likeness(name: str, image: ImageName) -> float:
    wanted = str(image)
    # The same image on another registry is what was meant more often than one that is spelled much alike.
    same = name.rpartition("/")[2] == image.short
    return max(float(same), SequenceMatcher(None, name, wanted).ratio())


def _named_in(text: str) -> Iterator[ImageName]:
    # A path of a file looks like an image without a registry; likeness decides.
    for token in set(_TOKEN.findall(text.replace("://", " "))):
        if reference := find_reference(token):
            yield reference.name


def _texts(root: Path, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        top = root / path
        files = [top] if top.is_file() else _files_below(top)
        for file in files:
            if file.stat().st_size <= _LARGEST:
                yield file.read_bytes().decode(errors="replace")


def _files_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        found = (Path(place, name) for name in files)
        yield from (path for path in found if path.is_file() and not path.is_symlink())
