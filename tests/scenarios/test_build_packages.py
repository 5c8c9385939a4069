"""The packages of an image, read in a container of it."""

import json
import uuid
from pathlib import Path
from time import perf_counter

import pytest

from hub_image_actions.docker.engine import Docker
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.packages.reading import PackagesNotRead, read_packages
from testbed.engine import RunningEngine

# What an image of a course may have beside Python, laid in as files.
FILES = {
    "srv/conda/envs/notebook/conda-meta/python-3.11.6-hab00c5b_0_cpython.json": "{}",
    "srv/conda/envs/notebook/lib/R/library/mosaic/DESCRIPTION": "Package: mosaic\nVersion: 1.9.1\n",
    "usr/local/lib/node_modules/npm/package.json": json.dumps({"name": "npm", "version": "10.8.2"}),
    "home/jovyan/.julia/environments/v1.10/Manifest.toml": (
        'julia_version = "1.10.4"\n\n[[deps.CSV]]\nuuid = "a"\nversion = "0.10.14"\n'
    ),
}
EXPECTED = {
    Package("conda", "python", "3.11.6", "/srv/conda/envs/notebook"),
    Package("r", "mosaic", "1.9.1", "/srv/conda/envs/notebook/lib/R/library"),
    Package("npm", "npm", "10.8.2", "/usr/local"),
    Package("julia", "CSV", "0.10.14", "/home/jovyan/.julia"),
    Package("julia", "julia", "1.10.4", "/home/jovyan/.julia"),
}


@pytest.fixture
def docker(engine: RunningEngine, told: list[str]) -> Docker:
    return Docker(engine.environment, told.append)


@pytest.fixture
def told() -> list[str]:
    """What the log shows."""
    return []


def built(engine: RunningEngine, folder: Path, dockerfile: str, files: dict[str, str] | None = None) -> str:
    """Build an image and return its name."""
    for name, content in (files or {}).items():
        path = folder / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)
    (folder / "Dockerfile").write_text(dockerfile)
    reference = f"packages:{uuid.uuid4().hex[:12]}"
    engine.docker("build", "--quiet", "--tag", reference, str(folder))
    return reference


def containers(engine: RunningEngine) -> str:
    return engine.docker(
        "ps", "--all", "--quiet", "--filter", "label=hub-image-actions=image-packages"
    ).strip()


def test_the_packages_of_all_managers_are_read(
    docker: Docker, engine: RunningEngine, jupyter_base_image: str, told: list[str], tmp_path: Path
) -> None:
    # Neither the user nor what the image starts with gets into the way.
    dockerfile = (
        f"FROM {jupyter_base_image}\nUSER root\nCOPY files /\nRUN chmod 700 /home/jovyan/.julia\n"
        'USER 1000\nENTRYPOINT ["/bin/false"]\n'
    )
    image = built(engine, tmp_path, dockerfile, FILES)
    found = read_packages(docker, image, "packages-of-all")
    assert set(found.packages) >= EXPECTED
    by_manager = {manager: len(found.of([manager])) for manager in ("apt", "pip")}
    assert by_manager["apt"] > 50
    assert by_manager["pip"] > 50
    assert found.system == "debian 12"
    assert (found.unread, found.notes) == ((), ())
    assert containers(engine) == ""
    assert len(told) <= 1


def test_what_is_read_can_be_written_into_labels_and_read_back(
    docker: Docker, jupyter_base_image: str
) -> None:
    found = read_packages(docker, jupyter_base_image, "packages-for-labels")
    assert PackageList.from_labels(ImageContents(found).labelled({})) == found


def test_an_image_without_python_has_no_list(
    docker: Docker, engine: RunningEngine, small_base_image: str
) -> None:
    with pytest.raises(PackagesNotRead, match=r"there is no `python3` in it"):
        read_packages(docker, small_base_image, "packages-of-none")
    assert containers(engine) == ""


def test_a_python_that_fails_is_told(
    docker: Docker, engine: RunningEngine, small_base_image: str, tmp_path: Path
) -> None:
    script = "#!/bin/sh\necho ImportError: no such thing >&2\nexit 1\n"
    dockerfile = f"FROM {small_base_image}\nCOPY files/python3 /bin/python3\n"
    image = built(engine, tmp_path, dockerfile, {"python3": script})
    with pytest.raises(PackagesNotRead, match=r"are not listed: ImportError: no such thing\."):
        read_packages(docker, image, "packages-of-a-failure")


def test_a_list_that_is_none_is_told(
    docker: Docker, engine: RunningEngine, small_base_image: str, tmp_path: Path
) -> None:
    dockerfile = f"FROM {small_base_image}\nCOPY files/python3 /bin/python3\n"
    image = built(engine, tmp_path, dockerfile, {"python3": "#!/bin/sh\nexit 0\n"})
    with pytest.raises(PackagesNotRead, match=r"cannot be read"):
        read_packages(docker, image, "packages-of-silence")


def test_reading_takes_seconds(docker: Docker, jupyter_base_image: str) -> None:
    started = perf_counter()
    read_packages(docker, jupyter_base_image, "packages-in-time")
    assert perf_counter() - started < 15
