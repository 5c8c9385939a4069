"""What the fleet's commands have in common."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.entry import command
from hub_image_actions.entry.command_line import WrongUsage
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
        (("--topic", "image"), "--topic chooses among"),
    ],
)
def test_a_choice_that_is_none_is_wrong_usage(
    github: GitHub, arguments: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(WrongUsage, match=problem):
        command.chosen(options(*arguments), github)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--owner", "hubs", "--topic", "image"), "No repository of hubs .* has the topic image"),
        (("--owner", "nobody"), "nobody has no repository that the token can see"),
        (("--repos-file", "EMPTY"), "names no repository"),
    ],
)
def test_a_choice_that_nothing_matches_is_no_wrong_usage(
    github: GitHub, server: LocalGitHub, tmp_path: Path, arguments: tuple[str, ...], problem: str
) -> None:
    server.create_repository("hubs/a", topics=["other"])
    server.create_user("nobody", "Organization")
    empty = tmp_path / "list"
    empty.write_text("# none yet\n")
    given = options(*(word.replace("EMPTY", str(empty)) for word in arguments))
    with pytest.raises(ActionError, match=problem) as raised:
        command.chosen(given, github)
    assert not isinstance(raised.value, WrongUsage)


@pytest.mark.parametrize("name", ["one", "o/r/x"])
def test_a_name_that_is_none_is_wrong_usage(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        options(name)
    assert f"'{name}' is not a repository. Write it as `owner/name`." in capsys.readouterr().err


def test_a_file_that_is_not_there_is_an_error(github: GitHub) -> None:
    with pytest.raises(ActionError, match="/nowhere/list cannot be read: No such file"):
        command.chosen(options("--repos-file", "/nowhere/list"), github)


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
