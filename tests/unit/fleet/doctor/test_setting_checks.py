"""What is found in a repository's settings, and what is not, check by check."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from hub_image_actions.fleet.doctor import setting_checks
from hub_image_actions.fleet.doctor.case import Case, Standard
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.github.settings import ActionsPolicy, BranchRules, Hidden, RepositorySettings
from hub_image_actions.github.snapshot import Snapshot

NAME, FILE = "hubs/data100-user-image", ".github/workflows/a.yaml"
HIDDEN = Hidden("the thing", "Some right: read", "Resource not accessible")
CALLS = """\
on: [pull_request]
jobs:
  a:
    name: Lint
    runs-on: x
    steps:
      - uses: actions/checkout@v4
      - uses: docker/login-action@v3
      - uses: hubs/own/action@v1
      - uses: ./here
      - run: echo ${{ vars.IMAGE }} ${{ vars.HUB }}
"""
WELL = {"IMAGE": "p/images/data100", "HUB": "data100"}
QUEUE = "Add `merge_group: {types: [checks_requested]}` below `on`"
WAITING = "warning check-that-may-not-report"
Check = Callable[[Case], Iterable[Finding]]


def case_of(text: str = CALLS, **settings: Any) -> Case:
    files: Mapping[str, bytes] = {FILE: text.encode()} if text else {}
    snapshot = Snapshot(NAME, "main", "c" * 40, private=False, archived=False, files=files)
    known = replace(RepositorySettings(), **{"variables": WELL, **settings})
    return Case(snapshot, known, Standard(), "https://github.com")


def named(check: Check, case: Case) -> list[str]:
    return [f"{one.severity} {one.name}" for one in check(case)]


def only(check: Check, case: Case) -> Finding:
    (finding,) = check(case)
    return finding


@pytest.mark.parametrize(
    ("check", "setting"),
    [
        (setting_checks.variables, "variables"),
        (setting_checks.actions, "actions"),
        (setting_checks.disabled_workflows, "disabled"),
        (setting_checks.rules, "rules"),
        (setting_checks.merged_branches, "deletes_branches"),
        (setting_checks.token, "token"),
    ],
)
def test_what_is_hidden_is_told_once_and_by_no_other_check(check: Check, setting: str) -> None:
    hidden: dict[str, Any] = {setting: HIDDEN}
    case = case_of(**hidden)
    assert named(check, case) == []
    told = only(setting_checks.what_is_hidden, case)
    assert (told.severity, told.name) == ("warning", "not-checked")
    assert told.problem.endswith("the token may not see it: the thing (Resource not accessible).")
    assert told.fix == f"Give the token `Some right: read` on {NAME}, or run with another one."


def test_what_one_right_hides_is_one_finding() -> None:
    case = case_of(
        token=HIDDEN, actions=replace(HIDDEN, what="the other"), secrets=replace(HIDDEN, right="R")
    )
    assert sorted(one.fix.split("`")[1] for one in setting_checks.what_is_hidden(case)) == [
        "R",
        "Some right: read",
    ]


@pytest.mark.parametrize(("archived", "found"), [(True, ["broken archived"]), (False, [])])
def test_nothing_runs_in_an_archived_repository(found: list[str], *, archived: bool) -> None:
    case = case_of()
    case = replace(case, snapshot=replace(case.snapshot, archived=archived))
    assert named(setting_checks.archived, case) == found


@pytest.mark.parametrize(
    ("variables", "text", "found"),
    [
        (WELL, CALLS, []),
        ({"HUB": "data100"}, CALLS, ["broken missing-variable"]),
        ({"HUB": "data100"}, "", ["warning missing-variable"]),
        ({"IMAGE": "p/x"}, CALLS, ["hint missing-variable"]),
        ({"IMAGE": "p/x"}, "", []),
        ({**WELL, "DEPLOYMENTS_PATHS": "a ../b"}, CALLS, ["broken malformed-variable"]),
        ({**WELL, "DEPLOYMENTS_BRANCH": "a b"}, CALLS, ["broken malformed-variable"]),
        ({**WELL, "DEPLOYMENTS_REPOSITORY": "o/r"}, CALLS, ["broken malformed-variable"]),
    ],
)
def test_variables_are_missed_as_much_as_they_are_needed(
    variables: dict[str, str], text: str, found: list[str]
) -> None:
    assert named(setting_checks.variables, case_of(text, variables=variables)) == found


@pytest.mark.parametrize(
    ("name", "value", "body"),
    [
        ("IMAGE", "https://quay.io/P/X:latest", "quay.io/p/x"),
        ("REGISTRY", " https://ghcr.io/ ", "ghcr.io"),
        ("HUB", "data 100", "VALUE"),
        ("IMAGE", "%", "VALUE"),
    ],
)
def test_a_malformed_variable_is_mended_where_it_is_plain_what_was_meant(
    name: str, value: str, body: str
) -> None:
    told = only(setting_checks.variables, case_of(variables={**WELL, name: value}))
    assert told.where == f"https://github.com/{NAME}/settings/variables/actions"
    assert told.problem.startswith(f"The variable {name} cannot be used: {value!r} ")
    assert told.fix.endswith(f"gh variable set {name} --repo {NAME} --body {body}")


@pytest.mark.parametrize(
    ("policy", "refused"),
    [
        (ActionsPolicy(True), ""),
        (ActionsPolicy(True, "local_only"), "actions/checkout@*, docker/login-action@*,"),
        (ActionsPolicy(True, "selected"), "docker/login-action@*,"),
        (ActionsPolicy(True, "selected", github_owned=False), "actions/checkout@*, docker/login-action@*,"),
        (ActionsPolicy(True, "selected", patterns=("docker/login-action@v3",)), ""),
        (ActionsPolicy(True, "selected", patterns=("docker/*",)), ""),
        (ActionsPolicy(True, "selected", patterns=("docker/login-action@v2", "")), "docker/login-action@*,"),
    ],
)
def test_actions_that_may_not_run_are_named_with_the_patterns_that_allow_them(
    policy: ActionsPolicy, refused: str
) -> None:
    case = case_of(actions=policy)
    if not refused:
        assert named(setting_checks.actions, case) == []
        return
    told = only(setting_checks.actions, case)
    assert (told.severity, told.name) == ("broken", "action-not-allowed")
    assert told.fix == f"Allow there: {refused}"


def test_where_no_action_runs_single_ones_are_not_told() -> None:
    case = case_of(actions=ActionsPolicy(enabled=False, allowed="local_only"))
    assert named(setting_checks.actions, case) == ["broken actions-disabled"]


@pytest.mark.parametrize(
    ("state", "why"),
    [("disabled_inactivity", "after two months without a commit"), ("disabled_manually", "by hand")],
)
def test_a_workflow_that_was_switched_off_is_told_with_the_reason(state: str, why: str) -> None:
    told = only(setting_checks.disabled_workflows, case_of(disabled={FILE: state, "gone.yaml": state}))
    assert (told.where, told.problem) == (FILE, f"The workflow was switched off {why} and does not run.")
    assert told.fix.startswith(f"gh workflow enable a.yaml --repo {NAME}")


@pytest.mark.parametrize(
    ("rules", "text", "found"),
    [
        (BranchRules(True, ("Lint",)), CALLS, []),
        (BranchRules(True), CALLS, []),
        (BranchRules(False), CALLS, ["warning unprotected-branch"]),
        (BranchRules(True, ("Other",)), CALLS, ["warning unknown-check"]),
        (BranchRules(True, ("Other",)), CALLS.replace("name: Lint", "name: ${{ matrix.x }}"), []),
        (BranchRules(True, ("Other",)), "on: [", []),
        (
            BranchRules(True, ("Lint",)),
            CALLS.replace("[pull_request]", "{pull_request: {paths: [a]}}"),
            [WAITING],
        ),
        (BranchRules(True, ("Lint",), queue=True), CALLS, [WAITING]),
        (BranchRules(True, ("Lint",), queue=True), CALLS.replace("[pull", "[merge_group, pull"), []),
        (BranchRules(True, ("Lint",)), CALLS.replace("_request]", "_request_target]"), [WAITING]),
        (BranchRules(True, ("Lint",)), f"{CALLS}      - uses: hubs/actions/build-test@v1\n", []),
        (
            BranchRules(True),
            f"{CALLS}      - uses: hubs/actions/build-test@v1\n",
            ["hint check-not-required"],
        ),
        (
            BranchRules(False),
            f"{CALLS}      - uses: hubs/actions/build-test@v1\n",
            ["warning unprotected-branch"],
        ),
    ],
)
def test_rules_that_let_everything_or_nothing_in_are_found(
    rules: BranchRules, text: str, found: list[str]
) -> None:
    assert named(setting_checks.rules, case_of(text, rules=rules)) == found


@pytest.mark.parametrize(
    ("on", "queue", "problem", "fix"),
    [
        (
            "{pull_request: {paths-ignore: [docs]}}",
            False,
            "`paths-ignore` of `pull_request`",
            "Delete `paths-ignore` from the workflow, or do not require the check.",
        ),
        (
            "{pull_request: {branches-ignore: [main]}}",
            False,
            "`branches-ignore` of `pull_request`",
            "Delete `branches-ignore` from the workflow, or do not require the check.",
        ),
        (
            "[pull_request_target]",
            False,
            "it does not run on `pull_request`",
            "Let its workflow run on `pull_request`, or do not require the check.",
        ),
        (
            "[pull_request]",
            True,
            "it does not run on `merge_group`",
            f"{QUEUE}, as the template has it, or do not require the check.",
        ),
    ],
)
def test_what_keeps_a_required_check_from_reporting_is_named_with_its_line(
    on: str, queue: bool, problem: str, fix: str
) -> None:
    case = case_of(CALLS.replace("[pull_request]", on), rules=BranchRules(True, ("Lint",), queue=queue))
    told = only(setting_checks.rules, case)
    assert (told.where, told.fix) == (f"{FILE}:1", fix)
    assert told.problem.endswith(f": {problem}.")


def test_a_test_that_cannot_be_required_yet_says_why() -> None:
    text = CALLS.replace("[pull_request]", "{pull_request: {paths: [a]}}")
    case = case_of(f"{text}      - uses: hubs/actions/build-test@v1\n", rules=BranchRules(True))
    told = only(setting_checks.rules, case)
    assert told.fix.startswith("Some changes never get it (`paths` of `pull_request`): change that first. ")


@pytest.mark.parametrize(("deletes", "found"), [(False, ["hint kept-branches"]), (True, []), (None, [])])
def test_branches_that_are_kept_are_a_hint(found: list[str], *, deletes: bool | None) -> None:
    assert named(setting_checks.merged_branches, case_of(deletes_branches=deletes)) == found


@pytest.mark.parametrize(("level", "found"), [("write", ["warning wide-token"]), ("read", [])])
def test_a_token_that_may_write_unasked_is_a_warning(level: str, found: list[str]) -> None:
    assert named(setting_checks.token, case_of(token=level)) == found
