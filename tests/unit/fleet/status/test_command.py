"""What `scripts/image-status` asks for, refuses, tells and writes."""

import argparse
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.entry import command
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.status.command import add_options, run
from local_github import LocalGitHub

DEPLOYMENTS = "hubs/deployments"
WHERE, ELSEWHERE = f"deployments of {DEPLOYMENTS}, staging", "quay.io/elsewhere/b"


def read(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(["--deployments", DEPLOYMENTS, *arguments])


class Called:
    """The command, on deployments of some hubs that name images without tags."""

    def __init__(self, server: LocalGitHub) -> None:
        self.server = server
        token = server.create_token("alice", "personal")
        self.environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
        self.out, self.err = io.StringIO(), io.StringIO()
        self.deployments = server.create_repository(DEPLOYMENTS, {}, default_branch="staging")
        self.deploy("a")

    def deploy(self, *hubs: str) -> None:
        files = {f"deployments/{hub}/a.yaml": f"image:\n  name: quay.io/user-images/{hub}\n" for hub in hubs}
        self.deployments.commit({**files}, "Deploy")
        for hub in hubs:
            self.server.create_repository(f"hubs/{hub}", {"README.md": "# x\n"})

    def run(self, *arguments: str) -> int:
        options = read("--branches", "staging", *arguments)
        console = Console(self.out, self.err, as_json=options.json)
        with command.open_http() as http:
            return run(options, self.environ, http, console)


@pytest.fixture
def called(tmp_path: Path) -> Iterator[Called]:
    """The command."""
    with LocalGitHub(tmp_path / "github") as server:
        yield Called(server)


def test_only_the_deployments_are_needed() -> None:
    options = read()
    assert (options.branches, options.paths) == ((), ("deployments",))
    assert (options.image_pattern, options.html, options.repositories) == ("", None, [])


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("--branches", "main", ("main",)),
        ("--branches", " a, b,,a ", ("a", "b")),
        ("--paths", "hubs,more/hubs", ("hubs", "more/hubs")),
    ],
)
def test_several_are_given_with_commas_each_once(option: str, text: str, value: tuple[str, ...]) -> None:
    assert getattr(read(option, text), option.strip("-")) == value


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--deployments", "datahub"), "'datahub' is not a repository. Write it as `owner/name`."),
        (("--branches", "a b"), "'a b' cannot be a branch."),
        (("--paths", "../up"), "'../up' is not a path inside the repository."),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_a_table_is_printed_and_its_problems_are_warnings(called: Called) -> None:
    assert called.run() == 0
    lines = called.out.getvalue().splitlines()
    assert lines[0].split()[:3] == ["HUB", "IMAGE", "STAGING"]
    assert lines[1].split()[:2] == ["a", "a"]
    assert lines[2].startswith("1 hub, 1 row: ")
    assert "warning: " in called.err.getvalue()


def test_of_many_problems_only_some_are_printed(called: Called) -> None:
    called.deploy(*"bcdefghijkl")
    called.run()
    warnings = [line for line in called.err.getvalue().splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 11
    assert warnings[-1] == "warning: 2 more problems; --html and --json show all of them."


def test_programs_get_the_table_alone(called: Called) -> None:
    assert called.run("--json") == 0
    told = json.loads(called.out.getvalue())
    assert (told["deployments"], [row["hub"] for row in told["rows"]]) == (DEPLOYMENTS, ["a"])


def test_the_page_is_written_and_named(called: Called, tmp_path: Path) -> None:
    file = tmp_path / "status.html"
    assert called.run("--html", str(file)) == 0
    assert file.read_text().startswith("<!doctype html>")
    assert called.out.getvalue().endswith(f"The page is {file}.\n")


def test_a_page_that_cannot_be_written_is_an_error(called: Called, tmp_path: Path) -> None:
    with pytest.raises(ActionError, match="cannot be written: ") as raised:
        called.run("--html", str(tmp_path / "none" / "status.html"))
    assert raised.value.remedy == "Check --html."


def test_only_images_of_repositories_that_are_named_one_by_one_are_told(called: Called) -> None:
    called.deploy("b")
    called.run("--json", "hubs/b", DEPLOYMENTS)
    assert [row["hub"] for row in json.loads(called.out.getvalue())["rows"]] == ["b"]


def test_with_all_repositories_of_an_owner_every_image_is_told(called: Called) -> None:
    called.deploy("b")
    called.run("--json", "--owner", "hubs")
    assert [row["hub"] for row in json.loads(called.out.getvalue())["rows"]] == ["a", "b"]


def test_a_topic_without_an_owner_is_refused(called: Called) -> None:
    with pytest.raises(ActionError, match="--topic chooses among the repositories of an owner"):
        called.run("--topic", "image")


def usual(called: Called, *arguments: str) -> list[str]:
    """Return the branches of the table, where none are given."""
    options = read("--json", *arguments)
    with command.open_http() as http:
        run(options, called.environ, http, Console(called.out, called.err, as_json=True))
    return list(json.loads(called.out.getvalue())["branches"])


@pytest.mark.parametrize(("branch", "branches"), [("prod", ["staging", "prod"]), ("next", ["staging"])])
def test_the_branches_are_the_default_one_and_that_of_production(
    called: Called, branch: str, branches: list[str]
) -> None:
    called.deployments.commit({"x": b"1"}, branch=branch)
    assert usual(called) == branches


@pytest.mark.parametrize(
    ("arguments", "problem", "remedy"),
    [
        (
            (),
            f"No image in {WHERE} is that of a repository of hubs. Deployed are {ELSEWHERE}, quay.io/",
            "--image-pattern '*b'",
        ),
        (("hubs/c",), "is that of a repository that was named. Deployed are ", "--image-pattern '*b'"),
        (("--paths", "none"), "No image is deployed in none of hubs/deployments, staging.", "Check --paths"),
    ],
)
def test_where_no_image_is_chosen_it_says_which_there_are_and_how_to_choose(
    called: Called, arguments: tuple[str, ...], problem: str, remedy: str
) -> None:
    called.server.create_repository("hubs/c", {"README.md": "# x\n"})
    del called.server.repositories["hubs/a"]
    called.deployments.commit({"deployments/b/a.yaml": b"image:\n  name: quay.io/elsewhere/b\n"}, "Deploy")
    with pytest.raises(ActionError) as raised:
        called.run(*arguments)
    assert problem in raised.value.problem
    assert remedy in raised.value.remedy


def test_an_image_counts_wherever_it_is_if_a_repository_of_the_owner_has_its_name(called: Called) -> None:
    text = "image:\n  name: quay.io/anything/b\n---\nimage:\n  name: quay.io/user-images/foreign\n"
    called.deployments.commit({"deployments/b/a.yaml": text.encode()}, "Deploy")
    called.server.create_repository("hubs/b", {"README.md": "# x\n"})
    called.run("--json")
    rows = json.loads(called.out.getvalue())["rows"]
    assert [row["image"] for row in rows] == ["quay.io/user-images/a", "quay.io/anything/b"]


def test_a_pattern_chooses_images_of_others_too(called: Called) -> None:
    called.deployments.commit({"deployments/b/a.yaml": b"image:\n  name: quay.io/pangeo/b\n"}, "Deploy")
    called.run("--json", "--image-pattern", "*pangeo/*")
    rows = json.loads(called.out.getvalue())["rows"]
    assert [row["image"] for row in rows] == ["quay.io/user-images/a", "quay.io/pangeo/b"]
