"""Which part of repo2docker builds a repository, and which files it does not read."""

from pathlib import Path

import pytest

from hub_image_actions.build import repo2docker
from hub_image_actions.build.buildpacks import RELEASES, ConfiguredFolder, known_release

OLDEST, _, OF_2025, NEWEST = RELEASES
PACKAGE = "[project]\nname = 'a'\n[build-system]\nrequires = []\n"


def configured(folder: Path, **files: str) -> ConfiguredFolder:
    """Make a folder with configuration files; a name in a folder has `__` for the slash."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    binder = folder / "binder"
    return ConfiguredFolder(folder, binder if binder.is_dir() else folder)


def test_a_release_is_known_however_its_version_is_written() -> None:
    assert (
        known_release("jupyter-repo2docker==2026.4.0")
        == known_release("jupyter-repo2docker==2026.04.0")
        == NEWEST
    )
    assert known_release("jupyter-repo2docker>=2026.4.0") is None
    assert known_release("jupyter-repo2docker @ git+https://example.org/x") is None


def test_the_default_release_is_known_and_so_are_all_whose_base_is() -> None:
    assert known_release(repo2docker.parse_version(repo2docker.DEFAULT_VERSION)) == NEWEST
    for release in RELEASES:
        assert repo2docker.base_image(repo2docker.parse_version(release.version), ())


@pytest.mark.parametrize(
    ("files", "buildpack"),
    [
        ({"Dockerfile": "", "environment.yml": "", "Project.toml": ""}, "Dockerfile"),
        ({"Project.toml": "", "environment.yml": "", "REQUIRE": ""}, "Julia"),
        ({"JuliaProject.toml": ""}, "Julia"),
        ({"REQUIRE": "", "environment.yml": ""}, "REQUIRE"),
        ({"default.nix": "", "environment.yml": ""}, "Nix"),
        ({"runtime.txt": "r-4.4-2026-11-02\n", "environment.yml": ""}, "R"),
        ({"runtime.txt": "r-2026-11-02", "install.R": ""}, "R"),
        ({"DESCRIPTION": "Package: a\n", "environment.yml": ""}, "R"),
        ({"DESCRIPTION": "This is about …\n", "environment.yml": ""}, "conda"),
        ({"environment.yml": "", "requirements.txt": "", "Pipfile": ""}, "conda"),
        ({"Pipfile": "", "requirements.txt": ""}, "Pipfile"),
        ({"Pipfile.lock": "", "runtime.txt": "python-3.12"}, "Pipfile"),
        ({"Pipfile": "", "runtime.txt": "r-4.4"}, "Python"),
        ({"requirements.txt": "", "setup.py": ""}, "Python"),
        ({"install.R": ""}, "Python"),
        ({"binder__environment.yml": "", "Dockerfile": ""}, "conda"),
        ({"binder__apt.txt": "", "DESCRIPTION": "Package: a\n"}, "Python"),
    ],
)
def test_the_first_buildpack_that_finds_its_file_builds(
    tmp_path: Path, files: dict[str, str], buildpack: str
) -> None:
    folder = configured(tmp_path, **files)
    assert {folder.buildpack(release) for release in RELEASES} == {buildpack}


def test_only_the_newest_release_reads_an_environment_of_the_longer_name(tmp_path: Path) -> None:
    folder = configured(tmp_path, **{"environment.yaml": ""})
    assert [folder.buildpack(release) for release in RELEASES] == ["Python"] * 3 + ["conda"]
    assert [folder.unread(release) for release in RELEASES] == [["environment.yaml"]] * 3 + [[]]
    configured(tmp_path, **{"environment.yml": ""})
    assert folder.unread(NEWEST) == ["environment.yaml"]


@pytest.mark.parametrize(
    ("files", "unread"),
    [
        ({"environment.yml": "", "apt.txt": "", "postBuild": "", "start": ""}, []),
        ({"environment.yml": "", "requirements.txt": ""}, ["requirements.txt"]),
        ({"environment.yml": "- pip:\n  - -r requirements.txt\n", "requirements.txt": ""}, []),
        ({"environment.yml": "# not requirements.txt\n", "requirements.txt": ""}, ["requirements.txt"]),
        ({"environment.yml": "", "requirements.txt": "", "postBuild": "pip install -r requirements.txt"}, []),
        ({"environment.yml": "", "runtime.txt": "python-3.12"}, ["runtime.txt"]),
        ({"environment.yml": "", "install.R": ""}, ["install.R"]),
        ({"environment.yml": "", "install.R": "", "postBuild": "Rscript install.R\n"}, []),
        ({"environment.yml": "", "install.R": "", "runtime.txt": "r-4.4-2026-11-02"}, []),
        ({"requirements.txt": "", "install.R": ""}, ["install.R"]),
        ({"environment.yml": "", "setup.py": ""}, ["setup.py"]),
        ({"environment.yml": "", "setup.py": "", "postBuild": "pip install .\n"}, []),
        ({"environment.yml": "- pip:\n  - -e .[all]\n", "pyproject.toml": PACKAGE}, []),
        ({"environment.yml": "- pip:\n  - ./a.whl\n", "pyproject.toml": PACKAGE}, []),
        ({"environment.yml": "", "pyproject.toml": PACKAGE}, ["pyproject.toml"]),
        ({"environment.yml": "", "pyproject.toml": "[tool.ruff]\n"}, []),
        ({"environment.yml": "", "DESCRIPTION": "What this is\n"}, []),
        ({"environment.yml": "", "Pipfile": "", "Pipfile.lock": ""}, ["Pipfile", "Pipfile.lock"]),
        ({"Pipfile": "", "Pipfile.lock": ""}, []),
        ({"Pipfile": "", "requirements.txt": ""}, ["requirements.txt"]),
        ({"Project.toml": "", "environment.yml": "", "requirements.txt": "", "REQUIRE": ""}, ["REQUIRE"]),
        ({"Project.toml": "", "JuliaProject.toml": ""}, ["Project.toml"]),
        ({"default.nix": "", "environment.yml": "", "start": ""}, ["environment.yml"]),
        ({"Dockerfile": "FROM a\n", "apt.txt": "", "environment.yml": ""}, ["apt.txt", "environment.yml"]),
        ({"Dockerfile": "FROM a\nCOPY environment.yml /tmp/\n", "environment.yml": ""}, []),
        ({"Dockerfile": "FROM a\nCOPY --chown=1:1 . /srv\n", "environment.yml": "", "start": ""}, []),
        ({"Dockerfile": 'FROM a\nCOPY ["./", "/srv"]\n', "environment.yml": ""}, []),
        (
            {"Dockerfile": "FROM a\nCOPY ./start /srv\n", "environment.yml": "", "start": ""},
            ["environment.yml"],
        ),
        ({"Dockerfile": "FROM a\nRUN --mount=type=bind,target=/x cat /x/*\n", "environment.yml": ""}, []),
        ({"binder__environment.yml": "", "environment.yml": "", "README.md": ""}, ["../environment.yml"]),
        ({"binder__environment.yml": "", "apt.txt": "", "start": ""}, ["../apt.txt", "../start"]),
        ({"binder__postBuild": "pip install -r requirements.txt\n", "requirements.txt": ""}, []),
        ({"binder__requirements.txt": "-e .\n", "setup.py": ""}, []),
        ({"binder__requirements.txt": "", "setup.py": ""}, ["../setup.py"]),
    ],
)
def test_files_that_are_not_read_are_those_that_nothing_names(
    tmp_path: Path, files: dict[str, str], unread: list[str]
) -> None:
    assert configured(tmp_path, **files).unread(NEWEST) == unread


def test_a_package_is_installed_by_its_pyproject_since_2025_12(tmp_path: Path) -> None:
    folder = configured(tmp_path, **{"requirements.txt": "", "pyproject.toml": PACKAGE})
    assert [folder.unread(release) for release in (OLDEST, OF_2025, NEWEST)] == [["pyproject.toml"], [], []]


@pytest.mark.parametrize(
    "text", ["\n" * 400_000, "[project]\n" * 40_000, "COPY --a " * 50_000, "# " * 200_000]
)
def test_what_is_made_to_be_slow_is_not(tmp_path: Path, text: str) -> None:
    files = {"environment.yml": text, "setup.py": "", "pyproject.toml": text, "DESCRIPTION": text}
    assert configured(tmp_path, **files).unread(NEWEST)
    assert not configured(tmp_path, Dockerfile=text, DESCRIPTION="").unread(OLDEST)[3:]
