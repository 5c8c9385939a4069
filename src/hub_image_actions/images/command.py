"""The command `scripts/image-packages`: its options, and what is in an image, or sets two apart."""

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path

from hub_image_actions.entry.command_line import WrongUsage, checked
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.http import HttpClient
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.pushed_image import read_pushed_image
from hub_image_actions.packages.package_list import MANAGERS, PackageList
from hub_image_actions.packages.sbom import Subject, sbom
from hub_image_actions.quantities import human_size
from hub_image_actions.references import TAG, ImageReference, parse_reference
from hub_image_actions.registry.client import registries

_LATEST = "latest"


class PackagesUnknown(ActionError):
    """An image carries no list of its packages."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "image",
        type=checked(parse_reference),
        metavar="IMAGE[:TAG]",
        help="an image in a registry; without tag, latest",
    )
    parser.add_argument(
        "other",
        nargs="?",
        type=checked(_tag_or_reference),
        metavar="OTHER",
        help="another image, or a tag of it",
    )
    parser.add_argument(
        "--manager", action="append", choices=MANAGERS, help="only these packages; repeatable"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write a CycloneDX bill of materials too")


def run(options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console) -> int:
    """Do what the options say, print what came of it, and return the exit status.

    Args:
        options: what the command line gave.
        environ: the environment, which names the folder of Docker's configuration.
        http: what sends the requests.
        console: what people and programs see.

    Raises:
        ActionError: a registry refuses, or an image carries no list.
    """
    if options.sbom and options.other:
        raise WrongUsage("--sbom is about one image.", "Leave it out, or name one image.")
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    image = _with_tag(options.image)
    contents = _known(http, folder, image, options.manager)
    if options.other is None:
        _tell_one(image, contents, options.sbom, console)
        return 0
    other = _other(options.other, image)
    newer = _known(http, folder, other, options.manager)
    comparison = ImageComparison(contents, newer, str(image), str(other))
    console.result(_comparison_as_json(comparison))
    if not options.json:
        console.say(comparison.text())
    return 0


def _tag_or_reference(text: str) -> str | ImageReference:
    """Return what the second argument is: a tag, where it can be one, else an image.

    Raises:
        InvalidReference: it can be neither.
    """
    return text if TAG.fullmatch(text) else parse_reference(text)


def _with_tag(reference: ImageReference) -> ImageReference:
    return reference if reference.tag or reference.digest else replace(reference, tag=_LATEST)


def _other(given: str | ImageReference, image: ImageReference) -> ImageReference:
    """Return the second image; a tag is one of the first."""
    return replace(image, tag=given, digest="") if isinstance(given, str) else _with_tag(given)


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


def _tell_one(image: ImageReference, contents: ImageContents, bill: Path | None, console: Console) -> None:
    packages = contents.packages or PackageList()
    if bill:
        _write(bill, sbom(packages, Subject(image, image.digest, datetime.now(timezone.utc))))
    console.result({"image": str(image), **_as_json(contents)})
    console.table(
        ("MANAGER", "PACKAGE", "VERSION", "ENVIRONMENT"),
        ((each.manager, each.name, each.version, each.environment) for each in packages.packages),
    )
    counts = Counter(each.manager for each in packages.packages)
    counted = ", ".join(f"{count} {manager}" for manager, count in counts.items()) or "no packages"
    console.say("; ".join((counted, *_sizes(contents))))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ActionError(f"{file} cannot be written: {error.strerror}.", "Check --sbom.") from error


def _sizes(contents: ImageContents) -> list[str]:
    sizes = {"unpacked": contents.unpacked, "compressed": contents.compressed}
    return [f"{human_size(size.total)} {kind}" for kind, size in sizes.items() if size]


def _comparison_as_json(comparison: ImageComparison) -> dict[str, object]:
    changes = comparison.packages
    return {
        "old": {"image": comparison.old_name, **_sizes_as_json(comparison.old)},
        "new": {"image": comparison.new_name, **_sizes_as_json(comparison.new)},
        **(asdict(changes) if changes is not None else {}),
        "layers": [asdict(layer) for layer in comparison.layers()],
    }


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
