"""Many images, or the same bump twice, going to one deployments repository at the same time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from scenarios.action import Result
from scenarios.deployments import IMAGE_NAME, IMAGE_PATH, Deployments


def bump_one(world: Deployments, number: int) -> Result:
    image = f"{world.registry.host}/{IMAGE_PATH}-{number}"
    # Without the registry: what is to be shown is how pushes and pull requests get on with each other.
    inputs = {"image": image, "tag": f"new{number}", "hub": f"hub-{number}", "verify-image": "false"}
    return world.run({**inputs, "token": world.token})


@pytest.mark.parametrize("images", [2, 50])
def test_bumps_of_many_images_at_once_all_end_well(deployments: Deployments, images: int) -> None:
    files = {
        f"deployments/hub-{number}/hubploy.yaml": f"image: {deployments.image}-{number}:old\n".encode()
        for number in range(images)
    }
    deployments.repository.commit(files)
    with ThreadPoolExecutor(images) as pool:
        results = list(pool.map(lambda number: bump_one(deployments, number), range(images)))
    assert [result.error for result in results if result.status] == []
    assert len(deployments.open_pulls()) == images
    for number in range(images):
        branch = f"update-hub-{number}-image-tag-new{number}"
        changed = deployments.repository.diff("staging", branch)
        assert [change.path for change in changed] == [f"deployments/hub-{number}/hubploy.yaml"]


def test_the_same_bump_several_times_at_once_makes_one_pull_request(deployments: Deployments) -> None:
    deployments.older_pull()
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: deployments.bump(), range(4)))
    assert [result.status for result in results] == [0] * 4
    assert {result.outputs["pull-request-number"] for result in results} == {"2"}
    (pull,) = deployments.open_pulls()
    assert deployments.files(pull.head_sha) == deployments.expected()


def test_two_tags_of_an_image_at_once_leave_both_branches_right(deployments: Deployments) -> None:
    tags = ["111111111111", "222222222222"]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda tag: deployments.bump(tag=tag, verify_image="false"), tags))
    assert [result.status for result in results] == [0, 0]
    # The newer one closes the older one, or neither saw the other.
    assert 1 <= len(deployments.open_pulls()) <= 2
    for pull in deployments.open_pulls():
        (tag,) = (tag for tag in tags if pull.head.endswith(tag))
        assert (
            f"{deployments.image}:{tag}" in deployments.files(pull.head)["deployments/data100/hubploy.yaml"]
        )


def test_the_image_repository_is_the_one_of_the_run(deployments: Deployments) -> None:
    deployments.bump()
    assert f"/{IMAGE_NAME}/commit/{deployments.new}" in deployments.open_pulls()[0].body
