"""What is asked for the status of all hubs, and what becomes of questions without an answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions import markdown
from hub_image_actions.entry import command
from hub_image_actions.errors import ActionError, RegistryError
from hub_image_actions.fleet.status.answers import K, Question, T
from hub_image_actions.fleet.status.survey import Survey
from hub_image_actions.fleet.status.table import Row, Status
from hub_image_actions.github.client import GitHub
from local_github import LocalGitHub, Repository

DEPLOYMENTS, OWN = "hubs/deployments", "hubs/a-user-image"
IMAGE = "quay.io/user-images/a-user-image"
FILE = "deployments/a/hubploy.yaml"
QUESTION = Question(
    DEPLOYMENTS, ("staging",), (), date(2026, 11, 28), datetime(2026, 11, 28, tzinfo=timezone.utc)
)


class Images:
    """A registry that has one tag of every image, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = True

    def has(self, repository: str, reference: str) -> bool:
        self.asked.append(f"{repository} {reference}")
        if not self.answers:
            raise RegistryError("It is down.")
        return reference == "1"


def one_by_one(what: str, calls: Mapping[K, Callable[[], T]]) -> Mapping[K, T | ActionError]:
    """Makes the calls; returns their answers and errors."""
    answers: dict[K, T | ActionError] = {}
    for key, call in calls.items():
        try:
            answers[key] = call()
        except ActionError as error:
            answers[key] = error
    return answers


class World:
    """Deployments with one hub, and the repository of its image."""

    def __init__(self, server: LocalGitHub, github: GitHub) -> None:
        self.server, self.github, self.images = server, github, Images()
        self.deployments = server.create_repository(DEPLOYMENTS, {}, default_branch="staging")
        self.deploy(f"{IMAGE}:1")
        self.own: Repository = server.create_repository(OWN, {"README.md": "# a\n"})

    def deploy(self, *references: str) -> None:
        items = "".join(f"    - name: {reference}\n" for reference in references)
        self.deployments.commit({FILE: f"images:\n  images:\n{items}"}, "Deploy")

    def status(self, *repositories: str, branches: tuple[str, ...] = ("staging",), **more: Any) -> Status:
        question = replace(QUESTION, repositories=repositories, branches=branches, **more)
        return Survey(question, self.github, lambda _: self.images, one_by_one).status()

    def propose(self, body: str, branch: str = "bump") -> None:
        self.deployments.commit({"x": body.encode()}, branch=branch)
        request = {"title": "Move it", "head": branch, "base": "staging", "body": body}
        self.github.send("POST", f"/repos/{DEPLOYMENTS}/pulls", request)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A hub whose image has a repository of its own name."""
    with LocalGitHub(tmp_path / "github") as server:
        token = server.create_token("alice", "personal")
        environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
        with command.open_http() as http:
            yield World(server, command.github_from(environ, http))


def only_row(status: Status) -> Row:
    (row,) = status.rows
    return row


def test_without_repositories_an_images_own_is_the_one_of_its_name(world: World) -> None:
    status = world.status()
    row = only_row(status)
    assert (row.hub, row.repository, str(row.image)) == ("a", OWN, IMAGE)
    assert status.url == f"{world.server.server_url}/{DEPLOYMENTS}"
    assert status.problems == ()


def test_a_variable_says_more_than_a_name(world: World) -> None:
    other = world.server.create_repository("hubs/other", {"README.md": "# o\n"})
    other.variables["IMAGE"] = f" {IMAGE} "
    assert only_row(world.status(OWN, "hubs/other")).repository == "hubs/other"


def test_an_image_of_none_of_the_repositories_stands_alone_or_is_left_out(world: World) -> None:
    world.own.variables["IMAGE"] = "quay.io/user-images/else"
    rows = world.status(OWN, pattern="*user-images/*").rows
    assert [(row.hub, row.repository) for row in rows] == [("a", ""), ("", OWN)]
    assert [row.hub for row in world.status(OWN, only_theirs=True, pattern="*user-images/*").rows] == [""]


def test_repositories_on_no_hub_without_a_variable_are_named(world: World) -> None:
    for name in ("b", "c", "d", "e"):
        world.server.create_repository(f"hubs/{name}", {"README.md": "# x\n"})
    status = world.status(OWN, "hubs/e", "hubs/d", "hubs/c", "hubs/b")
    assert status.problems == (
        "Without a variable IMAGE, and on no hub by their names: hubs/b, hubs/c, hubs/d and 1 more.",
    )


def test_variables_that_cannot_be_read_are_one_problem_and_names_count_instead(world: World) -> None:
    status = world.status(OWN, "hubs/none")
    assert any(
        problem.startswith("The variables of hubs/none cannot be read, so that images are told by the")
        for problem in status.problems
    )
    assert status.rows[0].repository == OWN


def test_a_branch_that_cannot_be_read_is_a_problem_of_the_table(world: World) -> None:
    status = world.status(branches=("staging", "prod"))
    assert status.branches == ("staging", "prod")
    (problem,) = status.problems
    assert problem.startswith(f"The branch prod of {DEPLOYMENTS} cannot be read: ")


def test_where_no_branch_can_be_read_there_is_nothing_to_tell(world: World) -> None:
    with pytest.raises(ActionError):
        world.status(branches=("prod", "next"))


@pytest.mark.parametrize(("tag", "there"), [("1", True), ("2", False)])
def test_the_registry_is_asked_for_each_tag_once(world: World, tag: str, *, there: bool) -> None:
    world.deploy(f"{IMAGE}:{tag}", f"{IMAGE}:{tag}")
    (deployment,) = only_row(world.status()).on["staging"]
    assert (deployment.presence.found, world.images.asked) == (there, [f"user-images/a-user-image {tag}"])


def test_a_registry_that_is_down_is_a_cell_that_says_so(world: World) -> None:
    world.images.answers = False
    (deployment,) = only_row(world.status()).on["staging"]
    assert "It is down." in deployment.presence.problem


def test_a_reference_without_a_tag_is_asked_of_no_registry(world: World) -> None:
    world.deploy(IMAGE)
    world.status()
    assert world.images.asked == []


def test_open_bumps_are_known_by_their_marks(world: World) -> None:
    world.propose(f"Text.\n\n{markdown.marker(f'bump {IMAGE}')}")
    world.propose("Of somebody.", "other")
    assert [(bump.number, bump.title) for bump in only_row(world.status()).bumps] == [(1, "Move it")]


def test_a_mark_in_a_pull_request_from_a_fork_counts_for_nothing(world: World) -> None:
    fork = world.server.fork(world.deployments, "mallory")
    fork.commit({"x": b"1"}, branch="bump")
    body = markdown.marker(f"bump {IMAGE}")
    request = {"title": "Trap", "head": "mallory:bump", "base": "staging", "body": body}
    world.github.send("POST", f"/repos/{DEPLOYMENTS}/pulls", request)
    assert only_row(world.status()).bumps == ()


def test_a_file_of_the_deployments_that_is_no_text_is_a_problem_of_its_branch(world: World) -> None:
    world.deployments.commit({"deployments/b/hubploy.yaml": b"\xff"}, "Break it")
    told = "staging: deployments/b/hubploy.yaml is not UTF-8; what it deploys is not known."
    assert world.status().problems == (told,)
