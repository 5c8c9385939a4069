"""A step of the making: who may do it, and what becomes of it."""

import pytest

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.new_repository.step import Step, Wish
from hub_image_actions.references import parse_image_name
from unit.fleet.new_repository.conftest import NAME, WISH, Sited, World


@pytest.mark.parametrize(
    ("hub", "image", "name"),
    [
        ("data100", "", "hubs/data100-user-image"),
        ("Data100", "", "hubs/data100-user-image"),
        ("data100", "quay.io/p/course", "hubs/course"),
    ],
)
def test_a_repository_is_called_after_its_image_or_else_after_its_hub(
    hub: str, image: str, name: str
) -> None:
    named = parse_image_name(image) if image else None
    wish = Wish(hub, "hubs", WISH.deployments, WISH.template, WISH.day, image=named)
    assert wish.full_name == name


def test_a_repository_that_is_not_there_is_none_and_not_an_error(world: World, site: Sited) -> None:
    assert world.server.find(NAME) is None
    assert site().about is None
    assert site(private=True).is_private


def test_what_is_there_says_whether_it_is_private(world: World, site: Sited) -> None:
    world.make(private=True)
    assert site(private=False).is_private


def test_an_archived_repository_is_refused_with_a_remedy(world: World, site: Sited) -> None:
    world.make(archived=True)
    with pytest.raises(ActionError, match=f"{NAME} is archived") as raised:
        site()
    assert raised.value.remedy == "Unarchive it, or choose another hub's name."


def test_a_page_is_one_of_the_repositorys(world: World, site: Sited) -> None:
    assert site().page("settings") == f"{world.server.server_url}/{NAME}/settings"


def test_without_apply_nothing_is_done(site: Sited) -> None:
    done: list[str] = []
    step = site(apply=False).step("a thing", lambda: done.append("it"), "Contents: write", "page")
    assert (step, done) == (Step("to do", "a thing", "page"), [])


def test_what_was_done_is_told(site: Sited) -> None:
    done: list[str] = []
    step = site().step("a thing", lambda: done.append("it"), "Contents: write", "page")
    assert (step, done) == (Step("done", "a thing", "page"), ["it"])


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_token_may_not_do_is_a_persons_with_the_right_that_is_missing(
    site: Sited, status: int
) -> None:
    def refused() -> None:
        raise GitHubError("PUT x", status, "Not for you")

    step = site().step("a thing", refused, "Contents: write", "page")
    assert (step.status, step.link) == ("yours", "page")
    assert step.text == "a thing. The token may not (it needs `Contents: write`): Not for you"


@pytest.mark.parametrize(
    ("status", "message"), [(500, "Oops"), (403, "API rate limit exceeded"), (0, "gone")]
)
def test_another_failure_of_github_is_an_error(site: Sited, status: int, message: str) -> None:
    def failed() -> None:
        raise GitHubError("PUT x", status, message)

    with pytest.raises(GitHubError):
        site().step("a thing", failed, "Contents: write", "page")
