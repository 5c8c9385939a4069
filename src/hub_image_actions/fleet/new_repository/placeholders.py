"""What a template leaves open in its files, filled in: names, and the image that the Dockerfile builds on."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub_image_actions.images.dockerfiles import COPIED, bases, is_dockerfile
from hub_image_actions.references import ImageReference


@dataclass(frozen=True)
class Rebased:
    """What became of the image that a repository builds on.

    Args:
        file: the Dockerfile; empty where there is none.
        content: its new content; None where it stays.
        obstacle: why a person has to change it; empty where it is changed, or builds on that image already.
    """

    file: str = ""
    content: bytes | None = None
    obstacle: str = ""


def filled_in(files: Mapping[str, bytes], marks: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files in which a mark stands, with what belongs in its place.

    Args:
        files: the files by path; what is not UTF-8 is no text, and left.
        marks: the marks, and what belongs in the place of each.
    """
    changed = {}
    for path, content in files.items():
        if any(mark.encode() in content for mark in marks):
            try:
                text = content.decode()
            except UnicodeDecodeError:
                continue
            for mark, value in marks.items():
                text = text.replace(mark, value)
            changed[path] = text.encode()
    return changed


def rebased(files: Mapping[str, bytes], base: ImageReference) -> Rebased:
    """Return what has a repository build on an image.

    Args:
        files: the files by path.
        base: the image.
    """
    file = min(filter(is_dockerfile, files), default="")
    if not file:
        return Rebased(obstacle="there is no Dockerfile that could build on it")
    found = [one for one in bases(files[file]) if one.name and one.obstacle != COPIED]
    if len(found) != 1 or "$" in found[0].written:
        return Rebased(file, obstacle="it builds on several images, or on one that is put together")
    if found[0].reference == base:
        return Rebased(file)
    lines = files[file].split(b"\n")
    at, before = found[0].line - 1, found[0].written.encode()
    if lines[at].count(before) != 1:
        return Rebased(file, obstacle="the image is written over several lines")
    lines[at] = lines[at].replace(before, str(base).encode())
    return Rebased(file, b"\n".join(lines))
