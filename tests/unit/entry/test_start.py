"""The start of a command, and how the process ends."""

import os
from collections.abc import Callable

import pytest

from hub_image_actions import dependencies
from hub_image_actions.entry import start as start_module
from hub_image_actions.entry.command_line import CommandLine


class Exited(BaseException):
    """The process ended with a status."""


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Starts a command, and returns the status with which the process would end."""

    def end(status: int) -> None:
        raise Exited(status)

    monkeypatch.setattr(os, "_exit", end)
    # The tests have libraries of their own.
    monkeypatch.setattr(dependencies, "activate", lambda _: None)

    def run() -> int:
        with pytest.raises(Exited) as exited:
            start_module.start("fleet.doctor.command", "Examine.")
        return int(exited.value.args[0])

    return run


def raising(error: BaseException) -> Callable[..., int]:
    def end(*_: object) -> int:
        raise error

    return end


def test_the_process_ends_with_the_status_of_the_command(
    monkeypatch: pytest.MonkeyPatch, ended: Callable[[], int]
) -> None:
    monkeypatch.setattr(CommandLine, "run", lambda *_: 3)
    assert ended() == 3


@pytest.mark.parametrize(
    ("owner", "name"), [(dependencies, "activate"), (CommandLine, "__init__"), (CommandLine, "run")]
)
def test_an_interruption_is_one_line_whatever_it_interrupts(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ended: Callable[[], int],
    owner: object,
    name: str,
) -> None:
    monkeypatch.setattr(owner, name, raising(KeyboardInterrupt()))
    assert ended() == 130
    assert capsys.readouterr() == ("", "Interrupted\n")


def test_a_reader_that_has_seen_enough_gets_no_complaint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ended: Callable[[], int]
) -> None:
    monkeypatch.setattr(CommandLine, "run", raising(BrokenPipeError()))
    assert ended() == 1
    assert capsys.readouterr() == ("", "")
