"""An action's options on a laptop, made from its action.yml."""

from pathlib import Path

import pytest

from hub_image_actions.entry.arguments import read_arguments

DECLARATION = """\
name: x
description: Does a thing.
inputs:
  base-branch:
    description: >-
      The branch, 100% of it,
      of course.
    default: staging
  token:
    description: A token.
    default: ${{ github.token }}
  dry-run:
    description: Nothing.
    default: 'false'
"""


@pytest.fixture
def action_yml(tmp_path: Path) -> Path:
    path = tmp_path / "actions" / "thing" / "action.yml"
    path.parent.mkdir(parents=True)
    path.write_text(DECLARATION)
    return path


def test_without_arguments_nothing_is_read(tmp_path: Path) -> None:
    assert read_arguments(tmp_path / "missing.yml", []) == {}


def test_only_what_is_given_is_returned(action_yml: Path) -> None:
    assert read_arguments(action_yml, ["--base-branch", "prod"]) == {"base-branch": "prod"}


def test_an_empty_option_is_given(action_yml: Path) -> None:
    assert read_arguments(action_yml, ["--token="]) == {"token": ""}


def test_the_help_shows_descriptions_and_defaults(
    action_yml: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as caught:
        read_arguments(action_yml, ["--help"])
    shown = capsys.readouterr().out
    assert caught.value.code == 0
    assert "usage: python3 actions/thing/main.py" in shown
    assert "The branch, 100% of it, of course. [staging]" in shown
    assert "${{" not in shown


@pytest.mark.parametrize("argument", ["--nonsense", "stray"])
def test_wrong_usage_ends_with_status_2(
    action_yml: Path, argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        read_arguments(action_yml, [argument])
    assert caught.value.code == 2
    assert argument in capsys.readouterr().err
