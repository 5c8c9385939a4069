"""When workflows run, and which checks they report."""

import pytest

from hub_image_actions.fleet.workflows.runs import checks_that_always_report, checks_that_may_not_report
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
    ],
)
def test_only_a_check_that_no_filter_can_keep_away_always_reports(
    file: WorkflowFile, always: list[str], sometimes: list[str]
) -> None:
    assert list(checks_that_always_report([file], "main")) == always
    assert list(checks_that_may_not_report([file], "main")) == sometimes
