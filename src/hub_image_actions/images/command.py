"""The command `scripts/image-packages`: its options, and what is in an image, or sets two apart."""

import argparse
import json
from collections import Counter
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

from hub_image_actions.errors import ActionError
from hub_image_actions.http import Http, HttpClient
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.packages.package_list import MANAGERS, PackageList
from hub_image_actions.packages.sbom import Subject, sbom
from hub_image_actions.quantities import human_size
from hub_image_actions.references import TAG, ImageReference, find_reference, parse_reference
from hub_image_actions.registry.client import registries

_LATEST = "latest"


class PackagesUnknown(ActionError):
    """An image carries no list of its packages."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("image", metavar="IMAGE[:TAG]", help="an image in a registry; without tag, latest")
    parser.add_argument("other", nargs="?", default="", metavar="OTHER", help="another image, or a tag of it")
    parser.add_argument(
        "--manager", action="append", choices=MANAGERS, help="only these packages; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write a CycloneDX bill of materials too")


def run(options: argparse.Namespace, docker_config: Path) -> None:
    """Do what the options say, and print what came of it.

    Args:
        options: what the command line gave.
        docker_config: the folder of Docker's configuration, for the registry's credentials.

    Raises:
        InvalidReference: an image's name cannot be one.
        ActionError: a registry refuses, or an image carries no list.
    """
    image = _with_tag(parse_reference(options.image))
    other = _other(options.other, image) if options.other else None
    with Http() as http:
        contents = [
            _known(http, docker_config, each, options.manager) for each in (image, other) if each is not None
        ]
    if other is None:
        _tell_one(image, contents[0], options)
    else:
        _tell_two(ImageComparison(contents[0], contents[1], str(image), str(other)), options)


def _with_tag(reference: ImageReference) -> ImageReference:
    return reference if reference.tag or reference.digest else replace(reference, tag=_LATEST)


def _other(text: str, image: ImageReference) -> ImageReference:
    """Return the second image; a text that can be a tag of the first is one."""
    if TAG.fullmatch(text):
        return replace(image, tag=text, digest="")
    reference = find_reference(text) or parse_reference(text)
    return _with_tag(reference)


def _known(
    http: HttpClient, docker_config: Path, image: ImageReference, managers: list[str] | None
) -> ImageContents:
    client = registries(http, docker_config)(image.name.registry)
    contents = read_pushed_image(client, image.name.repository, image.digest or image.tag).contents
    if contents.packages is None:
        raise PackagesUnknown(
            f"The packages of {image} are not known: {contents.problem.rstrip('.')}.",
            "Images built and pushed by `build` carry the list: build this one again.",
        )
    return replace(contents, packages=contents.packages.of(managers)) if managers else contents


def _tell_one(image: ImageReference, contents: ImageContents, options: argparse.Namespace) -> None:
    packages = contents.packages or PackageList()
    if options.sbom:
        subject = Subject(image, image.digest, datetime.now(timezone.utc))
        options.sbom.write_text(sbom(packages, subject), encoding="utf-8")
    if options.json:
        print(json.dumps({"image": str(image), **_as_json(contents)}, indent=2))
        return
    rows = [(each.manager, each.name, each.version, each.environment) for each in packages.packages]
    widths = [max(map(len, column), default=0) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(map(str.ljust, row, widths)).rstrip())
    counts = Counter(each.manager for each in packages.packages)
    print(", ".join(f"{count} {manager}" for manager, count in counts.items()) or "no packages", end="")
    print("".join(f"; {text}" for text in _sizes(contents)))


def _sizes(contents: ImageContents) -> list[str]:
    sizes = {"unpacked": contents.unpacked, "compressed": contents.compressed}
    return [f"{human_size(size.total)} {kind}" for kind, size in sizes.items() if size]


def _tell_two(comparison: ImageComparison, options: argparse.Namespace) -> None:
    if not options.json:
        print(comparison.text())
        return
    changes = comparison.packages
    value = {
        "old": {"image": comparison.old_name, **_sizes_as_json(comparison.old)},
        "new": {"image": comparison.new_name, **_sizes_as_json(comparison.new)},
        **(asdict(changes) if changes is not None else {}),
        "layers": [asdict(layer) for layer in comparison.layers()],
    }
    print(json.dumps(value, indent=2))


def _as_json(contents: ImageContents) -> dict[str, object]:
    packages = contents.packages or PackageList()
    return {
        "system": packages.system,
        "unread": packages.unread,
        **_sizes_as_json(contents),
        "packages": [asdict(package) for package in packages.packages],
    }


def _sizes_as_json(contents: ImageContents) -> dict[str, int | None]:
    return {
        "unpacked": contents.unpacked.total if contents.unpacked else None,
        "compressed": contents.compressed.total if contents.compressed else None,
    }
