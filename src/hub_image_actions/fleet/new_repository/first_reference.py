"""A hub's first reference to its image: where it goes in the deployments, spliced in or told to a person.

The shapes are those in which deployments name images: hubploy's list of names, and Helm's name and tag.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode, SequenceNode

from hub_image_actions.deployments.documents import sightings
from hub_image_actions.fleet.workflows.variables import PLACEHOLDER
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, WorkflowUnreadable, entries
from hub_image_actions.fleet.workflows.yaml_splice import EntryMissing, find, insert_item
from hub_image_actions.references import ImageName

_HUBPLOY, _HELM = "hubploy.yaml", "config/common.yaml"
_HELM_WAY = ("jupyterhub", "singleuser")
_BOM = "\ufeff"


@dataclass(frozen=True)
class FirstReference:
    """What is to be written so that a hub refers to its image.

    Args:
        file: the file that it belongs to.
        lines: the lines, as they stand in a file that holds nothing else.
        content: the whole file with them; None where a person has to write them.
        reason: why a person has to; empty where there is the content.
    """

    file: str
    lines: str
    content: bytes | None = None
    reason: str = ""


class _ByHand(Exception):
    """The lines cannot be put into the file without knowing what is meant by what stands there."""


def first_reference(files: Mapping[str, bytes], folder: str, image: ImageName) -> FirstReference:
    """Return what gives a hub its first reference to an image.

    Args:
        files: the files of the deployments by path.
        folder: the hub's folder, as ``deployments/data100``.
        image: the image, with its registry's host.
    """
    own = {path for path in files if path.startswith(f"{folder}/")}
    above = folder.rpartition("/")[0]
    file = next((f"{folder}/{name}" for name in (_HUBPLOY, _HELM) if f"{folder}/{name}" in own), "")
    if not file:
        name = _HUBPLOY if _uses_hubploy(files, above) else _HELM
        wanted = FirstReference(f"{folder}/{name}", _lines(name, image))
        if own:
            return FirstReference(wanted.file, wanted.lines, wanted.lines.encode())
        return FirstReference(wanted.file, wanted.lines, reason=f"there is no folder {folder} yet")
    lines = _lines(file.removeprefix(f"{folder}/"), image)
    try:
        content = _spliced(files[file], file.removeprefix(f"{folder}/"), image)
    except WorkflowUnreadable:
        return FirstReference(file, lines, reason="the file is not YAML")
    except (_ByHand, EntryMissing) as error:
        return FirstReference(file, lines, reason=str(error).rstrip("."))
    return FirstReference(file, lines, content)


def _uses_hubploy(files: Mapping[str, bytes], above: str) -> bool:
    """Say whether the other hubs name their images in hubploy's file, or in Helm's values."""
    hubploy = sum(
        path.startswith(f"{above}/") and path.endswith(f"/{_HUBPLOY}") and b"images:" in content
        for path, content in files.items()
    )
    helm = sum(
        path.startswith(f"{above}/") and path.endswith(f"/{_HELM}") and b"singleuser:" in content
        for path, content in files.items()
    )
    return hubploy * 2 >= helm


def _lines(name: str, image: ImageName) -> str:
    if name == _HUBPLOY:
        return f"images:\n  images:\n    - name: {image}:{PLACEHOLDER}\n"
    return f"jupyterhub:\n  singleuser:\n{_indented(_helm_image(image), 4)}"


def _helm_image(image: ImageName) -> str:
    return f"image:\n  name: {image}\n  tag: {PLACEHOLDER}\n"


def _indented(lines: str, columns: int) -> str:
    return "".join(f"{' ' * columns}{line}\n" for line in lines.splitlines())


def _spliced(content: bytes, name: str, image: ImageName) -> bytes:
    """Return a file with the reference in it, all else as it was.

    Raises:
        _ByHand: what stands there already leaves more than one way.
    """
    try:
        before = content.decode()
    except UnicodeDecodeError:
        raise _ByHand("the file is not UTF-8") from None
    text = _with_hubploy_image(before, image) if name == _HUBPLOY else _with_helm_image(before, image)
    after = _with_line_ends_of(before, text)
    found, is_yaml = sightings(after, image)
    if not is_yaml or len(found) != 1 or found[0].tag != PLACEHOLDER or found[0].obstacle:
        raise _ByHand("the lines do not fit in beside what stands there")
    return after.encode()


def _with_hubploy_image(text: str, image: ImageName) -> str:
    item = f"- name: {image}:{PLACEHOLDER}\n"
    images = find(text, ("images",)) if text.strip() else None
    if images is None:
        return _at_the_end(text, _lines(_HUBPLOY, image))
    named = entries(images)
    if "image_name" in named:
        raise _ByHand("the hub has another image in `image_name`, which holds one only")
    inner = find(text, ("images", "images"))
    if not isinstance(inner, SequenceNode) or not inner.value or inner.flow_style:
        raise _ByHand("`images` is not a list with an item on each line")
    return insert_item(text, ("images", "images"), len(inner.value), item)


def _with_helm_image(text: str, image: ImageName) -> str:
    if not text.strip() or find(text, _HELM_WAY[:1]) is None:
        return _at_the_end(text, _lines(_HELM, image))
    if (singleuser := find(text, _HELM_WAY)) is None:
        return _at_the_top(
            text, find(text, _HELM_WAY[:1]), f"singleuser:\n{_indented(_helm_image(image), 2)}"
        )
    if "image" in entries(singleuser):
        raise _ByHand("the hub has another image in `jupyterhub.singleuser.image`, which holds one only")
    return _at_the_top(text, singleuser, _helm_image(image))


def _at_the_top(text: str, mapping: object, lines: str) -> str:
    if not isinstance(mapping, MappingNode) or not mapping.value or mapping.flow_style:
        raise _ByHand("the mapping that it belongs to is not written with a key on each line")
    key, value = mapping.value[0]
    line = text.rfind("\n", 0, key.start_mark.index) + 1
    if text[line : key.start_mark.index].strip(f" {_BOM}"):
        raise _ByHand("the mapping that it belongs to begins in the middle of a line")
    # The comments above the first key are about that key.
    start = WorkflowFile("", text.encode()).lines_of(key, value)[0]
    return text[:start] + _indented(lines, key.start_mark.column) + text[start:]


def _at_the_end(text: str, lines: str) -> str:
    return text + ("" if not text.strip(_BOM) or text.endswith("\n") else "\n") + lines


def _with_line_ends_of(before: str, after: str) -> str:
    """Return the new text with the line ends of the old one in what was inserted."""
    if "\r\n" not in before:
        return after
    start = next(
        (at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before)
    )
    end = len(after) - (len(before) - start)
    return after[:start] + re.sub(r"\r?\n", "\r\n", after[start:end]) + after[end:]
