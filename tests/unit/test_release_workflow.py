"""The workflow of a release: what starts it, in which order it goes, and who may do what."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

OURS = re.compile(r"berkeley-dsep-infra/hub-image-actions/(?P<name>[\w-]+)@v\d+\.\d+\.\d+")
Job = dict[str, Any]


@pytest.fixture(scope="module")
def workflow(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(root / ".github/workflows/release.yaml")
    return loaded


@pytest.fixture(scope="module")
def jobs(workflow: dict[str, Any]) -> dict[str, Job]:
    found: dict[str, Job] = workflow["jobs"]
    return found


def matches(pattern: str, tag: str) -> bool:
    """Say whether a tag starts a workflow with this filter, whose dots are dots and whose `+` repeats."""
    return bool(re.fullmatch(pattern.replace(".", r"\.").replace("*", "[^/]*"), tag))


def actions_of(job: Job) -> list[tuple[str, Job]]:
    found = [(OURS.fullmatch(step.get("uses", "")), step) for step in job["steps"]]
    return [(ours["name"], step) for ours, step in found if ours]


@pytest.mark.parametrize(
    ("tag", "starts"),
    [
        ("v1.4.0", True),
        ("v10.20.30", True),
        ("v1.4.0-rc.1", True),
        ("v1", False),
        ("v1.4", False),
        ("nightly", False),
    ],
)
def test_exact_tags_alone_start_it(workflow: dict[str, Any], tag: str, starts: bool) -> None:
    (event,) = workflow["on"].items()
    assert event[0] == "push"
    assert set(event[1]) == {"tags"}
    assert any(matches(pattern, tag) for pattern in event[1]["tags"]) == starts


def test_nothing_is_published_before_it_is_verified_attested_and_tried(jobs: dict[str, Job]) -> None:
    assert set(jobs["publish"]["needs"]) == {"attest", "smoke"}
    assert {jobs[name]["needs"] for name in ("attest", "smoke")} == {"verify"}
    # A condition of its own could let a job run after one that failed.
    assert [name for name, job in jobs.items() if "if" in job] == ["verify"]


def test_tags_move_after_the_release_is_there(jobs: dict[str, Job]) -> None:
    commands = [step["run"] for step in jobs["publish"]["steps"] if "run" in step]
    assert [command.split()[1] for command in commands] == ["--publish", "--move-tags"]


def test_one_job_alone_may_write_contents_and_one_alone_may_sign(
    workflow: dict[str, Any], jobs: dict[str, Job]
) -> None:
    assert workflow["permissions"] == {}
    writing = {
        name: {right for right, level in job["permissions"].items() if level == "write"}
        for name, job in jobs.items()
    }
    assert writing == {
        "verify": set(),
        "attest": {"id-token", "attestations"},
        "smoke": set(),
        "publish": {"contents"},
    }


def test_the_caller_of_the_smoke_test_has_no_checkout(jobs: dict[str, Job]) -> None:
    used = [step["uses"] for step in jobs["smoke"]["steps"] if "uses" in step]
    assert [use for use in used if not OURS.fullmatch(use)] == []


def test_the_smoke_test_gives_the_actions_what_they_take(root: Path, jobs: dict[str, Job]) -> None:
    wrong = []
    for name, step in actions_of(jobs["smoke"]):
        declared = YAML(typ="safe", pure=True).load(root / "actions" / name / "action.yml")["inputs"]
        needed = {each for each, about in declared.items() if about.get("required")}
        wrong += [(name, each) for each in set(step["with"]) ^ (set(step["with"]) & set(declared) | needed)]
    assert wrong == []


def test_the_smoke_test_compares_what_the_actions_give(root: Path, jobs: dict[str, Job]) -> None:
    names = {step["id"]: name for name, step in actions_of(jobs["smoke"])}
    compared = re.findall(r"steps\.([\w-]+)\.outputs\.([\w-]+)", str(jobs["smoke"]["steps"][-1]["env"]))
    assert {step for step, _ in compared} == set(names)
    for step, output in compared:
        declared = YAML(typ="safe", pure=True).load(root / "actions" / names[step] / "action.yml")
        assert output in declared["outputs"]
