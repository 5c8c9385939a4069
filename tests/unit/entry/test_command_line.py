"""What a script's command line shows, and how it ends."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from hub_image_actions.entry.command_line import CommandLine, WrongUsage, checked
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.http import HttpClient
from hub_image_actions.names import parse_full_name

DOCUMENTATION = """Examine repositories.

    scripts/doctor owner/name
    scripts/doctor --owner owner

It tells what it finds.
"""
Start = Callable[..., int]


class Ending:
    """A command that takes a repository, and ends as it is told to."""

    def __init__(self, end: BaseException | int) -> None:
        self.end = end

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("repository", nargs="?", type=checked(parse_full_name))
        parser.add_argument("--json", action="store_true")

    def run(
        self, options: argparse.Namespace, environ: Mapping[str, str], http: HttpClient, console: Console
    ) -> int:
        del environ, http
        console.result(options.repository)
        if isinstance(self.end, BaseException):
            raise self.end
        return self.end


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, root: Path) -> Start:
    """Runs a command as the script `doctor`."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/scripts/doctor"])

    def run(end: BaseException | int, *arguments: str) -> int:
        return CommandLine(DOCUMENTATION, root, {}).run(Ending(end), arguments)

    return run


def test_the_status_is_that_of_the_command(start: Start) -> None:
    assert start(3) == 3


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ActionError("It broke.", "Fix it."), "doctor: It broke. Fix it.\n"),
        (ActionError("By \x1b[31mRed."), "doctor: By ?[31mRed.\n"),
    ],
)
def test_what_went_wrong_is_one_line_without_the_usage(
    start: Start, capsys: pytest.CaptureFixture[str], error: ActionError, line: str
) -> None:
    assert start(error) == 1
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize(
    ("end", "arguments", "problem"),
    [
        (WrongUsage("No repository is chosen.", "Name one."), (), "No repository is chosen. Name one."),
        (0, ("one",), "'one' is not a repository. Write it as `owner/name`."),
        (0, ("--unknown",), "unrecognized arguments: --unknown"),
    ],
)
def test_wrong_usage_shows_the_usage_and_ends_with_2(
    start: Start,
    capsys: pytest.CaptureFixture[str],
    end: BaseException | int,
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        start(end, *arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: doctor ")
    assert problem in err


def test_help_keeps_the_lines_of_the_examples(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        start(0, "--help")
    assert "\n    scripts/doctor owner/name\n    scripts/doctor --owner owner\n" in capsys.readouterr().out


def test_the_version_is_shown(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        start(0, "--version")
    assert capsys.readouterr().out.startswith("hub-image-actions ")


def test_a_program_gets_json(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    assert start(0, "o/r", "--json") == 0
    assert capsys.readouterr().out == '"o/r"\n'


def test_options_may_stand_anywhere_among_the_arguments(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(0, "--json", "o/r") == 0
    assert start(0, "o/r", "--json") == 0
    assert capsys.readouterr().out == '"o/r"\n' * 2


def test_a_bug_is_no_line(start: Start) -> None:
    with pytest.raises(ZeroDivisionError):
        start(ZeroDivisionError())
