"""The image in the deployments: what it is called, and how it is first named there."""

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.new_repository.deployment_reference import DeploymentReference
from hub_image_actions.references import parse_image_name
from unit.fleet.new_repository.conftest import Sited, World

FILE = "deployments/data100/hubploy.yaml"
IMAGE = "us-central1-docker.pkg.dev/p/user-images/data100-user-image"


def named(tag: str) -> str:
    return f"images:\n  images:\n    - name: {IMAGE}:{tag}\n"


@pytest.mark.parametrize(
    ("wished", "variables", "image"),
    [
        ("", {}, "p/user-images/data100-user-image"),
        ("", {"IMAGE": "q/x"}, "q/x"),
        ("", {"IMAGE": "q/x", "REGISTRY": "quay.io"}, "q/x"),
        ("", {"IMAGE": "Q X"}, "p/user-images/data100-user-image"),
        ("quay.io/r/y", {"IMAGE": "q/x"}, "quay.io/r/y"),
    ],
)
def test_an_image_is_as_wished_as_set_or_called_as_the_other_hubs_images(
    site: Sited, wished: str, variables: dict[str, str], image: str
) -> None:
    wish = parse_image_name(wished) if wished else None
    assert str(DeploymentReference(site(image=wish), variables).image) == image


def test_an_image_on_another_registry_than_the_usual_keeps_its_host(world: World, site: Sited) -> None:
    world.deployments.commit({"deployments/stat20/hubploy.yaml": "a: quay.io/user-images/stat20:1\n"}, "x")
    assert str(DeploymentReference(site(), {}).image) == "quay.io/user-images/data100-user-image"


def test_where_no_other_image_gives_a_name_it_has_to_be_given(world: World, site: Sited) -> None:
    world.deployments.commit({"deployments/stat20/hubploy.yaml": "a: 1\n"}, "x")
    with pytest.raises(ActionError, match="names no user image that this one could be named after") as raised:
        DeploymentReference(site(), {})
    assert raised.value.remedy == "Give --image."


@pytest.mark.parametrize(
    ("text", "is_first"), [("", True), (named("PLACEHOLDER"), True), (named("1"), False)]
)
def test_only_a_pushed_image_makes_the_first_build_unnecessary(
    world: World, site: Sited, text: str, *, is_first: bool
) -> None:
    if text:
        world.deployments.commit({FILE: text}, "x")
    assert DeploymentReference(site(), {}).is_first is is_first


def test_a_reference_that_is_there_is_told_with_its_place(world: World, site: Sited) -> None:
    world.deployments.commit({FILE: named("1")}, "x")
    step = DeploymentReference(site(), {}).add()
    assert (step.status, step.text) == ("there", f"reference to the image in {FILE}, at 1")
    assert step.link == f"{world.server.server_url}/hubs/deployments/blob/staging/{FILE}#L3"


def test_the_reference_is_added_by_one_pull_request(world: World, site: Sited) -> None:
    reference = DeploymentReference(site(), {})
    step = reference.add()
    (pull,) = world.deployments.pulls
    assert (step.status, pull.title) == ("done", "Add data100-user-image to data100")
    assert reference.pull == step.link != ""
    assert world.deployments.read("add-data100-user-image", FILE).decode() == named("PLACEHOLDER")
    assert "no server starts on data100: keep this out of production" in str(pull.body)
    assert "as well" not in str(pull.body)
    assert DeploymentReference(site(), {}).add().status == "there"
    assert len(world.deployments.pulls) == 1


def test_other_images_of_the_hub_are_named_in_the_pull_request(world: World, site: Sited) -> None:
    world.deployments.commit({FILE: named("1").replace("data100-user-image", "old-image")}, "x")
    DeploymentReference(site(), {}).add()
    assert "data100 names `us-central1-docker.pkg.dev/p/user-images/old-image` as well." in (
        str(world.deployments.pulls[0].body)
    )


def test_a_pull_request_that_somebody_closed_is_a_persons_with_the_lines(world: World, site: Sited) -> None:
    DeploymentReference(site(), {}).add()
    world.deployments.pulls[0].state = "closed"
    reference = DeploymentReference(site(), {})
    step = reference.add()
    assert (step.status, step.lines, reference.pull) == ("yours", named("PLACEHOLDER"), "")
    assert step.text.endswith("somebody closed it; open it again if that was not meant")


def test_a_hub_without_a_folder_is_a_persons(world: World, site: Sited) -> None:
    step = DeploymentReference(site(hub="data8", image=parse_image_name("p/x")), {}).add()
    assert step.status == "yours"
    assert "there is no folder deployments/data8 yet" in step.text
    assert world.deployments.pulls == []


def test_without_apply_the_pull_request_is_to_be_opened(world: World, site: Sited) -> None:
    step = DeploymentReference(site(apply=False), {}).add()
    assert (step.status, world.writes()) == ("to do", [])


def test_a_token_that_may_not_write_there_leaves_the_lines_to_a_person(world: World, site: Sited) -> None:
    step = DeploymentReference(site(without=("pull_requests", "contents")), {"IMAGE": "p/x"}).add()
    assert (step.status, "The token may not" in step.text) == ("yours", True)
    assert step.lines.endswith(":PLACEHOLDER\n")
    assert world.deployments.pulls == []
