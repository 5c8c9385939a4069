"""The variables and secrets of a new repository: what it needs, how it gets it, and what is a person's."""

from collections.abc import Mapping

import pytest

from hub_image_actions.fleet.new_repository.settings import RepositorySettings, needed
from hub_image_actions.github.settings import Hidden, Kind, Visibility
from hub_image_actions.references import parse_image_name
from unit.fleet.new_repository.conftest import NAME, Sited, World

IMAGE = parse_image_name("p/user-images/data100-user-image")
STORE = "gh secret set GAR_SECRET_KEY"


APP = {
    "PRIVATE_KEY_SECRET": "selected",
    "APP_ID among secrets": "selected",
    "GAR_SECRET_KEY": "selected",
}


@pytest.mark.parametrize(
    ("organisation", "expected"),
    [
        (APP, ["share GAR_SECRET_KEY", "share APP_ID", "share PRIVATE_KEY_SECRET"]),
        (
            {**APP, "CLIENT_ID": "all", "DATAHUB_CREATE_PR": "selected"},
            ["share GAR_SECRET_KEY", "seen CLIENT_ID", "share PRIVATE_KEY_SECRET"],
        ),
        (
            {**APP, "APP_ID among variables": "all"},
            ["share GAR_SECRET_KEY", "seen APP_ID", "share PRIVATE_KEY_SECRET"],
        ),
        (
            {"GAR_SECRET_KEY": "all", "DATAHUB_USER_IMAGE_BRANCH_PUSH": "selected"},
            ["seen GAR_SECRET_KEY", "share DATAHUB_USER_IMAGE_BRANCH_PUSH"],
        ),
        ({"GAR_SECRET_KEY": "private"}, ["private GAR_SECRET_KEY", "missing DATAHUB_CREATE_PR"]),
        ({"PRIVATE_KEY_SECRET": "private"}, ["missing GAR_SECRET_KEY", "private PRIVATE_KEY_SECRET"]),
    ],
)
def test_one_way_to_the_deployments_is_opened_and_the_app_comes_first(
    organisation: Mapping[str, Visibility], expected: list[str]
) -> None:
    def look(kind: Kind, name: str) -> Visibility | None:
        return organisation.get(name if name != "APP_ID" else f"{name} among {kind}")

    assert [
        f"{one.way} {one.name}" for one in needed((), (), look, private=False, registry="quay.io")
    ] == expected


def test_githubs_own_registry_needs_no_key(world: World, site: Sited) -> None:
    made = world.make()
    settings = RepositorySettings(site())
    asked = [step.text for step in settings.show_secrets(parse_image_name("ghcr.io/hubs/data100-user-image"))]
    assert asked
    assert not any("GAR_SECRET_KEY" in text for text in asked)
    made.variables["REGISTRY"] = "ghcr.io"
    by_variable = RepositorySettings(site()).show_secrets(IMAGE)
    assert not any("GAR_SECRET_KEY" in step.text for step in by_variable)


def test_what_a_repository_sees_already_is_not_asked_for() -> None:
    def look(kind: Kind, name: str) -> Visibility | None:
        raise AssertionError(f"asked for {kind} {name}")

    secrets = ("GAR_SECRET_KEY", "PRIVATE_KEY_SECRET", "APP_ID")
    assert {one.way for one in needed(secrets, ("CLIENT_ID",), look, private=False, registry="quay.io")} == {
        "seen"
    }


def test_what_the_token_may_not_look_at_is_said_to_be_hidden() -> None:
    hidden = Hidden("the organisation's secrets", "Organization secrets: write", "no")
    ways = {one.way for one in needed((), (), lambda *_: hidden, private=False, registry="quay.io")}
    assert ways == {"hidden"}


def test_only_variables_that_differ_from_the_templates_defaults_are_set(world: World, site: Sited) -> None:
    made = world.make()
    steps = list(RepositorySettings(site()).set_variables(IMAGE, "staging"))
    assert {step.status for step in steps} == {"done"}
    assert made.variables == {
        "HUB": "data100",
        "IMAGE": "p/user-images/data100-user-image",
        "DEPLOYMENTS_OWNER": "hubs",
        "DEPLOYMENTS_REPOSITORY": "deployments",
    }


@pytest.mark.parametrize(
    ("image", "branch", "more"),
    [
        ("quay.io/p/x", "staging", {"REGISTRY": "quay.io"}),
        ("p/x", "main", {"DEPLOYMENTS_BRANCH": "main"}),
        ("us-central1-docker.pkg.dev/p/x", "staging", {}),
    ],
)
def test_a_registry_or_branch_of_its_own_is_a_variable(
    world: World, site: Sited, image: str, branch: str, more: dict[str, str]
) -> None:
    made = world.make()
    list(RepositorySettings(site()).set_variables(parse_image_name(image), branch))
    usual = {"HUB", "IMAGE", "DEPLOYMENTS_OWNER", "DEPLOYMENTS_REPOSITORY"}
    assert {name: value for name, value in made.variables.items() if name not in usual} == more


def test_a_private_repository_is_not_launched_on_binder(world: World, site: Sited) -> None:
    made = world.make(private=True)
    list(RepositorySettings(site()).set_variables(IMAGE, "staging"))
    assert made.variables["BINDER"] == "off"


def test_a_variable_with_another_value_is_left_to_a_person(world: World, site: Sited) -> None:
    made = world.make()
    made.variables |= {"HUB": "data8"}
    first, *_ = RepositorySettings(site()).set_variables(IMAGE, "staging")
    assert (first.status, first.text) == ("yours", "variable HUB is data8, not data100: decide which")
    assert made.variables["HUB"] == "data8"


def test_without_apply_variables_are_to_be_set(world: World, site: Sited) -> None:
    world.make()
    steps = RepositorySettings(site(apply=False)).set_variables(IMAGE, "staging")
    assert {step.status for step in steps} == {"to do"}
    assert world.writes() == []


def test_variables_that_the_token_may_not_see_are_a_persons(world: World, site: Sited) -> None:
    world.make()
    settings = RepositorySettings(site(without=("variables",)))
    (step,) = settings.set_variables(IMAGE, "staging")
    assert step.status == "yours"
    assert step.text.startswith("set HUB = data100 and IMAGE = p/user-images/data100-user-image and ")
    assert settings.known_variables == {}


@pytest.mark.parametrize(
    ("visibility", "status", "text"),
    [
        ("all", "there", "secret GAR_SECRET_KEY"),
        ("selected", "done", "secret GAR_SECRET_KEY of hubs, shown to data100-user-image"),
        ("private", "yours", "show secret GAR_SECRET_KEY, which hubs keeps for private repositories, to "),
        (None, "yours", f"store secret GAR_SECRET_KEY, as hubs has none to see: {STORE} --repo {NAME}"),
    ],
)
def test_a_secret_of_the_organization_is_shown_where_it_can_be(
    world: World, site: Sited, visibility: Visibility | None, status: str, text: str
) -> None:
    made = world.make()
    if visibility:
        world.server.share("secrets", "hubs", "GAR_SECRET_KEY", visibility=visibility)
    first, *_ = RepositorySettings(site()).show_secrets(IMAGE)
    assert (first.status, first.text.startswith(text)) == (status, True)
    if visibility == "selected":
        assert world.server.organisation("hubs").secrets["GAR_SECRET_KEY"].repositories == {made.id}


def test_secrets_that_the_token_may_not_see_are_a_persons(world: World, site: Sited) -> None:
    world.make()
    (step,) = RepositorySettings(site(without=("secrets",))).show_secrets(IMAGE)
    assert step.status == "yours"
    assert step.text.startswith("see to the secrets; the token may not see them: ")


@pytest.mark.parametrize(("deletes", "status"), [(True, "there"), (False, "done")])
def test_merged_branches_are_deleted_from_then_on(
    world: World, site: Sited, status: str, *, deletes: bool
) -> None:
    made = world.make()
    made.delete_branch_on_merge = deletes
    assert RepositorySettings(site()).delete_merged_branches().status == status
    assert made.delete_branch_on_merge
