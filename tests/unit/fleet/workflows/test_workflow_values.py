"""What a workflow's texts come to: its `env`, its conditions, and what is known of the repository."""

import pytest

from effort import growth
from hub_image_actions.fleet.workflows.expressions import Unsaid, Value
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import Known, Named, WorkflowValues

TEXT = """\
on: push
env:
  A: of the workflow
  APP: ${{ vars.CLIENT_ID || secrets.APP_ID }}
jobs:
  j:
    env:
      A: of the job, ${{ env.A }}
      KEY: ${{ secrets.KEY != '' }}
    steps:
      - id: app
        if: env.APP != ''
        uses: o/app@v1
      - id: later
        if: steps.app.outputs.token
        env:
          A: of the step, ${{ env.A }}
        run: x
  never:
    if: github.event_name == 'push'
    steps: []
"""


def values(**known: object) -> WorkflowValues:
    return WorkflowValues(WorkflowFile("x.yaml", TEXT.encode()), Known("o/r", **known))  # type: ignore[arg-type]  # by name


def value(text: str, known: dict[str, object]) -> Value:
    job = WorkflowFile("x.yaml", TEXT.encode()).jobs[0]
    return values(**known).value(text, job, job.steps[1])


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("${{ env.A }}", {}, "of the step, of the job, of the workflow"),
        ("${{ env.WRITTEN_BY_A_STEP }}", {}, Unsaid.UNKNOWN),
        ("${{ env.APP }}", {}, ""),
        ("${{ env.APP }}", {"variables": {"CLIENT_ID": "Iv1"}}, "Iv1"),
        ("${{ env.APP }}", {"secrets": frozenset({"APP_ID"})}, Unsaid.FILLED),
        ("${{ env.APP }}", {"variables": None}, Unsaid.UNKNOWN),
        ("${{ secrets.app_id }}", {"secrets": frozenset({"APP_ID"})}, Unsaid.FILLED),
        ("${{ secrets.GITHUB_TOKEN }}", {}, Unsaid.FILLED),
        ("${{ secrets.X }}", {"secrets": None}, Unsaid.UNKNOWN),
        ("${{ env.KEY }}", {"secrets": frozenset({"KEY"})}, "true"),
        ("${{ steps.app.outputs.token }}", {}, ""),
        ("${{ steps.app.outputs.token }}", {"variables": {"CLIENT_ID": "Iv1"}}, Unsaid.UNKNOWN),
        ("${{ steps.later.outputs.x }}", {}, ""),
        ("${{ github.repository_owner }}", {}, "o"),
        ("${{ github.repository }}", {}, "o/r"),
        ("${{ github.token }}", {}, Unsaid.FILLED),
        ("${{ github.event_name }}", {}, Unsaid.UNKNOWN),
        ("${{ needs.x.outputs.y }}", {}, Unsaid.UNKNOWN),
    ],
)
def test_a_text_comes_to_what_is_known_of_its_names(
    text: str, known: dict[str, object], expected: Value
) -> None:
    assert value(text, known) == expected


@pytest.mark.parametrize(("event", "runs"), [("push", True), ("pull_request", False), ("", True)])
def test_a_job_runs_unless_its_condition_is_known_to_keep_it(event: str, runs: bool) -> None:
    file = WorkflowFile("x.yaml", TEXT.encode())
    assert values(event=event).runs(file.jobs[1]) is runs


def test_what_a_text_names_is_found_through_env() -> None:
    file = WorkflowFile("x.yaml", TEXT.encode())
    named = values().named("${{ env.APP }} ${{ secrets['OTHER'] }} ${{ env.A }}", file.jobs[0])
    assert named == (Named("vars", "CLIENT_ID"), Named("secrets", "APP_ID"), Named("secrets", "OTHER"))


def test_conditions_that_name_each_other_are_read_in_time() -> None:
    def read(size: int) -> None:
        every = " && ".join(f"steps.s{number}.outputs.x" for number in range(size))
        steps = "".join(f"      - {{id: s{number}, if: {every}, run: x}}\n" for number in range(size))
        file = WorkflowFile("x.yaml", f"on: push\njobs:\n  j:\n    steps:\n{steps}".encode())
        assert WorkflowValues(file, Known()).runs(file.jobs[0], file.jobs[0].steps[size - 1])

    # Each of the steps names all of them: four times as many are sixteen times as much to read.
    assert growth(read, 25) < 64
