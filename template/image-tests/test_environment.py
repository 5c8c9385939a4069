"""Everything that environment.yml names is installed, in the version that it names."""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import InvalidRequirement, Requirement

ENVIRONMENT = Path(__file__).resolve().parents[1] / "environment.yml"
DEPENDENCIES = yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]
# A channel, a name, and a version: `conda-forge::numpy=2.4.*`, `numpy==2.4.1`, `numpy 2.4.*`, `numpy`.
CONDA = re.compile(r"(?:\S+::)?(?P<name>[\w.-]+)(?:\s*={1,2}\s*|\s+)?(?P<version>\d[\w.*+!]*)?")


def conda_packages():
    """Return the version of each package that conda installed, Python's or not, by conda's own name."""
    records = (json.loads(path.read_text()) for path in Path(sys.prefix, "conda-meta").glob("*.json"))
    return {record["name"]: record["version"] for record in records}


def pip_requirements():
    """Yield what is listed below `pip:` by name; not options, files and addresses."""
    listed = (entry for section in DEPENDENCIES if isinstance(section, dict) for entry in section["pip"])
    for entry in listed:
        try:
            requirement = Requirement(entry)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement


@pytest.mark.parametrize("entry", [entry for entry in DEPENDENCIES if isinstance(entry, str)])
def test_a_conda_package_is_installed_in_its_version(entry):
    wanted = CONDA.match(entry)
    installed = conda_packages()
    name = wanted["name"].lower()
    assert name in installed
    if wanted["version"]:
        assert f"{installed[name]}.".startswith(f"{wanted['version'].rstrip('.*')}.")


@pytest.mark.parametrize("requirement", pip_requirements(), ids=str)
def test_a_pip_package_is_installed_in_its_version(requirement):
    assert requirement.specifier.contains(version(requirement.name), prereleases=True)
