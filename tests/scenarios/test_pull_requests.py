"""The pull request of a bump among others: ours are known by marker and author, and the older ones go."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from scenarios.deployments import Deployments


def numbers(world: Deployments) -> list[int]:
    """Return the numbers of the open pull requests."""
    return [pull.number for pull in world.open_pulls()]


def test_older_ones_of_the_image_are_closed_and_their_branches_deleted(deployments: Deployments) -> None:
    deployments.older_pull("aaaaaaaaaaaa")
    deployments.older_pull("bbbbbbbbbbbb")
    deployments.bump()
    assert numbers(deployments) == [3]
    assert set(deployments.repository.branches()) == {"staging", deployments.branch}


def test_what_is_closed_says_in_one_comment_what_took_its_place(deployments: Deployments) -> None:
    deployments.older_pull()
    url = deployments.bump().outputs["pull-request-url"]
    (comment,) = deployments.repository.pulls[0].comments
    assert comment.body.startswith(f"Superseded by {url}.")


def test_the_newest_one_stays_when_older_tags_are_bumped_again(deployments: Deployments) -> None:
    deployments.bump()
    newest = deployments.older_pull("cccccccccccc")
    deployments.bump()
    assert newest in numbers(deployments)


def test_with_supersede_false_they_stay(deployments: Deployments) -> None:
    deployments.older_pull()
    deployments.bump(supersede="false")
    assert numbers(deployments) == [1, 2]
    assert not deployments.repository.pulls[0].comments


@pytest.mark.parametrize(
    "now", ["berkeley-dsep-infra/hubs", "cal-icor/datahub"], ids=["renamed", "transferred"]
)
def test_a_repository_of_another_name_is_asked_by_that(deployments: Deployments, now: str) -> None:
    """As without the new name: older ones are closed, and a second run finds what the first has opened."""
    deployments.older_pull()
    deployments.github.rename(deployments.repository, now)
    token = deployments.new_token(repositories=[now])
    first = deployments.bump(token=token)
    assert first.status == 0, first.log
    assert f"is called {now} now: change `repository`." in first.said("notice")[0]
    assert f"/{now}/pull/" in first.outputs["pull-request-url"]
    assert numbers(deployments) == [2]
    second = deployments.bump(token=token)
    assert second.outputs["pull-request-number"] == first.outputs["pull-request-number"]
    assert numbers(deployments) == [2]


def test_a_reviewer_who_cannot_be_asked_costs_no_other(deployments: Deployments) -> None:
    for login in ("bob", "dora"):
        deployments.github.create_user(login)
        deployments.repository.collaborators.add(login)
    token = deployments.new_token(login="alice", kind="personal")
    result = deployments.bump(token=token, reviewers="alice, bob, dora")
    assert result.status == 0, result.log
    (pull,) = deployments.open_pulls()
    assert sorted(user.login for user in pull.reviewers) == ["bob", "dora"]
    assert "without the reviewers alice." in result.said("warning")[0]


def without_marker(world: Deployments) -> None:
    world.repository.commit({"a": b"1"}, branch="update-data100-image-tag-bbbbbbbbbbbb")
    head = "update-data100-image-tag-bbbbbbbbbbbb"
    world.ask("POST", "/pulls", title="update data100 image tag to bbbbbbbbbbbb", head=head, base="staging")


def other_image(world: Deployments) -> None:
    world.older_pull(image=f"{world.image}-03-26")


def shorter_image(world: Deployments) -> None:
    world.older_pull(image=world.image.removesuffix("-image"))


def copied_marker(world: Deployments) -> None:
    world.older_pull(token=world.github.create_token(login="mallory", kind="personal"))


def from_a_fork(world: Deployments) -> None:
    fork = world.github.fork(world.repository, "mallory")
    fork.commit({"a": b"1"}, branch="update-data100-image-tag-bbbbbbbbbbbb")
    head = "mallory:update-data100-image-tag-bbbbbbbbbbbb"
    world.ask("POST", "/pulls", title="x", head=head, base="staging", body=world.marker())


def other_base(world: Deployments) -> None:
    world.repository.commit({"a": b"1"}, branch="prod")
    world.repository.commit({"a": b"2"}, branch="to-prod")
    world.ask("POST", "/pulls", title="x", head="to-prod", base="prod", body=world.marker())


@pytest.mark.parametrize(
    "open_another",
    [without_marker, other_image, shorter_image, copied_marker, from_a_fork, other_base],
)
def test_what_is_not_ours_or_of_this_image_stays(
    deployments: Deployments, open_another: Callable[[Deployments], Any]
) -> None:
    open_another(deployments)
    before = deployments.repository.branches()
    deployments.bump()
    assert numbers(deployments) == [1, 2]
    assert before.items() <= deployments.repository.branches().items()
    assert not deployments.repository.pulls[0].comments


def by_somebody_else(world: Deployments, body: str) -> None:
    """Have somebody else open a pull request for the branch that a first run has pushed."""
    world.bump(open_pull_request="false")
    mallory = world.github.create_token(login="mallory", kind="personal")
    world.ask("POST", "/pulls", mallory, title="mine", head=world.branch, base="staging", body=body)


@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("kind", ["installation", "personal"])
def test_one_that_somebody_else_opened_for_the_branch_is_left_with_a_warning(
    deployments: Deployments, marked: bool, kind: str
) -> None:
    by_somebody_else(deployments, deployments.marker() if marked else "my text")
    login = "hub-bot[bot]" if kind == "installation" else "hub-maintainer"
    result = deployments.bump(token=deployments.new_token(login=login, kind=kind))
    assert result.status == 0
    assert "was opened by mallory" in result.said("warning")[0]
    assert result.outputs["pull-request-number"] == "1"
    assert deployments.open_pulls()[0].title == "mine"


@pytest.mark.parametrize("kind", ["installation", "personal"])
def test_where_somebody_else_opened_it_their_other_ones_stay(deployments: Deployments, kind: str) -> None:
    copied_marker(deployments)
    by_somebody_else(deployments, deployments.marker())
    login = "hub-bot[bot]" if kind == "installation" else "hub-maintainer"
    deployments.bump(token=deployments.new_token(login=login, kind=kind))
    assert numbers(deployments) == [1, 2]


def test_title_and_text_are_brought_up_to_date(deployments: Deployments) -> None:
    deployments.bump()
    deployments.ask("PATCH", "/pulls/1", title="old", body=f"old\n\n{deployments.marker()}")
    deployments.bump(title="new title")
    (pull,) = deployments.open_pulls()
    assert pull.title == "new title"
    assert "**data100**" in pull.body


def test_a_text_that_is_as_it_should_be_is_not_written_again(deployments: Deployments) -> None:
    deployments.bump()
    deployments.calls()
    deployments.bump()
    assert not [name for name in deployments.calls() if name.startswith("PATCH")]


def test_hundreds_of_open_pull_requests_are_all_looked_at(deployments: Deployments) -> None:
    older = deployments.older_pull()
    deployments.repository.commit({"a": b"1"}, branch="other")
    deployments.ask("POST", "/pulls", title="other", head="other", base="staging")
    pulls = deployments.repository.pulls
    pulls += [replace(pulls[-1], number=number, id=10**6 + number) for number in range(3, 120)]
    deployments.bump()
    assert older not in numbers(deployments)


def test_a_report_of_hundreds_of_hubs_is_not_too_long_for_github(deployments: Deployments) -> None:
    profile = "long name " * 30
    text = "profileList:\n" + "".join(
        f"  - display_name: {profile}{number}\n    kubespawner_override:\n"
        f"      image: {deployments.image}:{deployments.old}\n"
        for number in range(30)
    )
    left = f"# image-hold until 2999-01-01: {'why ' * 50}\nimage: {deployments.image}:{deployments.old}\n"
    files = {f"deployments/hub-{number}/config/common.yaml": text.encode() for number in range(20)}
    files |= {f"deployments/held-{number}/config/common.yaml": left.encode() for number in range(200)}
    deployments.repository.commit(files)
    assert deployments.bump().notice
    (pull,) = deployments.open_pulls()
    assert " more." in pull.body
    assert pull.body.endswith(deployments.marker())
