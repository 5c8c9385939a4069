"""Everything that environment.yml names is installed, in the version that it names."""

import json
import re
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import InvalidRequirement, Requirement

ENVIRONMENT = Path(__file__).resolve().parents[1] / "environment.yml"
DEPENDENCIES = yaml.safe_load(ENVIRONMENT.read_text())["dependencies"]
# A channel, a name, and a version: `conda-forge::numpy=2.4.*`, `numpy==2.4.1`, `numpy 2.4.*`, `numpy`.
CONDA = re.compile(r"(?:\S+::)?(?P<name>[\w.-]+)(?:\s*={1,2}\s*|\s+)?(?P<version>\d[\w.*+!]*)?")


def entries():
    """Yield what is listed by name, conda's as text and pip's as requirements; not files and addresses."""
    for entry in DEPENDENCIES:
        if isinstance(entry, str):
            yield entry
            continue
        for listed in entry["pip"]:
            with suppress(InvalidRequirement):
                requirement = Requirement(listed)
                if requirement.marker is None or requirement.marker.evaluate():
                    yield requirement


def check_conda(entry):
    """Look for a package, Python's or not, in what conda wrote down of its work."""
    wanted = CONDA.match(entry)
    records = (json.loads(path.read_text()) for path in Path(sys.prefix, "conda-meta").glob("*.json"))
    installed = {record["name"]: record["version"] for record in records}
    name = wanted["name"].lower()
    assert name in installed
    if wanted["version"]:
        assert f"{installed[name]}.".startswith(f"{wanted['version'].rstrip('.*')}.")


@pytest.mark.parametrize("entry", entries(), ids=str)
def test_what_is_listed_is_installed_in_its_version(entry):
    if isinstance(entry, str):
        check_conda(entry)
    else:
        assert entry.specifier.contains(version(entry.name), prereleases=True)
