"""When workflows run, and which checks they report."""

import pytest

from hub_image_actions.fleet.workflows.runs import (
    checks_that_always_report,
    checks_that_may_not_report,
    may_report,
)
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile


def workflow(on: str, jobs: str = "  a: {name: A, steps: []}\n") -> WorkflowFile:
    return WorkflowFile(".github/workflows/x.yaml", f"on:{on}\njobs:\n{jobs}".encode())


@pytest.mark.parametrize(
    ("file", "always", "sometimes"),
    [
        (workflow(" pull_request"), ["A"], []),
        (workflow(" [push, pull_request]"), ["A"], []),
        (workflow(" {pull_request: {paths-ignore: [x]}}"), [], ["A"]),
        (workflow(" {pull_request: {paths: [x]}}"), [], ["A"]),
        (workflow(" {pull_request: {types: [labeled]}}"), [], ["A"]),
        (workflow(" {pull_request: {branches: [main]}}"), ["A"], []),
        (workflow(" {pull_request: {branches: ['m*', '!main']}}"), [], ["A"]),
        (workflow(" {pull_request: {branches-ignore: [main]}}"), [], ["A"]),
        (workflow(" pull_request_target"), [], []),
        (workflow(" push"), [], []),
        (workflow(" pull_request", "  a: {steps: []}\n"), ["a"], []),
        (workflow(" pull_request", "  a: {uses: o/r/.github/workflows/x.yaml@v1}\n"), [], []),
        (workflow(" pull_request", "  a: {name: 'A ${{ matrix.x }}'}\n"), [], []),
        (workflow(" pull_request", "  a: {strategy: {matrix: {x: [1]}}}\n"), [], []),
        # One that is skipped counts as passed: it guards nothing.
        (workflow(" pull_request", "  a: {if: github.actor == 'x'}\n  b: {needs: a}\n"), ["b"], []),
        (workflow(" {pull_request: {paths: [x]}}", "  a: {if: github.actor == 'x'}\n"), [], []),
    ],
)
def test_only_a_check_that_no_filter_can_keep_away_always_reports(
    file: WorkflowFile, always: list[str], sometimes: list[str]
) -> None:
    assert list(checks_that_always_report([file], "main")) == always
    assert list(checks_that_may_not_report([file], "main")) == sometimes


@pytest.mark.parametrize(
    ("job", "check", "expected"),
    [
        ("{name: A, steps: []}", "A", True),
        ("{name: A, steps: []}", "A / B", False),
        ("{steps: []}", "a", True),
        ("{steps: []}", "A", False),
        # What GitHub makes of the job of a matrix, and of one that calls a workflow.
        ("{strategy: {matrix: {x: [1]}}}", "a (1)", True),
        ("{strategy: {matrix: {x: [1]}}}", "a", True),
        ("{strategy: {matrix: {x: [1]}}}", "a 1", False),
        ("{name: 'On ${{ matrix.x }}.'}", "On ubuntu.", True),
        ("{name: 'On ${{ matrix.x }}.'}", "On ubuntu", False),
        ("{uses: o/r/.github/workflows/x.yaml@v1}", "a / Build and test", True),
        ("{uses: o/r/.github/workflows/x.yaml@v1}", "a", False),
        ("{uses: ./.github/workflows/x.yaml, strategy: {matrix: {x: [1]}}}", "a (1) / b", True),
    ],
)
def test_a_check_is_named_as_github_names_it_once_the_job_runs(job: str, check: str, expected: bool) -> None:
    (read,) = workflow(" pull_request", f"  a: {job}\n").jobs
    assert may_report(read, check) is expected
