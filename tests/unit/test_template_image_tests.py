"""The tests of an image that the template brings: what they find right and wrong in an environment."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# By conda's own names, which for these are not PyPI's, or which are no Python packages.
INSTALLED = {
    "python": "3.13.8",
    "numpy": "2.4.1",
    "pytorch": "2.10.0",
    "graphviz": "14.0.4",
    "r-base": "4.5.2",
    "jupyterhub": "5.5.0",
}
RUN = "import sys, pytest; sys.prefix = sys.argv[1]; sys.exit(pytest.main(sys.argv[2:]))"


@pytest.fixture
def image(tmp_path: Path, root: Path) -> Path:
    """Return the folder of an image with the template's test, and what conda installed there."""
    tests, records = tmp_path / "repo/image-tests", tmp_path / "prefix/conda-meta"
    tests.mkdir(parents=True)
    records.mkdir(parents=True)
    shutil.copy(root / "template/image-tests/test_environment.py", tests)
    for name, version in INSTALLED.items():
        (records / f"{name}-{version}-0.json").write_text(json.dumps({"name": name, "version": version}))
    return tmp_path


def failures(image: Path, *entries: str) -> list[str]:
    """Return what the test finds wrong in an environment.yml with these entries."""
    lines = "".join(f"  - {entry}\n" for entry in entries)
    (image / "repo/environment.yml").write_text(f"dependencies:\n{lines}")
    options = ("-q", "-p", "no:cacheprovider", "--tb=no", f"--rootdir={image}", "-c", "/dev/null")
    command = [sys.executable, "-c", RUN, str(image / "prefix"), *options, str(image / "repo/image-tests")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert " passed" in done.stdout or " failed" in done.stdout, done.stdout + done.stderr
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    return [line.partition("[")[2].partition("]")[0] for line in failed]


@pytest.mark.parametrize(
    "entry",
    [
        "pytorch=2.10.*",
        "graphviz=14",
        "r-base=4.5",
        "python=3.13.*",
        "conda-forge::numpy==2.4.1",
        "numpy=2.4.1=py313h0000000_0",
        "numpy 2.4.*",
        "numpy>=2,<3",
        "NumPy",
    ],
)
def test_what_conda_installed_is_found_under_condas_name(image: Path, entry: str) -> None:
    assert failures(image, entry) == []


@pytest.mark.parametrize("entry", ["numpy=2.5.*", "numpy=2.4.10", "numpy=2.40", "python=3.1", "pandas"])
def test_what_is_missing_or_of_another_version_is_shown(image: Path, entry: str) -> None:
    assert failures(image, "jupyterhub=5.5.*", entry) == [entry]


def test_what_pip_installed_is_found_by_its_own_name(image: Path) -> None:
    right = ["pytest", "PyTest>=1", "packaging[x]>1 ; python_version>'3'", "nope==1 ; sys_platform=='win32'"]
    others = ["--pre", "-r requirements.txt", "git+https://example.org/nope.git"]
    listed = "pip:\n" + "".join(f'      - "{entry}"\n' for entry in right + others)
    assert failures(image, "python", listed) == []


@pytest.mark.parametrize("entry", ["pytest==1.0", "nope==1.0"])
def test_what_pip_did_not_install_is_shown(image: Path, entry: str) -> None:
    assert failures(image, "python", f"pip:\n      - {entry}") == [entry]
