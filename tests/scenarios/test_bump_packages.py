"""The bump's pull request says which packages changed, where the images carry their lists."""

import pytest

from hub_image_actions.packages.package_list import Package, PackageList
from scenarios.deployments import IMAGE_PATH, Deployments
from testbed.fault_proxy import Answer, FaultProxy
from testbed.seed_image import seed_image

OLD = {"numpy": "1.26.4", "pandas": "2.2.0", "requests": "2.33.0", "xlrd": "2.0.1"}
NEW = {"numpy": "2.4.1", "pandas": "2.2.3", "requests": "2.32.5", "polars": "1.0.0"}


def labels(versions: dict[str, str]) -> dict[str, str]:
    """Return the labels of an image with these packages."""
    packages = tuple(Package("pip", name, version) for name, version in sorted(versions.items()))
    return PackageList(packages, "debian 12").to_labels()


def publish(world: Deployments, tag: str, versions: dict[str, str]) -> None:
    """Push an image that tells its packages."""
    world.registry.push(IMAGE_PATH, tag, seed_image(config={"Labels": labels(versions)}))


@pytest.fixture
def world(deployments: Deployments) -> Deployments:
    """Deployments whose image tells its packages, before and after."""
    publish(deployments, deployments.old, OLD)
    publish(deployments, deployments.new, NEW)
    return deployments


def body(world: Deployments, **given: str) -> str:
    """Return the text of the pull request of a bump."""
    result = world.bump(**given)
    assert result.status == 0, result.log
    (pull,) = world.open_pulls()
    return str(pull.body)


def test_the_reviewer_sees_what_changed(world: Deployments) -> None:
    text = body(world)
    assert f"**Packages**, compared with `{world.old}`: 1 downgraded, 1 removed, 2 upgraded, 1 added" in text
    assert "1 by a major version" in text
    assert "| `numpy` | `1.26.4` | `2.4.1` | pip |" in text


def test_what_changed_can_be_left_out(world: Deployments) -> None:
    assert "**Packages**" not in body(world, packages="false")


def test_images_of_a_time_without_lists_are_bumped_as_ever(deployments: Deployments) -> None:
    publish(deployments, deployments.new, NEW)
    assert "**Packages**" not in body(deployments)


def test_a_list_that_is_damaged_is_no_reason_not_to_bump(world: Deployments) -> None:
    damaged = dict.fromkeys(labels(OLD), "<script>alert(1)</script>")
    world.registry.push(IMAGE_PATH, world.old, seed_image(config={"Labels": damaged}))
    text = body(world)
    assert "**Packages**" not in text
    assert "script" not in text


def test_a_registry_that_fails_then_costs_the_list_only(world: Deployments) -> None:
    with FaultProxy(world.registry.url) as proxy:
        proxy.fail(Answer(403), method="GET", path=r"/blobs/", times=99)
        result = world.bump(registry=proxy.host, image=IMAGE_PATH, from_tag=world.old)
    assert result.status == 0, result.log
    assert not result.said("error")


def test_a_candidate_of_a_pull_request_never_reaches_a_hub(deployments: Deployments) -> None:
    error = deployments.bump(tag=f"inputs-{'0' * 64}").error
    assert "is the image of a pull request" in error
    assert "Pass the tag that `build` pushed." in error
