"""What is in an image: its packages and its size, as the image itself tells in its labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub_image_actions.images import size
from hub_image_actions.images.size import ImageSize
from hub_image_actions.packages import package_list as packages
from hub_image_actions.packages.package_list import DamagedPackages, PackageList


@dataclass(frozen=True)
class ImageContents:
    """What is in an image.

    Args:
        packages: its packages; None where they are not known.
        unpacked: its size on the disk of a node; None where it is not known.
        compressed: its size in the registry; None where it was not pushed.
        problem: why the packages are not known.
    """

    packages: PackageList | None = None
    unpacked: ImageSize | None = None
    compressed: ImageSize | None = None
    problem: str = ""

    def labelled(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return an image's labels with those that tell its contents.

        Those that it has from the image that it was built on go: they tell the other's.
        """
        ours = (f"{packages.LABEL}.", size.LABEL)
        kept = {name: text for name, text in labels.items() if not name.startswith(ours)}
        sizes = self.unpacked.to_label() if self.unpacked else {}
        return {**kept, **sizes, **(self.packages.to_labels() if self.packages is not None else {})}


def contents_of(manifest: Mapping[str, Any], config: Mapping[str, Any]) -> ImageContents:
    """Return what the manifest and the configuration of an image tell of its contents."""
    labels = (config.get("config") or {}).get("Labels") or {}
    listed, problem = None, "it was built without a list of its packages"
    try:
        listed = PackageList.from_labels(labels)
    except DamagedPackages as error:
        problem = error.problem
    return ImageContents(
        listed,
        size.unpacked_as_labelled(labels, config),
        size.compressed(manifest, config),
        "" if listed is not None else problem,
    )
