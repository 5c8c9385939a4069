"""Which repo2docker is installed, and how."""

from pathlib import Path

import pytest

from hub_image_actions.build.repo2docker import (
    DEFAULT_VERSION,
    InvalidVersion,
    Repo2docker,
    check_arguments,
    install,
    is_installed,
    parse_version,
    unread_configuration,
)
from hub_image_actions.environments import ToolEnvironment
from hub_image_actions.errors import ActionError, CommandError


@pytest.mark.parametrize(
    ("text", "requirement"),
    [
        ("2026.04.0", "jupyter-repo2docker==2026.04.0"),
        ("2025.12.0rc1", "jupyter-repo2docker==2025.12.0rc1"),
        ("jupyter-repo2docker>=2025.8", "jupyter-repo2docker>=2025.8"),
        ("repo2docker", "jupyter-repo2docker"),
        ("git+https://github.com/jupyterhub/repo2docker@main", None),
        ("https://example.org/repo2docker.zip", None),
    ],
)
def test_a_version_is_what_pip_installs(text: str, requirement: str | None) -> None:
    assert parse_version(text) == (requirement or f"jupyter-repo2docker @ {text}")


@pytest.mark.parametrize("text", ["latest", "git+ssh://a/b", "--target=x", "other-package==1", "2026.4 -r x"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion, match=DEFAULT_VERSION):
        parse_version(text)


@pytest.mark.parametrize(("version", "buildx"), [("2024.7.0", False), ("2025.8.0", True), ("2026.4.0", True)])
def test_the_builder_depends_on_the_version(version: str, buildx: bool) -> None:
    assert Repo2docker(Path("python"), version).uses_buildx is buildx


def test_what_cannot_be_installed_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("jupyter-repo2docker==2026.4.0 --hash=sha256:00\n")
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1"}
    folder = tmp_path / "scratch"
    folder.mkdir()
    with pytest.raises(
        ActionError, match=r"repo2docker .* cannot be installed: .* Check `repo2docker-version`"
    ):
        install("jupyter-repo2docker==2025.8.0", lock, folder, environment, print)
    assert list(folder.iterdir()) == []
    assert not is_installed("jupyter-repo2docker==2025.8.0", lock, folder)


def test_what_repo2docker_imports_without_asking_for_it_is_installed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[tuple[str, ...]] = []

    def make(environment: ToolEnvironment, _: object) -> None:
        wanted.append(environment.wanted)
        raise CommandError("pip", 1, "", "stop here")

    monkeypatch.setattr(ToolEnvironment, "make", make)
    with pytest.raises(ActionError, match="stop here"):
        install("jupyter-repo2docker==2025.12.0", tmp_path / "lock.txt", tmp_path, {}, print)
    assert wanted == [("jupyter-repo2docker==2025.12.0", "tomli; python_version < '3.11'")]


@pytest.mark.parametrize(
    "arguments",
    [("--config", "x.py"), ("--debug", "--config=x.py"), ("--conf", "x"), ("--co=x",), ("--config=a\nb",)],
)
def test_a_file_of_configuration_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ActionError, match="would be executed on the runner"):
        check_arguments(arguments)


@pytest.mark.parametrize("arguments", [(), ("--debug", "--label", "a=--config"), ("--cache-from", "x")])
def test_other_arguments_are_taken_as_they_are(arguments: tuple[str, ...]) -> None:
    assert check_arguments(arguments) == arguments


@pytest.mark.parametrize(
    ("endings", "said"),
    [
        ("", ""),
        ("py", "repo2docker_config.py is not read"),
        ("json", "repo2docker_config.json is not read"),
        ("py json", "repo2docker_config.py and repo2docker_config.json are not read"),
    ],
)
def test_a_configuration_that_is_not_read_is_told_of(tmp_path: Path, endings: str, said: str) -> None:
    for ending in endings.split():
        (tmp_path / f"repo2docker_config.{ending}").touch()
    warning = unread_configuration(tmp_path)
    assert warning.startswith(said)
    assert bool(warning) is bool(endings)
