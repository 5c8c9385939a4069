"""What `scripts/doctor` asks for, refuses, tells and ends with."""

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.entry import command
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.doctor.command import add_options, run
from local_github import LocalGitHub

NAME = "hubs/data100-user-image"


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


class Called:
    """The command, on a GitHub with a repository in which nothing builds an image."""

    def __init__(self, server: LocalGitHub, folder: Path) -> None:
        self.server = server
        token = server.create_token("alice", "personal")
        self.environ = {
            "GITHUB_SERVER_URL": server.server_url,
            "GITHUB_TOKEN": token,
            "DOCKER_CONFIG": str(folder),
        }
        server.create_repository(NAME, {"README.md": "# Data 100\n"})
        self.out, self.err = io.StringIO(), io.StringIO()

    def run(self, *arguments: str) -> int:
        options = read(*arguments)
        with command.open_http() as http:
            return run(options, self.environ, http, Console(self.out, self.err, as_json=options.json))


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    """The command."""
    with LocalGitHub(tmp_path / "github") as server:
        yield Called(server, tmp_path)


def test_nothing_is_written_so_that_there_is_no_option_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    options = read("o/r")
    assert (options.repositories, options.deployments, options.json) == (["o/r"], None, False)
    with pytest.raises(SystemExit):
        read("o/r", "--apply")
    assert "unrecognized arguments: --apply" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [("o/r", "--deployments", "datahub"), ("datahub",)])
def test_what_is_no_repository_ends_with_status_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert "'datahub' is not a repository. Write it as `owner/name`." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "No repository is chosen."),
        (("--topic", "a"), "--topic"),
    ],
)
def test_without_a_repository_nothing_is_asked(called: Called, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(ActionError, match=told):
        called.run(*arguments)
    assert called.server.calls == []


def test_what_is_broken_is_told_and_status_1(called: Called) -> None:
    assert called.run(NAME) == 1
    text = called.out.getvalue()
    assert NAME in text
    assert "No workflow builds the image and moves the hubs.  [missing-workflow]" in text
    assert text.splitlines()[-1].startswith("1 repository: 1 broken")


def test_programs_get_the_findings_alone(called: Called) -> None:
    assert called.run(NAME, "--json") == 1
    (told,) = json.loads(called.out.getvalue())
    assert told["repository"] == NAME
    assert "missing-workflow" in {finding["name"] for finding in told["findings"]}
    assert called.err.getvalue().splitlines()[-1].startswith("1 repository: 1 broken")


def test_a_repository_that_cannot_be_read_is_a_finding_and_others_are_examined(called: Called) -> None:
    assert called.run("hubs/none", NAME, "--json") == 1
    first, second = json.loads(called.out.getvalue())
    assert [finding["name"] for finding in first["findings"]] == ["unreadable-repository"]
    assert (second["repository"], len(second["findings"]) > 1) == (NAME, True)


def test_a_token_that_is_wrong_is_one_error_and_no_finding_for_each(called: Called) -> None:
    called.environ["GITHUB_TOKEN"] = "ghp_nobodys"
    with pytest.raises(GitHubError, match="answered 401"):
        called.run(NAME, "hubs/none")
    assert called.out.getvalue() == ""
