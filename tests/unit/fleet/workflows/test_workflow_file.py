"""Workflow files: what is found in them, and where."""

import pytest

from hub_image_actions.fleet.workflows.workflow_file import Reference, WorkflowFile

TEXT = """\
name: All
on:
  push:
    branches: [main]
    paths-ignore:
      - 'a'
      - b
  # by hand
  workflow_dispatch:

jobs:
  one:
    runs-on: x
    env:
      KEY: ${{ secrets.KEY }}
    steps:
      # the first
      - name: First
        id: first # here
        run: |
          echo ${{ vars.ONE }}

      # the second
      - uses: o/r@v1
        with:
          a: "b"
          c: 1

  # called
  two:
    needs: [one]
    uses: ./x.yaml
    with: {a: b}
    secrets: inherit
# secrets.COMMENT is none
"""


@pytest.fixture(params=["\n", "\r\n"])
def file(request: pytest.FixtureRequest) -> WorkflowFile:
    """Returns a workflow, with either kind of line ends."""
    return WorkflowFile("a.yaml", TEXT.replace("\n", request.param).encode())


def test_triggers_have_their_lists(file: WorkflowFile) -> None:
    push = file.triggers["push"]
    assert (push.lists["branches"], push.lists["paths-ignore"], push.line) == (("main",), ("a", "b"), 3)
    assert file.triggers["workflow_dispatch"].lists == {}


@pytest.mark.parametrize("on", ["on: push", "on: [push]", "'on': {push: }", "on:\n  - push"])
def test_every_way_to_write_an_event_is_read(on: str) -> None:
    assert list(WorkflowFile("a", on.encode()).triggers) == ["push"]


def test_jobs_have_their_steps_and_lines(file: WorkflowFile) -> None:
    one, two = file.jobs
    assert (one.name, one.line, two.name, two.line) == ("one", 12, "two", 30)
    assert (two.needs, two.value("uses"), two.inputs["a"].value, two.inherits) == (
        ("one",),
        "./x.yaml",
        "b",
        True,
    )
    assert one.env["KEY"].value == "${{ secrets.KEY }}"


def test_a_step_has_its_comment_its_inputs_and_its_end(file: WorkflowFile) -> None:
    first, second = file.jobs[0].steps
    assert first.source.replace("\r", "") == "".join(f"{line}\n" for line in TEXT.splitlines()[16:21])
    assert second.source.replace("\r", "") == "".join(f"{line}\n" for line in TEXT.splitlines()[22:27])
    assert (first.value("id"), second.action, second.inputs["c"].value, second.line) == (
        "first",
        "o/r",
        "1",
        24,
    )


def test_the_last_job_ends_before_the_comment_behind_it(file: WorkflowFile) -> None:
    assert file.jobs[1].source.replace("\r", "").splitlines()[-1] == "    secrets: inherit"


def test_a_scalar_stands_where_it_says(file: WorkflowFile) -> None:
    scalar = file.jobs[0].steps[1].inputs["a"]
    assert (file.text[scalar.start : scalar.end], scalar.line) == ('"b"', 26)


def test_references_are_told_with_their_lines_and_comments_are_none(file: WorkflowFile) -> None:
    assert list(file.references) == [Reference("secrets", "KEY", 15), Reference("vars", "ONE", 21)]


@pytest.mark.parametrize("text", ["a: 1", "jobs: []", "jobs:\n  a: 1", "on:", "jobs:\n  a:\n    steps: 3"])
def test_what_has_no_jobs_and_no_events_is_read_all_the_same(text: str) -> None:
    file = WorkflowFile("a", text.encode())
    assert [step for job in file.jobs for step in job.steps] == []
    assert (list(file.uses), [name for name in file.triggers if name]) == ([], [])


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        (
            "x: &e {a: b}\njobs:\n  a:\n    runs-on: u\n    env: *e # why\n  # about b\n  b:\n    env: *e\n",
            ["  a:\n    runs-on: u\n    env: *e # why\n", "  # about b\n  b:\n    env: *e\n"],
        ),
        ("jobs:\n  a: &j\n    runs-on: u\n    x: *j\n", ["  a: &j\n    runs-on: u\n    x: *j\n"]),
        ("jobs:\n  a: &j {x: 1}\n  b: *j\n", ["  a: &j {x: 1}\n", "  b: *j\n"]),
        (
            "jobs:\n  a:\n    steps: &s\n      - run: &r x\n      - *s\n      - *r # c\n  b: {x: 1}\n",
            ["  a:\n    steps: &s\n      - run: &r x\n      - *s\n      - *r # c\n", "  b: {x: 1}\n"],
        ),
    ],
)
def test_a_job_that_ends_in_an_alias_ends_behind_it(text: str, sources: list[str]) -> None:
    assert [job.source for job in WorkflowFile("w.yaml", text.encode()).jobs] == sources
