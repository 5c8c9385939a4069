"""What the fleet's commands have in common."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.entry import command
from hub_image_actions.errors import ActionError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import snapshot
from hub_image_actions.http import Http
from local_github import LocalGitHub


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalGitHub]:
    with LocalGitHub(tmp_path / "github") as running:
        yield running


@pytest.fixture
def github(server: LocalGitHub) -> Iterator[GitHub]:
    token = server.create_token("alice", "personal")
    environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
    with command.open_http() as http:
        yield command.github_from(environ, http)


def options(*arguments: str, writes: bool = False) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.standard_options(parser, writes=writes)
    return parser.parse_args(arguments)


# ---- which repositories


def test_repositories_are_those_of_arguments_file_and_owner_each_once(
    github: GitHub, server: LocalGitHub, tmp_path: Path
) -> None:
    for name in ("hubs/a", "hubs/b", "hubs/c"):
        server.create_repository(name, topics=["image"] if name != "hubs/c" else [])
    listed = tmp_path / "list"
    listed.write_text("# images\n\no/Two # why\no/one\n")
    given = options("o/one", "hubs/B", "--repos-file", str(listed), "--owner", "hubs", "--topic", "image")
    assert command.chosen(given, github) == ("o/one", "hubs/B", "o/Two", "hubs/a")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "No repository is chosen"),
        (("one",), "'one' is not a repository"),
        (("o/r/x",), "'o/r/x' is not a repository"),
        (("--topic", "image"), "--topic chooses among"),
        (("--repos-file", "/nowhere/list"), "/nowhere/list cannot be read: No such file"),
    ],
)
def test_a_choice_that_is_none_is_an_error(github: GitHub, arguments: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ActionError, match=problem):
        command.chosen(options(*arguments), github)


def test_a_file_that_is_no_text_is_an_error(github: GitHub, tmp_path: Path) -> None:
    listed = tmp_path / "list"
    listed.write_bytes(b"\xff\xfe")
    with pytest.raises(ActionError, match="not UTF-8"):
        command.chosen(options("--repos-file", str(listed)), github)


def test_nothing_is_written_unless_asked_for() -> None:
    assert not options(writes=True).apply
    assert options("--apply", writes=True).apply
    assert not hasattr(options(), "apply")


# ---- who asks


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN"])
def test_the_token_is_that_of_the_environment(server: LocalGitHub, name: str) -> None:
    environ = {"GITHUB_API_URL": server.api_url, name: server.create_token("alice", "personal")}
    with command.open_http() as http:
        assert command.github_from(environ, http).login() == "alice"


def test_without_a_token_the_one_of_gh_is_taken(server: LocalGitHub, tmp_path: Path) -> None:
    program = tmp_path / "gh"
    token = server.create_token("alice", "personal")
    program.write_text(
        f'#!/bin/sh\n[ "$*" = "auth token --hostname 127.0.0.1:{server.port}" ] && echo {token}\n'
    )
    program.chmod(0o755)
    environ = {"GITHUB_SERVER_URL": server.server_url, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    with command.open_http() as http:
        assert command.github_from(environ, http).login() == "alice"


def test_without_any_token_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    with command.open_http() as http, pytest.raises(ActionError, match="gh auth login"):
        command.github_from({"PATH": str(tmp_path)}, http)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://api.github.com/x"),
        ({"GITHUB_SERVER_URL": "https://git.example.org"}, "https://git.example.org/api/v3/x"),
        ({"GITHUB_API_URL": "https://api.example.ghe.com"}, "https://api.example.ghe.com/x"),
    ],
)
def test_the_api_is_the_one_of_the_server(environ: dict[str, str], url: str) -> None:
    github = command.github_from({"GITHUB_TOKEN": "x", **environ}, Http())
    assert github._url("/x", {}) == url


def test_a_token_is_not_sent_unencrypted() -> None:
    with pytest.raises(ActionError, match="not the address of a server"):
        command.github_from({"GITHUB_TOKEN": "x", "GITHUB_API_URL": "http://example.org"}, Http())


def test_there_is_room_for_a_large_archive(github: GitHub, server: LocalGitHub) -> None:
    noise = os.urandom(1 << 20)
    server.create_repository("o/large", {f"{n}": noise[n:] for n in range(66)})
    assert len(snapshot(github, "o/large").files) == 66


# ---- how it begins


def test_options_may_stand_anywhere_among_the_repositories(monkeypatch: pytest.MonkeyPatch) -> None:
    def add_options(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("image")
        command.standard_options(parser, writes=True)

    def run(options: argparse.Namespace, *_: object) -> int:
        assert (options.image, options.repositories) == ("x:1", ["o/a", "o/b"])
        return int(options.apply and options.json)

    monkeypatch.setattr(sys, "argv", ["command", "x:1", "--apply", "o/a", "--json", "o/b"])
    assert command.start("What it does.", add_options, run) == 1


def test_the_help_is_the_scripts_own_text_with_its_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["command", "--help"])
    with pytest.raises(SystemExit) as ended:
        command.start(
            "What it does.\n\n    an example\n    of it\n",
            lambda parser: command.standard_options(parser, writes=False),
            lambda *_: 1,
        )
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert "REPOSITORY" in shown
    assert shown.endswith("    an example\n    of it\n")


# ---- how it ends


def test_the_status_is_that_of_the_command() -> None:
    assert command.main(lambda: 3) == 3


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (ActionError("It broke.", "Mend it."), 1, "doctor: It broke. Mend it.\n"),
        (ActionError("By \x1b[31mRed."), 1, "doctor: By ?[31mRed.\n"),
        (KeyboardInterrupt(), 130, "doctor: interrupted\n"),
    ],
)
def test_what_went_wrong_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    line: str,
) -> None:
    def run() -> int:
        raise error

    monkeypatch.setattr(sys, "argv", ["/somewhere/scripts/doctor"])
    assert command.main(run) == status
    assert capsys.readouterr() == ("", line)


def test_a_bug_is_no_line() -> None:
    with pytest.raises(ZeroDivisionError):
        command.main(lambda: 1 // 0)
