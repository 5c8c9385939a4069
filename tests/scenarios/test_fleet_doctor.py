"""The command that examines image repositories, run as a process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_github.repository import Repository
from scenarios.image_fleet import AFTER, HUBPLOY, NAME, ImageFleet
from testbed.registry import Registry
from testbed.seed_image import seed_image

PATH = "ucb-datahub-2018/user-images/data100-user-image"
TAG = "511c4637d702"


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[ImageFleet]:
    """A fleet with one repository."""
    with ImageFleet(tmp_path) as made:
        made.make_repository()
        yield made


@pytest.fixture
def healthy(fleet: ImageFleet, registry: Registry) -> ImageFleet:
    """A repository whose image is in a registry, and on a hub."""
    registry.push(PATH, TAG, seed_image())
    host = registry.host
    fleet.repository.variables["REGISTRY"] = host
    hubploy = f"images:\n  images:\n    - name: {host}/{PATH}:{TAG}\n"
    fleet.deployments.commit({HUBPLOY: hubploy.encode()}, message="first image", branch="staging")
    return fleet


def names(result: Any) -> list[str]:
    (one,) = result
    return [f"{finding['severity']} {finding['name']}" for finding in one["findings"]]


def test_a_repository_in_which_all_is_well_ends_with_zero(healthy: ImageFleet) -> None:
    done = healthy.run("doctor", NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == f"{NAME}: nothing to fix\n\n1 repository: 1 with nothing to fix.\n"


def test_nothing_is_written(healthy: ImageFleet) -> None:
    before = healthy.written()
    healthy.run("doctor", NAME)
    assert healthy.written() == before


def test_what_is_broken_ends_with_one_and_says_where_and_how_to_mend_it(healthy: ImageFleet) -> None:
    del healthy.repository.variables["IMAGE"]
    done = healthy.run("doctor", NAME)
    assert done.returncode == 1
    assert "  broken   The variable IMAGE is not set" in done.stdout
    assert "           at   .github/workflows/build-push-open-pr.yaml:" in done.stdout
    assert f"           fix  gh variable set IMAGE --repo {NAME} --body " in done.stdout


def test_a_tag_that_is_not_in_the_registry_is_found_where_it_is_deployed(
    healthy: ImageFleet, registry: Registry
) -> None:
    hubploy = f"images:\n  images:\n    - name: {registry.host}/{PATH}:0000deadbeef\n"
    healthy.deployments.commit({HUBPLOY: hubploy.encode()}, message="typo", branch="staging")
    result = healthy.run_json("doctor", NAME)
    assert names(result) == ["broken tag-missing"]
    assert result[0]["findings"][0]["where"] == f"{HUBPLOY}:3"


def test_a_registry_that_does_not_show_its_images_is_no_silence(
    healthy: ImageFleet, guarded_registry: Registry
) -> None:
    hubploy = f"images:\n  images:\n    - name: {guarded_registry.host}/{PATH}:{TAG}\n"
    healthy.repository.variables["REGISTRY"] = guarded_registry.host
    healthy.deployments.commit({HUBPLOY: hubploy.encode()}, message="private", branch="staging")
    assert names(healthy.run_json("doctor", NAME)) == ["warning tag-not-checked"]


def test_a_repository_whose_reference_is_not_merged_yet_is_on_no_hub(fleet: ImageFleet) -> None:
    assert names(fleet.run_json("doctor", NAME)) == ["broken not-deployed"]


def test_a_hub_that_waits_for_its_first_image_is_a_warning(fleet: ImageFleet) -> None:
    fleet.deployments.commit({HUBPLOY: AFTER.encode()}, message="merged", branch="staging")
    done = fleet.run("doctor", NAME)
    assert done.returncode == 0
    assert "[first-image-missing]" in done.stdout


@pytest.mark.parametrize(
    ("lacking", "right"),
    [
        ("variables", "Variables: read"),
        ("secrets", "Secrets: read"),
        ("administration", "Administration: read"),
    ],
)
def test_a_check_that_the_token_may_not_make_says_which_right_is_missing(
    healthy: ImageFleet, lacking: str, right: str
) -> None:
    (one,) = healthy.run_json("doctor", NAME, token=healthy.token(**{lacking: "none"}))
    found = [finding for finding in one["findings"] if finding["name"] == "not-checked"]
    assert found
    assert all(f"`{right}`" in finding["fix"] for finding in found)


def test_a_repository_that_is_not_there_does_not_keep_the_others_from_being_examined(
    healthy: ImageFleet,
) -> None:
    result = healthy.run_json("doctor", "berkeley-dsep-infra/nope", NAME)
    assert [one["repository"] for one in result] == ["berkeley-dsep-infra/nope", NAME]
    assert [finding["name"] for finding in result[0]["findings"]] == ["unreadable-repository"]
    assert result[1]["findings"] == []


def test_a_repository_of_two_names_is_examined_once(healthy: ImageFleet) -> None:
    old = "berkeley-dsep-infra/data100-image"
    # As GitHub leads from the name that a repository had to that of today.
    healthy.github.repositories[old] = healthy.repository
    done = healthy.run("doctor", old, NAME)
    assert done.stdout == f"{NAME}: nothing to fix\n\n1 repository: 1 with nothing to fix.\n"


def test_the_deployments_are_read_once_for_all(healthy: ImageFleet) -> None:
    made: Repository = healthy.repository
    other = healthy.github.create_repository("berkeley-dsep-infra/other-user-image", files={"a": b"b"})
    other.variables |= made.variables
    before = healthy.github.counts()["GET codeload"]
    healthy.run("doctor", NAME, other.full_name)
    assert healthy.github.counts()["GET codeload"] - before == 3


def test_deployments_that_cannot_be_read_are_no_silence(healthy: ImageFleet) -> None:
    done = healthy.run("doctor", NAME, "--deployments", "berkeley-dsep-infra/gone")
    assert done.returncode == 0
    assert "[deployments-not-checked]" in done.stdout


def test_a_pin_behind_our_newest_release_is_a_hint(healthy: ImageFleet) -> None:
    ours = healthy.github.create_repository("berkeley-dsep-infra/hub-image-actions", files={"a": b"b"})
    healthy.github.calls.clear()
    token = healthy.token()
    api = healthy.github.api_url
    release(api, token, ours.full_name)
    path = ".github/workflows/test.yaml"
    text = healthy.repository.read("main", path).replace(b"build-test@v1", b"build-test@v1.0.0")
    healthy.repository.commit({path: text}, message="pin", branch="main")
    assert names(healthy.run_json("doctor", NAME)) == ["hint stale-pin"]


def release(api: str, token: str, full_name: str) -> None:
    """Publish a release."""
    import requests

    answer = requests.post(
        f"{api}/repos/{full_name}/releases",
        json={"tag_name": "v1.1.0"},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    answer.raise_for_status()


def test_a_rate_limit_is_waited_for_and_no_finding(healthy: ImageFleet) -> None:
    fault = healthy.github.faults.add(kind="rate-limit", path="/repos/{owner}/{repo}/actions/secrets")
    assert names(healthy.run_json("doctor", NAME)) == []
    assert fault.fired == 1


def test_an_expired_token_is_an_error_and_no_finding(healthy: ImageFleet) -> None:
    done = healthy.run("doctor", NAME, token="ghp_gone")
    assert done.returncode == 1
    assert "The token is wrong or expired" in done.stderr
    assert "Traceback" not in done.stderr
