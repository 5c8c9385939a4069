"""The events of old workflows: filters as they are, and names that others wait for."""

import pytest

from hub_image_actions.fleet.migration.configuration import Reading
from hub_image_actions.fleet.migration.events import (
    read_pull_events,
    read_push_events,
    read_test_events,
    settle_workflow,
)
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile


def workflow(on: str, *, name: str = "A", path: str = "a.yaml", more: str = "") -> WorkflowFile:
    return WorkflowFile(path, f"name: {name}\n{more}on:\n{on}jobs: {{}}\n".encode())


def read(on: str) -> Reading:
    file = workflow(on)
    reading = Reading("o/r", {file.path: file})
    read_push_events(reading, file)
    return reading


@pytest.mark.parametrize(
    ("on", "values"),
    [
        ("  push:\n", {"branches": ("**",), "tags": ("**",)}),
        ("  push: {tags: ['**']}\n", {"tags": ("**",)}),
        ("  push: {branches-ignore: [a]}\n", {"no_branches": ("a",)}),
        ("  push: {branches: [a], tags-ignore: [b]}\n", {"branches": ("a",), "no_tags": ("b",)}),
        ("  push: {branches: [a], paths: ['**/*.md']}\n", {"branches": ("a",), "only": ("**/*.md",)}),
        (
            "  push: {branches: [a], paths-ignore: [docs/**]}\n",
            {"branches": ("a",), "ignored": ("docs/**",)},
        ),
    ],
)
def test_filters_of_pushes_stay_as_they_are(on: str, values: dict[str, object]) -> None:
    reading = read(on)
    assert reading.values == values
    assert [entry.what for entry in reading.account.open(["a.yaml"])] == ["`name`"]


def test_a_workflow_that_others_call_is_not_replaced() -> None:
    assert [each.what for each in read("  push:\n  workflow_call:\n").obstacles] == [
        "the pipeline, for `workflow_call`"
    ]


def test_inputs_of_a_run_by_hand_are_no_part_of_the_new_workflow() -> None:
    opened = [
        entry.way for entry in read("  workflow_dispatch: {inputs: {a: {}}}\n").account.open(["a.yaml"])
    ]
    assert opened == [("name",), ("on", "workflow_dispatch", "inputs")]


@pytest.mark.parametrize(
    ("types", "kept"), [("opened, synchronize, reopened", None), ("labeled", ("labeled",))]
)
def test_what_happens_to_pull_requests_is_kept_where_it_is_not_the_usual(
    types: str, kept: tuple[str, ...] | None
) -> None:
    file = workflow(f"  pull_request: {{types: [{types}], branches-ignore: [x]}}\n")
    reading = Reading("o/r", {file.path: file})
    read_pull_events(reading, file)
    assert (reading.values.get("pull_types"), reading.values["pull_no_branches"]) == (kept, ("x",))


def test_a_test_keeps_its_other_events() -> None:
    file = workflow("  pull_request:\n  schedule: [{cron: 1 2 3 4 5}]\n  release:\n  workflow_dispatch:\n")
    reading = Reading("o/r", {file.path: file})
    read_test_events(reading, file)
    assert [source.strip() for source in reading.values["pull_triggers"]] == [
        "schedule: [{cron: 1 2 3 4 5}]",
        "workflow_dispatch:",
    ]
    assert [each.what for each in reading.left_out] == ["the event `release`"]


@pytest.mark.parametrize(("waits_for", "kept"), [("A", "A"), ("B", None)])
def test_a_name_that_another_workflow_waits_for_is_kept(waits_for: str, kept: str | None) -> None:
    file = workflow("  push:\n")
    other = workflow(f"  workflow_run: {{workflows: [{waits_for}]}}\n", path="b.yaml")
    reading = Reading("o/r", {"a.yaml": file, "b.yaml": other})
    settle_workflow(reading, file, "push")
    assert reading.values.get("push_name") == kept


def test_what_a_workflow_says_for_all_jobs_is_settled() -> None:
    file = workflow(
        "  push:\n", more="permissions: {}\nconcurrency: a\ndefaults: {run: {shell: bash}}\nmine: 1\n"
    )
    reading = Reading("o/r", {file.path: file})
    settle_workflow(reading, file, "push")
    assert [entry.way for entry in reading.account.open(["a.yaml"])] == [("mine",), ("on", "push")]
    assert [each.what for each in reading.left_out] == ["`defaults` of the workflow"]
