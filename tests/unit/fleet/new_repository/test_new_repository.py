"""All steps of making a repository, in the order in which each finds what it needs."""

from pathlib import Path

import pytest

from hub_image_actions import __version__
from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.new_repository.new_repository import NewRepository
from hub_image_actions.fleet.new_repository.step import Site, Step
from unit.fleet.new_repository.conftest import NAME, Sited, World

ROOT = Path(__file__).resolve().parents[4]


def new(site: Site) -> NewRepository:
    return NewRepository(site.github, site.wish, apply=site.apply, root=ROOT, wait=lambda _: None)


def made(site: Site) -> list[Step]:
    return list(new(site).steps())


def test_a_whole_run_leaves_only_what_nobody_but_a_person_can_do(world: World, site: Sited) -> None:
    world.server.share("secrets", "hubs", "GAR_SECRET_KEY")
    world.server.share("secrets", "hubs", "DATAHUB_CREATE_PR")
    steps = made(site())
    yours = [step.text for step in steps if step.status == "yours"]
    assert yours[0] == "merge the pull request that adds the image to the deployments"
    assert yours[1] == "press Run workflow: the first build takes up to an hour"
    assert len(yours) == 5
    repository = world.server.find(NAME)
    assert repository is not None
    assert repository.read("main", "README.md") == b"# data100\n"
    assert repository.description == "The user image of the data100 hub"
    assert {step.status for step in made(site())} == {"there", "yours"}


def test_without_apply_every_step_is_to_do_and_nothing_is_written(world: World, site: Sited) -> None:
    steps = made(site(apply=False))
    assert steps[0].text == f"public repository {NAME}"
    assert {step.status for step in steps} == {"to do", "yours"}
    assert (world.writes(), world.server.find(NAME)) == ([], None)


def test_once_hubs_run_the_image_nothing_is_left_to_do_for_the_first_build(world: World, site: Sited) -> None:
    reference = "a: us-central1-docker.pkg.dev/p/user-images/data100-user-image:1\n"
    world.deployments.commit({"deployments/data100/hubploy.yaml": reference}, "x")
    assert not [step for step in made(site()) if "Run workflow" in step.text]


def test_the_image_is_the_one_of_the_repositorys_variable(world: World, site: Sited) -> None:
    world.make().variables["IMAGE"] = "p/another"
    subject = new(site())
    assert (subject.full_name, str(subject.image)) == (NAME, "p/another")


@pytest.mark.parametrize(
    ("owner", "without", "remedy"),
    [
        ("nobody", (), "Check that there is an organization nobody, and that the token sees it."),
        ("hubs", ("administration",), "The token has to be one that may create repositories of hubs."),
    ],
)
def test_a_repository_that_cannot_be_made_says_what_to_check(
    site: Sited, owner: str, without: tuple[str, ...], remedy: str
) -> None:
    with pytest.raises(GitHubError) as raised:
        next(new(site(owner=owner, without=without)).steps())
    assert raised.value.remedy == remedy


def test_a_person_gets_a_repository_of_their_own(world: World, site: Sited) -> None:
    assert {step.status for step in made(site(owner="bob"))} <= {"done", "yours"}
    repository = world.server.find("bob/data100-user-image")
    assert repository is not None
    assert repository.read("main", "README.md") == b"# data100\n"


def test_an_empty_repository_is_begun_as_one_that_was_just_made(world: World, site: Sited) -> None:
    repository = world.server.create_repository(NAME)
    assert "the template's files, with the hub's name in README.md" in [step.text for step in made(site())]
    assert [commit.title.split(" (")[0] for commit in repository.log("main")] == [
        f"Begin with the template of hub-image-actions {__version__}"
    ]
