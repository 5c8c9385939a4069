"""The packages of an image as a software bill of materials.

Sources: CycloneDX 1.6 (ECMA-424), and the package URLs of ECMA-427.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from hub_image_actions import __version__
from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.references import ImageReference

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

_OURS = "hub-image-actions"
_TYPES: Mapping[str, str] = {"conda": "conda", "pip": "pypi", "r": "cran", "julia": "julia", "npm": "npm"}
# Listed by a manager that did not install them: the languages themselves.
_LANGUAGES = {("r", "R"), ("julia", "julia")}


@dataclass(frozen=True)
class Subject:
    """The image that a bill of materials is about.

    Args:
        image: its reference.
        digest: the digest of its manifest; empty where it was not pushed.
        created: when it was made; with the same time, the same list gives the same bill.
    """

    image: ImageReference
    digest: str
    created: datetime


def sbom(packages: PackageList, subject: Subject) -> str:
    """Return the bill of materials of an image, as CycloneDX in JSON."""
    # These cost every other run some tenths of a second.
    from cyclonedx.output.json import JsonV1Dot6

    text = JsonV1Dot6(_bill(packages, subject)).output_as_string()
    return json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def _bill(packages: PackageList, subject: Subject) -> "Bom":
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.dependency import Dependency

    image = _image(subject)
    components = [_component(package, packages.system) for package in packages.packages]
    content = json.dumps([str(subject.image), subject.digest, packages.as_value()], sort_keys=True)
    bill = Bom(serial_number=uuid5(NAMESPACE_URL, content), components=components)
    bill.metadata.timestamp = subject.created
    bill.metadata.component = image
    bill.metadata.tools.components.add(
        Component(type=ComponentType.APPLICATION, name=_OURS, version=__version__, bom_ref=_OURS)
    )
    # Registering them one by one takes seconds, as the library looks through all of them each time.
    leaves = [Dependency(component.bom_ref) for component in components]
    bill.dependencies = [Dependency(image.bom_ref, leaves), *leaves]
    return bill


def _image(subject: Subject) -> "Component":
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    name = subject.image.name
    url = None
    if subject.digest:
        place = {"repository_url": f"{name.registry}/{name.repository}", "tag": subject.image.tag}
        qualifiers = {key: text for key, text in place.items() if text}
        url = PackageURL("oci", None, name.short, subject.digest, qualifiers)
    return Component(
        type=ComponentType.CONTAINER,
        name=str(name),
        version=subject.image.tag or subject.digest or None,
        purl=url,
        bom_ref=str(subject.image),
    )


def _component(package: Package, system: str) -> "Component":
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component

    url = package_url(package, system)
    place = Property(name=f"{_OURS}:environment", value=package.environment)
    return Component(
        name=package.name,
        version=package.version,
        purl=url,
        bom_ref=" ".join(filter(None, (package.manager, package.name, package.version, package.environment))),
        properties=[place] if package.environment else [],
    )


def package_url(package: Package, system: str) -> "PackageURL | None":
    """Return the package URL of a package; None for a name that no URL can have.

    Args:
        package: the package.
        system: name and version of the distribution that it is in.
    """
    try:
        url = _debian_url(package, system) if package.manager == "apt" else _language_url(package)
    except ValueError:
        # Only a hostile image has such names: the bill has the package without a URL.
        return None
    # Of a name such as `/`, the library leaves nothing.
    return url if url.name else None


def _language_url(package: Package) -> "PackageURL":
    from packageurl import PackageURL

    if (package.manager, package.name) in _LANGUAGES:
        return PackageURL("generic", None, package.name, package.version)
    scope, _, name = package.name.rpartition("/") if package.manager == "npm" else ("", "", package.name)
    return PackageURL(_TYPES[package.manager], scope or None, name, package.version)


def _debian_url(package: Package, system: str) -> "PackageURL":
    from packageurl import PackageURL

    distribution, _, release = system.partition(" ")
    name, _, architecture = package.name.partition(":")
    qualifiers = {"arch": architecture, "distro": f"{distribution}-{release}" if release else ""}
    return PackageURL(
        "deb",
        distribution or "debian",
        name,
        package.version,
        {key: text for key, text in qualifiers.items() if text},
    )
