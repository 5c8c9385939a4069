"""The files with which an empty repository begins."""

from pathlib import Path

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.new_repository.beginning import _check_workflows, identity_of, template_files
from unit.fleet.new_repository.conftest import Sited, World

TEMPLATE = Path(__file__).resolve().parents[4] / "template"


def test_the_templates_files_are_those_that_git_knows() -> None:
    template = template_files(TEMPLATE)
    assert {".github/workflows/test.yaml", ".gitignore", "start"} <= template.files.keys()
    assert "start" in template.programs
    assert "README.md" not in template.programs
    assert not [path for path in template.files if "__pycache__" in path]


@pytest.mark.parametrize("name", ["empty", "none"])
def test_a_folder_without_files_is_no_template(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ActionError, match=r"There are no files in .* Check --template\."):
        template_files(tmp_path / name)


def test_without_a_history_all_of_the_template_comes() -> None:
    template = template_files(TEMPLATE)
    assert template.beside({}) == template.files


def test_beside_an_image_comes_what_says_nothing_of_it() -> None:
    template = template_files(TEMPLATE)
    left_out = template.files.keys() - template.beside({"environment.yml": b"", "README.md": b""}).keys()
    assert left_out == {
        "README.md",
        "apt.txt",
        "environment.yml",
        "install.R.disabled",
        "postBuild",
        "start",
    }
    assert "image-tests/test_environment.py" not in template.beside({"Dockerfile": b""})


def test_every_file_that_describes_an_image_is_left_out_beside_another() -> None:
    workflows = template_files(TEMPLATE).beside({"Dockerfile": b""})
    assert {path for path in workflows if "/" not in path} == {
        ".dockerignore",
        ".gitignore",
        ".yamllint.yaml",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
    }


def test_a_person_commits_by_the_address_that_github_gives_to_everybody(world: World, site: Sited) -> None:
    identity = identity_of(site().github)
    user = world.server.users["bob"]
    assert identity.email == f"{user.id}+bob@users.noreply.127.0.0.1"


def test_an_app_commits_as_the_bot_of_actions(world: World, site: Sited) -> None:
    made = site()
    token = world.server.create_token()
    github = type(made.github)(made.github._http, world.server.api_url, world.server.server_url, token)
    assert identity_of(github).name == "github-actions[bot]"


@pytest.mark.parametrize("path", [".github/workflows/evil.yaml", ".github/workflows/test.yaml"])
def test_a_history_with_workflows_is_refused(path: str) -> None:
    with pytest.raises(ActionError, match=r"brings workflows, which would run in the new repository: "):
        _check_workflows(["README.md", path], "o/r:image")
    _check_workflows(["README.md", "docs/.github/workflows/a.yaml"], "o/r:image")
