"""GitHub failing at each call of a bump: it ends well or with one clear error, and nothing is done twice."""

from pathlib import Path

import pytest

from scenarios.deployments import Deployments, in_worlds
from scenarios.test_a_bump import NORMAL_RUN
from testbed.fault_proxy import Answer, FaultProxy, Reset, Silence, Truncated
from testbed.registry import Registry

ALL_CALLS = range(1, len(NORMAL_RUN) + 1)
# Creating the pull request and everything after it, and the push: what must not be done twice.
WRITES = [number for number in ALL_CALLS if not NORMAL_RUN[number - 1].startswith("GET") and number > 14]
FOR_EVER = 1000


def bump_through(world: Deployments, expect_success: bool = False) -> None:
    """Bump; where the fault was too much for the action, bump again without it."""
    inputs = {"labels": "image bump", "reviewers": "alice"}
    first = world.bump(**inputs)
    if first.status or expect_success:
        assert first.error
        assert len([one for one in world.repository.pulls if one.head == world.branch]) <= 1
        world.github.faults.clear()
        assert world.bump(**inputs).notice
    world.assert_bumped()


@pytest.mark.parametrize("kind", ["500", "502", "429", "reset", "truncate"])
def test_one_failure_at_any_call_is_overcome(kind: str, tmp_path: Path, registry: Registry) -> None:
    def attempt(world: Deployments, number: int) -> None:
        world.older_pull()
        fault = world.github.faults.add(kind, call=number)
        result = world.bump(labels="image bump", reviewers="alice")
        assert fault.fired
        assert result.notice
        world.assert_bumped()

    assert in_worlds(ALL_CALLS, tmp_path, registry, attempt) == {}


@pytest.mark.parametrize("kind", ["secondary-rate-limit", "rate-limit"])
def test_a_rate_limit_at_any_call_ends_well_or_with_one_clear_error(
    kind: str, tmp_path: Path, registry: Registry
) -> None:
    def attempt(world: Deployments, number: int) -> None:
        world.older_pull()
        world.github.faults.add(kind, call=number)
        bump_through(world)

    assert in_worlds(ALL_CALLS, tmp_path, registry, attempt) == {}


# By 429 a server says that it did nothing.
@pytest.mark.parametrize("kind", ["500", "502", "reset"])
def test_a_failure_after_the_deed_does_nothing_twice(kind: str, tmp_path: Path, registry: Registry) -> None:
    def attempt(world: Deployments, number: int) -> None:
        world.older_pull()
        world.github.faults.add(kind, call=number, after=True)
        assert world.bump(labels="image bump", reviewers="alice").notice
        world.assert_bumped()

    assert in_worlds(WRITES, tmp_path, registry, attempt) == {}


@pytest.mark.parametrize("after", [False, True])
def test_a_silence_at_any_call_is_overcome(after: bool, tmp_path: Path, registry: Registry) -> None:
    def attempt(world: Deployments, number: int) -> None:
        world.older_pull()
        fault = world.github.faults.add("silence", call=number, seconds=30, after=after)
        result = world.bump(labels="image bump", reviewers="alice")
        assert fault.fired
        assert result.notice
        world.assert_bumped()

    assert in_worlds(WRITES if after else ALL_CALLS, tmp_path, registry, attempt, at_once=30) == {}


@pytest.mark.parametrize("kind", ["503", "reset"])
def test_a_failure_that_stays_is_one_clear_error_and_the_next_run_ends_well(
    kind: str, tmp_path: Path, registry: Registry
) -> None:
    def attempt(world: Deployments, number: int) -> None:
        world.older_pull()
        world.github.faults.add(kind, call=number, times=FOR_EVER)
        bump_through(world, expect_success=False)

    assert in_worlds(ALL_CALLS, tmp_path, registry, attempt, at_once=24) == {}


def test_labels_that_fail_are_a_warning_for_the_pull_request_is_open(deployments: Deployments) -> None:
    path = "/repos/{owner}/{repo}/issues/{issue_number}/labels"
    deployments.github.faults.add("500", path=path, times=FOR_EVER)
    result = deployments.bump(labels="image bump")
    assert result.status == 0
    assert "without the labels image bump" in result.said("warning")[0]


# ---- the registry


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(500), id="500"),
        pytest.param(Answer(502), id="502"),
        pytest.param(Answer(503), id="503"),
        pytest.param(Answer(429, retry_after="1"), id="429"),
        pytest.param(Reset(), id="reset"),
        pytest.param(Truncated(after=10), id="truncated"),
        pytest.param(Silence(25), id="silence"),
    ],
)
def test_one_failure_of_the_registry_is_overcome(
    fault: object, deployments: Deployments, registry: Registry
) -> None:
    with FaultProxy(registry.url) as proxy:
        image = deployments.image.replace(registry.host, proxy.host)
        hub = {"deployments/data100/hubploy.yaml": f"image: {image}:{deployments.old}\n".encode()}
        deployments.repository.commit(hub)
        proxy.fail(fault)  # type: ignore[arg-type]  # any of its faults
        assert deployments.bump(image=image).notice


def test_a_registry_that_stays_broken_is_one_clear_error(
    deployments: Deployments, registry: Registry
) -> None:
    with FaultProxy(registry.url) as proxy:
        proxy.fail(Answer(503), times=FOR_EVER)
        result = deployments.bump(image=deployments.image.replace(registry.host, proxy.host))
    assert "503" in result.error
    assert set(deployments.repository.branches()) == {"staging"}


def test_a_comparison_that_github_refuses_stops_no_bump(deployments: Deployments) -> None:
    deployments.github.faults.add(
        kind="status", method="GET", path="/repos/{owner}/{repo}/compare/{basehead}", status=400, times=9
    )
    result = deployments.bump()
    assert result.outputs["pull-request-number"] == "1"
    assert "does not say what changed in the image" in result.said("warning")[0]
