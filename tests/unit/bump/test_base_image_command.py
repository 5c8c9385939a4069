"""What `scripts/upgrade-base-image` asks for, refuses and tells."""

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.bump.base_image_command import add_options, run
from hub_image_actions.entry import command
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from local_github import LocalGitHub

IMAGE = "quay.io/course/base"
DEPENDENT, OTHER = "hubs/r-image", "hubs/python-image"


class Called:
    """The command, on a GitHub with one repository that builds on the image and one that does not."""

    def __init__(self, server: LocalGitHub) -> None:
        self.server = server
        token = server.create_token("alice", "personal")
        self.environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
        self.dependent = server.create_repository(DEPENDENT, {"Dockerfile": f"FROM {IMAGE}:1\nRUN true\n"})
        server.create_repository(OTHER, {"Dockerfile": "FROM ubuntu:24.04\n"})
        self.out, self.err = io.StringIO(), io.StringIO()

    def run(self, *arguments: str) -> int:
        options = read(*arguments)
        console = Console(self.out, self.err, as_json=options.json)
        with command.open_http() as http:
            return run(options, self.environ, http, console)


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_intermixed_args(arguments)


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    """The command."""
    with LocalGitHub(tmp_path / "github") as server:
        yield Called(server)


def test_the_image_is_needed_and_all_else_has_a_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        read()
    assert ended.value.code == 2
    assert "IMAGE:TAG" in capsys.readouterr().err
    options = read(f"{IMAGE}:2")
    assert (options.branch, options.label) == ("update-base-image-{image}", [])
    assert [options.apply, options.no_verify, options.json] == [False, False, False]
    assert read(f"{IMAGE}:2", "--label", "a", "--label", "b").label == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((IMAGE, OTHER), "has no tag. Write it as IMAGE:TAG."),
        (("a b:1", OTHER), "'a b:1'"),
        (("course/base:2", "--registry", "https://quay.io", OTHER), "is not a registry's host"),
        ((f"{IMAGE}:2", "--image-repository", "base", OTHER), "'base' is not a repository"),
        ((f"{IMAGE}:2", "--no-verify", "r-image"), "'r-image' is not a repository"),
    ],
)
def test_an_option_that_can_mean_nothing_is_refused_with_what_to_write_instead(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        read(*arguments)
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((f"{IMAGE}:2", "--branch", "b-{tag}", OTHER), "Leave `{tag}` out"),
        ((f"{IMAGE}:2", "--no-verify"), "No repository is chosen."),
    ],
)
def test_options_that_do_not_go_together_are_refused_before_anything_is_asked(
    called: Called, arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(ActionError) as raised:
        called.run(*arguments)
    assert told in str(raised.value)
    assert called.server.calls == []


def test_without_apply_it_is_told_what_would_move_and_nothing_is_written(called: Called) -> None:
    assert called.run(f"{IMAGE}:2", "--no-verify", DEPENDENT, OTHER) == 0
    lines = called.out.getvalue().splitlines()
    assert lines[0].split() == ["REPOSITORY", "WHERE", "STAGE", "FROM", "TO", "STATUS"]
    assert lines[1].split() == [DEPENDENT, "Dockerfile:1", "0", "1", "2", "would", "open"]
    assert lines[2] == f"1 of 2 repositories builds on {IMAGE}, 1 does not."
    assert lines[3] == "Nothing was changed; give --apply to open the pull requests."
    assert called.dependent.pulls == []


def test_with_apply_a_dependent_gets_its_pull_request(called: Called) -> None:
    given = ("--apply", "--title", "Move {image} to {tag}", "--label", "base image")
    assert called.run(f"{IMAGE}:2", "--no-verify", DEPENDENT, *given) == 0
    (pull,) = called.dependent.pulls
    assert pull.title == "Move base to 2"
    assert "--apply" not in called.out.getvalue()
    assert "opened" in called.out.getvalue()


def test_an_image_without_a_host_is_on_the_registry_that_is_given(called: Called) -> None:
    given = ("--registry", "quay.io", "--no-verify", "--json", DEPENDENT)
    assert called.run("course/base:2", *given) == 0
    (result,) = json.loads(called.out.getvalue())
    assert (result["repository"], result["status"], result["files"]) == (
        DEPENDENT,
        "would open",
        ["Dockerfile"],
    )


def test_a_repository_that_fails_is_a_warning_and_status_1(called: Called) -> None:
    assert called.run(f"{IMAGE}:2", "--no-verify", "hubs/none", DEPENDENT) == 1
    assert "warning: hubs/none: " in called.err.getvalue()
    assert f"1 of 2 repositories builds on {IMAGE}" in called.out.getvalue()
