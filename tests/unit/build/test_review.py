"""What is said of a repository before repo2docker is installed, and what is refused."""

import platform
import shutil
from pathlib import Path

import pytest

from fake_build import read_settings
from hub_image_actions.build.context import BuildContext, ContextError
from hub_image_actions.build.python_versions import UnsupportedPython
from hub_image_actions.build.review import review

GOOD = "dependencies:\n- python=3.13.*\n"
UNKNOWN = "jupyter-repo2docker>=2025.8"


def reviewed(folder: Path, /, files: dict[str, str], **given: str) -> list[str]:
    """Return what is said of a repository whose folder is named `image`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [str(advice) for advice in review(BuildContext(folder, "image"), read_settings(**given))]


@pytest.mark.parametrize("hub_version", ["", "5.5.0"])
def test_the_template_gets_no_advice(tmp_path: Path, root: Path, hub_version: str) -> None:
    shutil.copytree(root / "template", tmp_path / "template")
    assert reviewed(tmp_path / "template", {}, hub_version=hub_version) == []
    (tmp_path / "template" / "install.R.disabled").rename(tmp_path / "template" / "install.R")
    assert len(reviewed(tmp_path / "template", {})) == 1


def test_files_that_are_not_read_are_one_warning_with_what_to_do(tmp_path: Path) -> None:
    files = {"environment.yml": GOOD, "requirements.txt": "a==1\n", "runtime.txt": "python-3.12"}
    (told,) = reviewed(tmp_path, files)
    assert told == (
        "repo2docker does not read image/requirements.txt and image/runtime.txt: where there is "
        "environment.yml, it reads apt.txt, postBuild and start besides. Name it in environment.yml, as "
        "`- pip:` with `- -r requirements.txt` below. Name Python in environment.yml, as `python=3.13.*`."
    )


def test_files_at_the_top_are_not_read_beside_binder(tmp_path: Path) -> None:
    files = {
        "binder/environment.yml": GOOD,
        "binder/install.R": "",
        "environment.yml": GOOD,
        "apt.txt": "git\n",
    }
    (told,) = reviewed(tmp_path, files)
    assert "does not read image/binder/install.R, image/apt.txt and image/environment.yml: " in told
    assert told.endswith("with binder/, it reads configuration there alone. Move into it what is needed.")


def test_of_an_unknown_release_is_said_what_holds_for_all(tmp_path: Path) -> None:
    assert reviewed(tmp_path, {"environment.yaml": GOOD}, repo2docker_version=UNKNOWN) == []
    (told,) = reviewed(tmp_path, {"environment.yml": GOOD}, repo2docker_version=UNKNOWN)
    assert "does not read image/environment.yaml" in told


def test_an_environment_of_the_longer_name_is_not_read_by_an_older_release(tmp_path: Path) -> None:
    (told,) = reviewed(tmp_path, {"environment.yaml": GOOD}, repo2docker_version="2025.12.0")
    assert told.endswith("Call it environment.yml.")
    assert reviewed(tmp_path, {"environment.yaml": GOOD}) == []


@pytest.mark.parametrize(("machine", "wanted"), [("x86_64", ""), ("aarch64", "linux/amd64")])
def test_a_python_that_the_release_does_not_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, wanted: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    text = r"^image/environment.yml:2: repo2docker 2025.08.0 has no Python 3.13, only 3.5 to 3.12. "
    with pytest.raises(UnsupportedPython, match=text):
        reviewed(tmp_path, {"environment.yml": GOOD}, repo2docker_version="2025.8.0", platform=wanted)


def test_the_platform_is_the_machines_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(UnsupportedPython, match=r"image/runtime.txt:1: .* no Python 3.6, only 3.7 to 3.14"):
        reviewed(tmp_path, {"requirements.txt": "", "runtime.txt": "python-3.6"})


def test_what_no_release_builds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContextError, match="repo2docker builds nothing from a REQUIRE"):
        reviewed(tmp_path, {"REQUIRE": "x\n"})


@pytest.mark.parametrize("files", [{"requirements.txt": ""}, {"Project.toml": ""}, {}])
def test_a_pyproject_that_one_release_fails_on_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    tools = {"pyproject.toml": "[tool.ruff]\n", **files}
    with pytest.raises(ContextError, match=r"repo2docker 2025.12.0 cannot read pyproject.toml. Set"):
        reviewed(tmp_path, tools, repo2docker_version="2025.12.0")
    assert reviewed(tmp_path, tools, repo2docker_version="2025.08.0") == []
    assert reviewed(tmp_path, tools) == []


def test_a_pyproject_that_is_not_looked_at_is_no_fault(tmp_path: Path) -> None:
    files = {"environment.yml": GOOD, "pyproject.toml": "[tool.ruff]\n"}
    assert reviewed(tmp_path, files, repo2docker_version="2025.12.0") == []


def test_requirements_that_the_environment_names_are_looked_at(tmp_path: Path) -> None:
    files = {
        "environment.yml": f"{GOOD}- pip:\n  - -r requirements.txt\n",
        "requirements.txt": "sklearn==0\n",
    }
    (told,) = reviewed(tmp_path, files)
    assert told.startswith("image/requirements.txt:1: on PyPI the package is `scikit-learn`")


@pytest.mark.parametrize("builder", ["docker", "repo2docker"])
def test_an_environment_that_a_dockerfile_copies_is_looked_at_and_never_refused(
    tmp_path: Path, builder: str
) -> None:
    files = {
        "Dockerfile": "FROM a\nCOPY environment.yml /\n",
        "environment.yml": "dependencies:\n- torch=2.*\n",
    }
    (told,) = reviewed(tmp_path, files, builder=builder)
    assert told == "image/environment.yml:2: conda-forge has `pytorch`, not `torch`."
    assert reviewed(tmp_path, {"environment.yml": "a: [{{ x }}"}, builder=builder) == []


def test_what_a_dockerfile_does_not_name_is_not_read_by_repo2docker(tmp_path: Path) -> None:
    files = {"Dockerfile": "FROM a\n", "environment.yml": GOOD}
    assert reviewed(tmp_path, files, builder="docker") == []
    (told,) = reviewed(tmp_path, files)
    assert told.endswith(
        "does not read image/environment.yml: where there is a Dockerfile, it reads nothing else."
    )
