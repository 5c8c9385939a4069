"""The size of an image, by layer.

The layers' sizes after unpacking are no part of an image in a registry, and people judge by them what a hub's
nodes must hold. So they are kept in the label `hub-image-actions.layers`: bytes, separated by commas, one
number for each entry of the image's history.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hub_image_actions.docker.engine import Layer

LABEL = "hub-image-actions.layers"
# containerd's store counts the blocks that files take on the disk (`fs.DiskUsage` of containerd/continuity),
# Docker's own store their bytes: an image of many small files is a tenth and more larger in the first.
_MEASURED = f"{LABEL}.measured"
_IN_BLOCKS = "blocks"
_SIZES = re.compile(r"[0-9]{1,15}(?:,[0-9]{1,15}){0,199}")
# What the two builders put around an instruction.
_NOT_RUN = re.compile(r"/bin/sh -c #\(nop\) ")
_SHELL = re.compile(r"^(?:RUN )?(?:\|\d+ (?:.*? )?)?/bin/\w+ -\w*c ")
# What differs whenever the content does: what the classic builder copied, and when Debian made its base.
_OF_THE_CONTENT = re.compile(r"\b(?:file|dir|multi):[0-9a-f]{64}\b|'@[0-9]{6,12}'")


@dataclass(frozen=True)
class LayerSize:
    """The size of one layer.

    Args:
        size: in bytes.
        made_by: the instruction that made it, as the builder wrote it into the history.
        digest: the digest of its unpacked content; empty where it is not known.
    """

    size: int
    made_by: str
    digest: str = ""

    @property
    def instruction(self) -> str:
        """The instruction as it stands in a Dockerfile, without what the builders put around it."""
        # Terminals show it as well, and take some characters for orders.
        shown = "".join(char for char in " ".join(self.made_by.split()) if char.isprintable())
        text = shown.removesuffix(" # buildkit")
        return _NOT_RUN.sub("", text) if _NOT_RUN.match(text) else _SHELL.sub("RUN ", text)

    @property
    def purpose(self) -> str:
        """The instruction without what differs whenever the layer's content does."""
        return _OF_THE_CONTENT.sub("…", self.instruction)


@dataclass(frozen=True)
class ImageSize:
    """The sizes of an image's layers.

    Args:
        layers: the layers, the first one first.
        in_blocks: whether the blocks of a disk were counted, and not bytes.
    """

    layers: tuple[LayerSize, ...]
    in_blocks: bool = False

    @cached_property
    def total(self) -> int:
        """The size of the image in bytes."""
        return sum(layer.size for layer in self.layers)

    def to_label(self) -> dict[str, str]:
        """Return the label that holds the sizes; none for more layers than an image can have."""
        text = ",".join(str(layer.size) for layer in self.layers)
        if not _SIZES.fullmatch(text):
            return {}
        return {LABEL: text, **({_MEASURED: _IN_BLOCKS} if self.in_blocks else {})}


def unpacked(layers: Sequence[Layer], *, in_blocks: bool = False) -> ImageSize:
    """Return the size of an image in the engine, whose layers come with the last one first.

    Args:
        layers: the layers, as the engine lists them.
        in_blocks: whether the engine counts the blocks of its disk, as it does in containerd's store.
    """
    return ImageSize(tuple(LayerSize(layer.size, layer.made_by) for layer in reversed(layers)), in_blocks)


def unpacked_as_labelled(labels: Mapping[str, str], config: Mapping[str, Any]) -> ImageSize | None:
    """Return the size after unpacking that an image's label tells; None where none does."""
    text = labels.get(LABEL, "")
    history = config.get("history") or []
    sizes = text.split(",")
    # An image that was built on another has the other's label until it gets its own.
    if not _SIZES.fullmatch(text) or len(sizes) != len(history):
        return None
    layers = (
        LayerSize(int(size), _made_by(entry), digest)
        for size, entry, digest in zip(sizes, history, _digests(config), strict=True)
    )
    return ImageSize(tuple(layers), labels.get(_MEASURED) == _IN_BLOCKS)


def compressed(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> ImageSize:
    """Return the size of an image as its registry keeps it and hubs pull it.

    Args:
        manifest: the image's manifest.
        config: the image's configuration, whose history names the layers in the same order.
    """
    sizes = [layer["size"] for layer in manifest["layers"]]
    history = [_made_by(entry) for entry in config.get("history") or [] if not _is_empty(entry)]
    named = history if len(history) == len(sizes) else [""] * len(sizes)
    unpacked_digests = _unpacked_digests(config)
    digests = unpacked_digests if len(unpacked_digests) == len(sizes) else [""] * len(sizes)
    return ImageSize(
        tuple(
            LayerSize(int(size), text, digest)
            for size, text, digest in zip(sizes, named, digests, strict=True)
        )
    )


def _digests(config: Mapping[str, Any]) -> list[str]:
    """Return the digest of the layer of each entry of the history; nothing for entries that have none."""
    history, digests = config.get("history") or [], _unpacked_digests(config)
    if len(digests) != sum(not _is_empty(entry) for entry in history):
        return [""] * len(history)
    left = iter(digests)
    return ["" if _is_empty(entry) else next(left) for entry in history]


def _unpacked_digests(config: Mapping[str, Any]) -> list[str]:
    rootfs = config.get("rootfs")
    digests = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return [str(digest) for digest in digests] if isinstance(digests, list) else []


def _made_by(entry: object) -> str:
    return str(entry.get("created_by") or entry.get("comment") or "") if isinstance(entry, dict) else ""


def _is_empty(entry: object) -> bool:
    return isinstance(entry, dict) and bool(entry.get("empty_layer"))
