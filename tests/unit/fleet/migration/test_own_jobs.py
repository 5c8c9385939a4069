"""Steps and jobs of a repository's own: where they are carried to, and under which names."""

from typing import Literal

import pytest

from hub_image_actions.fleet.migration.configuration import Extra, Reading
from hub_image_actions.fleet.migration.own_jobs import read_other_jobs, read_own_steps, renamed_jobs
from hub_image_actions.fleet.migration.steps import Kind, places
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile

BUILD = "{id: b, uses: jupyterhub/repo2docker-action@master}"
DEPLOY = "{uses: actions/checkout@v4, with: {repository: o/deployments}}"
CHANGED = "{id: which, uses: dorny/paths-filter@v3}"


def kept(*steps: str, purpose: Literal["publish", "test"] = "publish", env: str = "{}") -> Reading:
    listed = "".join(f"      - {step}\n" for step in steps)
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    env: {env}\n    steps:\n{listed}"
    file = WorkflowFile("a.yaml", text.encode())
    reading = Reading("o/r", {})
    every = places(file, file.jobs[0], reading)
    own = [place for place in every if place.kind is Kind.EXTRA]
    read_own_steps(reading, file.jobs[0], every, own, purpose)
    return reading


def steps_of(reading: Reading) -> list[Extra]:
    return list(reading.values.get("steps", ()))


@pytest.mark.parametrize(
    ("steps", "places_of"),
    [
        (["{run: one}", BUILD, "{run: two}"], [("build", False), ("build", True)]),
        ([BUILD, "{run: one}", DEPLOY, "{run: two}"], [("build", True), ("bump", True)]),
        (["{run: one}", DEPLOY, "{run: two}"], [("bump", False), ("bump", True)]),
    ],
)
def test_a_step_keeps_its_place_before_or_behind_what_ours_do(
    steps: list[str], places_of: list[tuple[str, bool]]
) -> None:
    assert [(extra.place, extra.after) for extra in steps_of(kept(*steps))] == places_of


def test_a_step_of_a_test_stays_in_the_test() -> None:
    assert [extra.place for extra in steps_of(kept(BUILD, "{run: one}", purpose="test"))] == ["test"]


@pytest.mark.parametrize("output", ["IMAGE_SHA_TAG", "image-tag", "tag"])
def test_the_tag_of_a_dropped_build_is_asked_of_ours(output: str) -> None:
    (extra,) = steps_of(kept(BUILD, f"{{run: x, if: steps.b.outputs.{output}}}"))
    assert extra.source.strip() == "- {run: x, if: steps.build.outputs.tag}"


def test_behind_the_bump_the_tag_is_asked_of_the_job_that_builds() -> None:
    (extra,) = steps_of(kept(BUILD, DEPLOY, "{run: x, if: steps.b.outputs.tag}"))
    assert "needs.build.outputs.tag" in extra.source


def test_a_step_that_needs_what_is_no_more_is_told_and_not_carried() -> None:
    reading = kept(CHANGED, BUILD, "{name: Mine, run: x, if: steps.which.outputs.src}")
    assert steps_of(reading) == []
    assert [left.what for left in reading.left_out] == ["the step 'Mine'"]


def test_only_variables_that_a_carried_step_uses_go_with_it() -> None:
    reading = kept(BUILD, "{run: make $USED}", env="{USED: '${{vars.A}}', UNUSED: b, SED: c}")
    assert reading.values["environment"] == {"build": {"USED": "${{ vars.A }}"}}


def test_an_expression_in_a_script_is_noted() -> None:
    assert len(kept(BUILD, "{run: 'make ${{ github.ref }}'}").notes) == 1
    assert kept(BUILD, "{run: make}").notes == []


@pytest.mark.parametrize(
    ("source", "renamed"),
    [
        ("a:\n  needs: old\n", "a:\n  needs: build\n"),
        ("a:\n  needs: [old, old-2]\n", "a:\n  needs: [build, old-2]\n"),
        ("a:\n  needs:\n    - old\n  run: old\n", "a:\n  needs:\n    - build\n  run: old\n"),
        ("if: needs.old.outputs.IMAGE_SHA_TAG\n", "if: needs.build.outputs.tag\n"),
        ("if: needs.old.outputs.other\n", "if: needs.build.outputs.other\n"),
        ("if: needs.old-2.result\n", "if: needs.old-2.result\n"),
    ],
)
def test_a_renamed_job_is_put_right_where_it_is_needed_and_nowhere_else(source: str, renamed: str) -> None:
    assert renamed_jobs(source, {"old": "build"}) == renamed


def test_jobs_that_change_their_names_do_not_take_those_that_others_get() -> None:
    source = "a:\n  needs: [build, old]\n  if: needs.build.result && needs.old.outputs.image-tag\n"
    renamed = "a:\n  needs: [bump, build]\n  if: needs.bump.result && needs.build.outputs.tag\n"
    assert renamed_jobs(source, {"old": "build", "build": "bump"}) == renamed


@pytest.mark.parametrize(
    ("needs", "once"),
    [
        (" [one, x, two]", " [build, x]"),
        ("\n    - one\n    - two\n    - x", "\n    - build\n    - x"),
        (" one", " build"),
    ],
)
def test_a_job_needs_once_what_was_two_jobs(needs: str, once: str) -> None:
    names = {"one": "build", "two": "build"}
    assert renamed_jobs(f"a:\n  needs:{needs}\n", names) == f"a:\n  needs:{once}\n"


def carried(rights: str, job_rights: str = "") -> Reading:
    text = (
        f"on: push\n{rights}jobs:\n  ours:\n    runs-on: x\n    steps:\n      - {BUILD}\n"
        f"  mine:\n    needs: ours\n    runs-on: x\n{job_rights}    steps:\n      - run: make\n"
    )
    file = WorkflowFile("a.yaml", text.encode())
    reading = Reading("o/r", {})
    read_other_jobs(reading, file, {"ours"}, "push")
    return reading


def test_a_job_of_the_repositorys_own_is_carried_over_and_needs_the_new_one() -> None:
    (extra,) = carried("").values["jobs"]
    assert (extra.name, extra.place, extra.origin.line) == ("mine", "push", 7)
    assert "  needs: build\n" in extra.source


@pytest.mark.parametrize(
    ("rights", "job_rights", "has", "notes"),
    [
        ("", "", "  permissions:\n    contents: read\n", 1),
        ("permissions: {issues: write}\n", "", "  permissions:\n    issues: write\n", 0),
        ("permissions: read-all\n", "", "  permissions: read-all\n", 0),
        ("permissions: read-all\n", "    permissions: {}\n", "  permissions: {}\n", 0),
    ],
)
def test_a_carried_job_keeps_the_rights_that_it_had(
    rights: str, job_rights: str, has: str, notes: int
) -> None:
    reading = carried(rights, job_rights)
    (extra,) = reading.values["jobs"]
    assert has in extra.source
    assert extra.source.count("permissions") == 1
    assert len(reading.notes) == notes
