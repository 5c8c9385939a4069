"""Where environments of tools are, and when one is another than the one that is there."""

import os
from pathlib import Path

import pytest

from hub_image_actions import process
from hub_image_actions.environments import ToolEnvironment


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "lock.txt"
    file.write_text("tool==1 --hash=sha256:00\n")
    return file


def test_a_locked_tool_is_installed_as_the_list_says_and_nothing_else(lock: Path, tmp_path: Path) -> None:
    environment = ToolEnvironment.locked("tool", lock, tmp_path)
    assert environment.wanted == ("--require-hashes", "--no-deps", "-r", str(lock))
    assert environment.python == environment.home / "bin" / "python"


def test_another_list_or_requirement_is_another_environment(lock: Path, tmp_path: Path) -> None:
    first = ToolEnvironment.locked("tool", lock, tmp_path)
    assert ToolEnvironment.locked("tool", lock, tmp_path).home == first.home
    lock.write_text("tool==2 --hash=sha256:00\n")
    homes = {
        first.home,
        ToolEnvironment.locked("tool", lock, tmp_path).home,
        ToolEnvironment.required("tool", ("tool==1",), tmp_path).home,
        ToolEnvironment.required("tool", ("tool==2",), tmp_path).home,
    }
    assert len(homes) == 4
    assert {home.parent for home in homes} == {tmp_path}


def test_one_that_is_there_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = ToolEnvironment.required("tool", ("tool==1",), tmp_path)
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()

    def fail(*_: object, **__: object) -> None:
        pytest.fail("a program is started")

    monkeypatch.setattr(process, "run", fail)
    environment.make({})
    assert environment.is_there()


def test_one_that_was_broken_off_is_made_anew_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = ToolEnvironment.required("tool", ("tool==1",), tmp_path)
    environment.home.mkdir()
    (environment.home / "half").touch()
    commands: list[list[str]] = []

    def run(command: list[str], *, umask: int, **_: object) -> None:
        # The rights of what is copied into images must not depend on the runner's.
        assert umask == 0o022
        commands.append(command)
        if "venv" in command:
            python = Path(command[-1], "bin", "python")
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(process, "run", run)
    environment.make(dict(os.environ))
    assert environment.is_there()
    assert not (environment.home / "half").exists()
    assert [command[-1] for command in commands][1:] == ["tool==1"]
    assert [path.name for path in tmp_path.iterdir()] == [environment.home.name]
