"""Everything that environment.yml names is installed, in the version that it names."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ENVIRONMENT = Path(__file__).resolve().parents[1] / "environment.yml"
# Names that conda has for what is no Python package, or goes by another name on PyPI.
NO_PYTHON_PACKAGE = {"pip", "python", "nodejs", "git", "tini"}
PINNED = re.compile(r"(?P<name>[\w.-]+)\s*={1,2}\s*(?P<version>[\w.*]+)")


def pinned(entries):
    """Yields name and version of each entry that has both."""
    for entry in entries:
        if isinstance(entry, dict):
            yield from pinned(entry["pip"])
        elif (found := PINNED.fullmatch(entry)) and not found["name"].startswith("r-"):
            yield found["name"], found["version"].removesuffix(".*").removesuffix("*")


PACKAGES = dict(pinned(yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]))


@pytest.mark.parametrize("name", sorted(PACKAGES.keys() - NO_PYTHON_PACKAGE))
def test_a_package_is_installed_in_its_version(name):
    assert f"{version(name)}.".startswith(f"{PACKAGES[name]}.")
