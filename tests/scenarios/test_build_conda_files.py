"""Each file that repo2docker makes an image of, beside `environment.yml`: alone, and together with others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.images import ImageRepository
from testbed.conda_world import CondaMachine
from testbed.registry import Registry

SECONDS = 300
pytestmark = pytest.mark.timeout(SECONDS + 60)
POST_BUILD = "#!/usr/bin/env bash\nset -e\necho made >made-by-postbuild\n"
START = '#!/usr/bin/env bash\nexport COURSE=data100\nexec "$@"\n'
PYPROJECT = """[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "course"
version = "1.2"
description = "What a course brings"
requires-python = "==3.13.*"
dependencies = ["inflection==0.5.1"]
"""
PIPFILE = '[packages]\ninflection = "==0.5.1"\n[requires]\npython_version = "{python}"\n'


@pytest.fixture
def world(
    tmp_path: Path, conda_machine: CondaMachine, registry: Registry, scratch: Path
) -> Iterator[ImageRepository]:
    """A repository whose image is built with what the small internet has."""
    with ImageRepository(tmp_path / "world", conda_machine.engine, registry, scratch) as images:
        images.image = f"files/{tmp_path.name}"
        images.seconds = SECONDS
        yield images


def said_in_image(world: ImageRepository, files: dict[str, str], command: str) -> list[str]:
    """Build an image of files, and return the lines that a command in it writes."""
    world.commit(files)
    result = world.build(builder="repo2docker")
    assert result.status == 0, result.log
    lines = world.engine.docker("run", "--rm", world.reference, "bash", "-c", command).splitlines()
    # The shell that repo2docker starts commands with tells first which environment it takes.
    assert lines[0].startswith("Activating profile: ")
    return lines[1:]


def test_a_folder_binder_holds_all_that_counts(world: ImageRepository) -> None:
    files = {
        "binder/environment.yml": (
            "dependencies:\n- python=3.13.*\n- humanize=4.17.*\n- pip\n- pip:\n  - inflection==0.5.1\n"
        ),
        "binder/apt.txt": "zip\n",
        "binder/postBuild": POST_BUILD,
        "binder/start": START,
        "requirements.txt": "no-such-package\n",
    }
    command = "python -c 'import humanize, inflection'; command -v zip; cat made-by-postbuild; echo $COURSE"
    assert said_in_image(world, files, command) == ["/usr/bin/zip", "made", "data100"]
    warnings = world.results[0].said("warning")
    assert any("requirements.txt" in warning for warning in warnings), warnings


def test_a_folder_dot_binder_with_requirements_and_a_runtime(world: ImageRepository) -> None:
    files = {
        ".binder/requirements.txt": "inflection==0.5.1\n",
        ".binder/runtime.txt": "python-3.13\n",
        ".binder/apt.txt": "nano\n",
    }
    command = "command -v nano; python -c 'import sys, inflection; print(sys.version_info[:2])'"
    assert said_in_image(world, files, command) == ["/usr/bin/nano", "(3, 13)"]


def test_a_pyproject_is_installed_with_what_it_needs(world: ImageRepository) -> None:
    files = {"pyproject.toml": PYPROJECT, "course.py": '"""A course."""\n', "postBuild": POST_BUILD}
    command = "pip list --format=freeze | grep -E '^(course|inflection)='; cat made-by-postbuild"
    assert said_in_image(world, files, command) == ["course==1.2", "inflection==0.5.1", "made"]


def test_a_pipfile_is_installed(world: ImageRepository) -> None:
    files = {"Pipfile": PIPFILE.format(python="3.11"), "start": START}
    command = "python -c 'import sys, inflection; print(sys.version_info[:2])'; echo $COURSE"
    assert said_in_image(world, files, command) == ["(3, 11)", "data100"]


def test_a_pipfile_for_a_newer_python_fails_by_name(world: ImageRepository) -> None:
    world.commit({"Pipfile": PIPFILE.format(python="3.13")})
    (error,) = world.build(builder="repo2docker").said("error")
    assert error.startswith("A Python package wants an older Python")
    assert "ImpImporter" in error


@pytest.mark.parametrize(
    ("files", "instruction", "named"),
    [
        pytest.param(
            {"install.R": "install.packages('x')\n", "runtime.txt": "r-4.4-2026-01-01\n"},
            "/pkgs/r-4.4.2_1_amd64.deb",
            "A step failed and said nothing: ",
            id="R",
        ),
        pytest.param(
            {"Project.toml": '[compat]\njulia = "1.10"\n', "runtime.txt": "python-3.11\n"},
            "/julia-${JULIA_VERSION}-linux-${JULIA_ARCH}.tar.gz",
            "What was downloaded is no archive: ",
            id="Julia",
        ),
        pytest.param(
            {"default.nix": "{}\n"},
            "NIX_ARCH=x86_64 bash /home/jovyan/.local/bin/install-nix.bash",
            "wget was refused https://",
            id="Nix",
        ),
    ],
)
def test_other_languages_get_as_far_as_their_own_downloads(
    world: ImageRepository, conda_machine: CondaMachine, files: dict[str, str], instruction: str, named: str
) -> None:
    world.commit(files)
    result = world.build(conda_machine.closed_variables, builder="repo2docker")
    assert result.status == 1
    assert instruction in result.log
    (error,) = result.said("error")
    assert error.startswith(named)
