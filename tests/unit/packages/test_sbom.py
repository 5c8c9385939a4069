"""Bills of materials."""

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings

from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.packages.sbom import Subject, package_url, sbom
from hub_image_actions.references import parse_reference
from interpreters import interpreters
from package_lists import LISTS

DIGEST = f"sha256:{'0' * 64}"
SUBJECT = Subject(
    parse_reference("us-central1-docker.pkg.dev/p/user-images/data100-user-image:511c4637d702"),
    DIGEST,
    datetime(2026, 11, 23, tzinfo=timezone.utc),
)
PACKAGES = PackageList(
    (
        Package("apt", "libc6:i386", "2.36-9+deb12u4"),
        Package("conda", "numpy", "2.1.0", "/srv/conda"),
        Package("conda", "numpy", "2.1.0", "/srv/conda/envs/notebook"),
        Package("pip", "numpy", "2.1.0"),
    ),
    "ubuntu 22.04",
)


def made(packages: PackageList = PACKAGES, subject: Subject = SUBJECT) -> dict[str, Any]:
    return dict(json.loads(sbom(packages, subject)))


@settings(max_examples=25, deadline=None)
@given(LISTS)
def test_every_bill_is_valid_by_the_schema_of_cyclonedx(packages: PackageList) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(sbom(packages, SUBJECT)) is None


def test_the_validator_finds_what_is_wrong() -> None:
    wrong = {**made(), "components": [{"name": "x", "type": "thing"}]}
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(wrong)) is not None


def test_the_bill_is_about_the_image() -> None:
    about = made()["metadata"]["component"]
    assert (about["type"], about["name"], about["version"]) == (
        "container",
        "us-central1-docker.pkg.dev/p/user-images/data100-user-image",
        "511c4637d702",
    )
    assert about["purl"] == (
        f"pkg:oci/data100-user-image@{DIGEST}?repository_url="
        "us-central1-docker.pkg.dev/p/user-images/data100-user-image&tag=511c4637d702"
    )


def test_every_package_is_in_it_with_its_place() -> None:
    components = made()["components"]
    assert len(components) == len(PACKAGES)
    assert sorted(entry.get("properties", [{}])[0].get("value", "") for entry in components) == [
        "",
        "",
        "/srv/conda",
        "/srv/conda/envs/notebook",
    ]


def test_the_same_list_gives_the_same_bill() -> None:
    assert sbom(PACKAGES, SUBJECT) == sbom(PACKAGES, SUBJECT)


def test_another_list_is_another_bill() -> None:
    assert made()["serialNumber"] != made(PackageList(PACKAGES.packages[1:]))["serialNumber"]


def test_an_image_that_was_not_pushed_has_a_bill_too() -> None:
    subject = Subject(parse_reference("data100-user-image"), "", SUBJECT.created)
    assert "purl" not in made(PACKAGES, subject)["metadata"]["component"]


@pytest.mark.parametrize(
    ("package", "system", "url"),
    [
        (Package("conda", "numpy", "2.1.0", "/srv/conda"), "", "pkg:conda/numpy@2.1.0"),
        (Package("pip", "jupyter-server", "2.0+a"), "", "pkg:pypi/jupyter-server@2.0%2Ba"),
        (Package("r", "data.table", "1.15.4"), "", "pkg:cran/data.table@1.15.4"),
        (Package("r", "R", "4.4.1"), "", "pkg:generic/R@4.4.1"),
        (Package("julia", "DataFrames", "1.6.1"), "", "pkg:julia/DataFrames@1.6.1"),
        (Package("julia", "julia", "1.10.4"), "", "pkg:generic/julia@1.10.4"),
        (Package("npm", "@scope/x", "1.0.0"), "", "pkg:npm/%40scope/x@1.0.0"),
        (Package("npm", "npm", "10.8.2"), "", "pkg:npm/npm@10.8.2"),
        (Package("apt", "vim", "2:9.1"), "debian 12", "pkg:deb/debian/vim@2:9.1?distro=debian-12"),
        (
            Package("apt", "libc6:i386", "2.35-0ubuntu3.8"),
            "ubuntu 22.04",
            "pkg:deb/ubuntu/libc6@2.35-0ubuntu3.8?arch=i386&distro=ubuntu-22.04",
        ),
        (Package("apt", "vim", "9"), "", "pkg:deb/debian/vim@9"),
    ],
)
def test_a_package_has_the_url_of_its_kind(package: Package, system: str, url: str) -> None:
    assert str(package_url(package, system)).replace("%3A", ":") == url


@pytest.mark.parametrize("manager", ["apt", "npm", "pip"])
def test_a_name_that_no_url_can_have_has_none(manager: str) -> None:
    packages = PackageList((Package(manager, "/", "1"),))
    assert "purl" not in made(packages)["components"][0]


@pytest.mark.parametrize("python", [pytest.param(path, id=name) for name, path in interpreters().items()])
def test_the_bundled_libraries_make_the_same_bill_on_every_python(root: Path, python: Path) -> None:
    code = f"""
import sys
from datetime import datetime, timezone
from pathlib import Path
ROOT = Path({str(root)!r})
sys.path.insert(0, str(ROOT / "src"))
from hub_image_actions import dependencies
dependencies.activate(ROOT)
from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.packages.sbom import Subject, sbom
from hub_image_actions.references import parse_reference
packages = PackageList(({", ".join(map(repr, PACKAGES.packages))}), {PACKAGES.system!r})
image = parse_reference({str(SUBJECT.image)!r})
subject = Subject(image, {DIGEST!r}, datetime(2026, 11, 23, tzinfo=timezone.utc))
sys.stdout.write(sbom(packages, subject))
"""
    command = [str(python), "-I", "-S", "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stderr, done.stdout) == ("", sbom(PACKAGES, SUBJECT))
