"""Which Python is asked for, and whether the release of repo2docker has it."""

from pathlib import Path

import pytest

from hub_image_actions.build.buildpacks import RELEASES, ConfiguredFolder, Repo2dockerRelease
from hub_image_actions.build.environment_file import read_environment
from hub_image_actions.build.python_versions import (
    PythonRequest,
    UnsupportedPython,
    check_python,
    python_request,
    unread_python,
)

OLDEST, NEWEST = RELEASES[0], RELEASES[-1]
AMD, ARM = "linux/amd64", "linux/arm64"
LOCK = '{\n  "_meta": {\n    "requires": {\n      "python_version": "3.12"\n    }\n  }\n}\n'


def request(folder: Path, **files: str) -> tuple[str, str, int] | None:
    """Return the Python that a repository asks for: version, file, line."""
    for name, text in files.items():
        (folder / name).write_text(text)
    environment = folder / "environment.yml"
    read = read_environment(environment, "environment.yml") if environment.exists() else None
    found = python_request(ConfiguredFolder(folder, folder), NEWEST, read)
    return (found.version, found.file, found.line) if found else None


@pytest.mark.parametrize(
    ("entry", "version"),
    [
        ("python=3.13.*", "3.13."),
        ("python==3.12.4", "3.12.4"),
        ("python = 3.12", "3.12"),
        ("python=3", "3"),
        ("python=3.11=h1_cpython", "3.11"),
    ],
)
def test_the_python_of_an_environment_is_read_as_repo2docker_reads_it(
    tmp_path: Path, entry: str, version: str
) -> None:
    text = f"dependencies:\n  - python-dateutil=2.*\n  - {entry}\n"
    assert request(tmp_path, **{"environment.yml": text}) == (version, "environment.yml", 3)


@pytest.mark.parametrize(
    "text",
    [
        "dependencies: []\n",
        "dependencies:\n- python>=3.12\n- pip:\n  - python=3.12\n",
        "dependencies:\n- python=*\n",
    ],
)
def test_no_python_is_read_where_repo2docker_reads_none(tmp_path: Path, text: str) -> None:
    assert request(tmp_path, **{"environment.yml": text}) is None


@pytest.mark.parametrize(
    ("files", "asked"),
    [
        ({"requirements.txt": "", "runtime.txt": "python-3.12\n"}, ("3.12", "runtime.txt", 1)),
        ({"requirements.txt": "", "runtime.txt": "r-4.4-2026-11-02"}, None),
        ({"requirements.txt": ""}, None),
        ({"Project.toml": "", "runtime.txt": "python-3.12"}, ("3.12", "runtime.txt", 1)),
        ({"Pipfile.lock": LOCK}, ("3.12", "Pipfile.lock", 4)),
        ({"Pipfile.lock": "{", "Pipfile": '[requires]\npython_version = "3.12"\n'}, ("3.12", "Pipfile", 2)),
        (
            {"Pipfile": '[a]\n[requires]\npython_version = "3"\npython_full_version = "3.12.1"\n[x]\n'},
            ("3.12.1", "Pipfile", 4),
        ),
        ({"Pipfile": "[packages]\n"}, None),
        ({"Pipfile.lock": '{"_meta": {"requires": []}}'}, None),
        ({"default.nix": "", "runtime.txt": "python-3.12"}, None),
        ({"Dockerfile": "", "runtime.txt": "python-3.12"}, None),
    ],
)
def test_the_python_of_other_files_is_read(
    tmp_path: Path, files: dict[str, str], asked: tuple[str, str, int] | None
) -> None:
    assert request(tmp_path, **files) == asked


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("version", ["3.9", "3.10.", "3.12.4", "3", "2"])
def test_what_every_release_has_is_built(release: Repo2dockerRelease, version: str) -> None:
    check_python(PythonRequest(version, "environment.yml", 1), release, AMD, "environment.yml")


def test_a_python_that_is_too_new_is_refused_with_the_release_that_has_it() -> None:
    asked = PythonRequest("3.13.", "environment.yml", 9)
    with pytest.raises(UnsupportedPython) as caught:
        check_python(asked, OLDEST, AMD, "image/environment.yml")
    assert str(caught.value) == (
        "image/environment.yml:9: repo2docker 2024.07.0 has no Python 3.13, only 3.5 to 3.12. "
        "Set `repo2docker-version` to 2026.04.0, or take one of these."
    )
    assert (caught.value.file, caught.value.line) == ("image/environment.yml", 9)
    check_python(asked, NEWEST, AMD, "environment.yml")


@pytest.mark.parametrize(
    ("version", "platform", "text"),
    [
        ("3.99", AMD, "no Python 3.99, only 3.5 to 3.14. Take one of these."),
        ("3.1", AMD, "no Python 3.1, "),
        ("4", AMD, "no Python 4, "),
        ("3.6", ARM, "no Python 3.6, only 3.7 to 3.14. Take one of these."),
        ("2.7", ARM, "no Python 2.7, "),
    ],
)
def test_a_python_that_no_release_has_is_refused(version: str, platform: str, text: str) -> None:
    with pytest.raises(UnsupportedPython, match=text):
        check_python(PythonRequest(version, "a", 1), NEWEST, platform, "a")


def test_newer_releases_take_no_patch_version_in_runtime_txt() -> None:
    asked = PythonRequest("3.12.4", "runtime.txt", 1)
    check_python(asked, OLDEST, AMD, "runtime.txt")
    with pytest.raises(
        UnsupportedPython, match=r"takes no patch version of Python here. Write `python-3.12`."
    ):
        check_python(asked, NEWEST, AMD, "runtime.txt")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("- python=3.13.*\n", ""),
        ("- python\n", ""),
        ("- python>=3.8\n", ""),
        ("- python<3.13\n", ""),
        ("- python 3.10.*\n", ""),
        ("- python>=3.12\n", "does not read `python>=3.12`: it installs all for Python 3.10"),
        ("- python 3.12.*\n", "Write `python=3.12.*`"),
        ("- python>=3.11,<3.13\n", "Write `python=3.11.*`"),
        ("- numpy=2.*\n", "no Python is named: repo2docker takes 3.10"),
        ("- pip:\n  - python==3.13\n", "no Python is named"),
    ],
)
def test_a_python_that_repo2docker_does_not_read_is_told(tmp_path: Path, entries: str, said: str) -> None:
    path = tmp_path / "environment.yml"
    path.write_text(f"dependencies:\n{entries}")
    told = unread_python(read_environment(path, "environment.yml"))
    assert (told.text if told else "").count(said or "x") == bool(said)
