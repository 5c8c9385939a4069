"""What the doctor finds in one repository, each with its place and its fix, and what it does not find."""

from dataclasses import replace

import pytest

from hub_image_actions.fleet.doctor.case import Case, Deployment
from hub_image_actions.fleet.doctor.doctor import examined
from hub_image_actions.fleet.doctor.findings import in_order
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation, image_of
from hub_image_actions.github.settings import ActionsPolicy, BranchRules, Hidden
from unit.fleet.doctor.cases import (
    BINDER,
    BUILD,
    FULL,
    LINT,
    NAME,
    TEST,
    Change,
    both,
    deployed,
    deployment_of,
    file,
    files,
    settings,
    variables,
)

SECRETS = frozenset({"GAR_SECRET_KEY", "PRIVATE_KEY_SECRET"})
HELD = "held until 2026-12-18: finals"
SHARED = "berkeley-dsep-infra/update-deployment/.github/workflows/shared-build.yaml@main"
TARGET = "on:\n  pull_request_target:\npermissions: {}\njobs:\n  j:\n    runs-on: x\n    steps:\n"
HEAD = "${{ github.event.pull_request.head.sha }}"
FETCHED = f"      - uses: actions/checkout@v4\n        with:\n          ref: {HEAD}\n"
OPEN = "on: push\njobs:\n  j:\n    runs-on: x\n    steps: []\n"

# What is changed; the finding that it makes; where it is; a part of its fix.
FINDINGS: list[tuple[Change, str, str, str]] = [
    (variables(IMAGE=""), "broken missing-variable", BUILD, f"gh variable set IMAGE --repo {NAME}"),
    (variables(IMAGE=f"https://{FULL}:latest"), "broken malformed-variable", "settings/variables", FULL),
    (variables(HUB=""), "hint missing-variable", BUILD, "gh variable set HUB"),
    (variables(HUB="data 100"), "broken malformed-variable", "settings/variables", "VALUE"),
    (
        variables(REGISTRY="https://ghcr.io/"),
        "broken malformed-variable",
        "settings/variables",
        "--body ghcr.io",
    ),
    (variables(CANDIDATES="p/x:1"), "broken malformed-variable", "settings/variables", "without tag"),
    (variables(CANDIDATES="p/candidates/x"), "warning missing-secret", BUILD, "CANDIDATES_KEY"),
    (variables(DEPLOYMENTS_OWNER="a/b"), "broken malformed-variable", "settings/variables", "owner/name"),
    (
        settings(secrets=SECRETS - {"GAR_SECRET_KEY"}),
        "broken missing-secret",
        f"{BUILD}:",
        "add data100-user-image",
    ),
    (
        settings(secrets=frozenset({"GAR_SECRET_KEY", "DATAHUB_CREATE_PR"})),
        "broken missing-secret",
        BUILD,
        "PRIVATE_KEY",
    ),
    (
        both(variables(CLIENT_ID=""), settings(secrets=frozenset({"GAR_SECRET_KEY"}))),
        "broken missing-secret",
        BUILD,
        "DATAHUB_CREATE_PR",
    ),
    (
        file(LINT, "- name: Lint\n", "- env: {X: '${{ secrets.OTHER }}'}\n        name: Lint\n"),
        "warning missing-secret",
        LINT,
        "OTHER",
    ),
    (settings(actions=ActionsPolicy(enabled=False)), "broken actions-disabled", "settings/actions", "Enable"),
    (
        settings(actions=ActionsPolicy(True, "selected", patterns=("berkeley-dsep-infra/*",))),
        "broken action-not-allowed",
        "settings/actions",
        "docker/login-action@*,",
    ),
    (
        settings(disabled={TEST: "disabled_manually"}),
        "broken workflow-disabled",
        TEST,
        "gh workflow enable test.yaml",
    ),
    (file(TEST, "jobs:", "jobs: ["), "broken malformed-workflow", f"{TEST}:", "Correct the file"),
    (file(TEST, "timeout-minutes: 120", "timeout-minutes: 240"), "hint edited-workflow", TEST, "template"),
    (files({BUILD: None}), "broken missing-workflow", BUILD, "Copy"),
    (files({TEST: None}), "warning missing-workflow", TEST, "Copy"),
    (files({BINDER: None}), "hint missing-workflow", BINDER, "Copy"),
    (
        files({BUILD: f"on: push\npermissions: {{}}\njobs:\n  j:\n    uses: {SHARED}\n"}),
        "warning old-pipeline",
        f"{BUILD}:5",
        "--to v1.2.0",
    ),
    (file(TEST, "build-test@v1", "build-test@v0"), "warning stale-pin", f"{TEST}:", "--to v1.2.0"),
    (file(TEST, "build-test@v1", "build-test@v1.1.0"), "hint stale-pin", f"{TEST}:", "--to v1.2.0"),
    (file(TEST, "build-test@v1", "build-test@main"), "warning unpinned-action", f"{TEST}:", "Write @v1"),
    (
        file(TEST, "  pull_request:\n", '  pull_request: {paths-ignore: [docs, ".github/**"]}\n'),
        "warning hidden-workflow-changes",
        f"{TEST}:8",
        ".github/**",
    ),
    (
        file(TEST, "  pull_request:\n", "  pull_request: {paths: [environment.yml]}\n"),
        "warning hidden-workflow-changes",
        f"{TEST}:8",
        "`.github/workflows/**`",
    ),
    (
        file(BUILD, "branches: [main]", "branches: [master]"),
        "broken other-default-branch",
        f"{BUILD}:7",
        "[main]",
    ),
    (
        settings(rules=BranchRules(pull_request=False)),
        "warning unprotected-branch",
        "settings/rules",
        "ruleset",
    ),
    (settings(rules=BranchRules(True, ("build",))), "warning unknown-check", "settings/rules", "Take it out"),
    (
        file(TEST, "  pull_request:\n", "  pull_request: {paths-ignore: [docs]}\n"),
        "warning check-that-may-not-report",
        f"{TEST}:8",
        "Delete `paths-ignore`",
    ),
    (
        both(
            settings(rules=BranchRules(True, ("Build and test", "Lint"), queue=True)),
            file(LINT, "  merge_group:\n    types: [checks_requested]\n", ""),
        ),
        "warning check-that-may-not-report",
        f"{LINT}:6",
        "Add `merge_group:",
    ),
    (
        settings(rules=BranchRules(True, ("Lint",))),
        "hint check-not-required",
        f"{TEST}:",
        "Require it there: https://github.com/berkeley-dsep-infra/data100-user-image/settings/rules",
    ),
    (settings(deletes_branches=False), "hint kept-branches", "settings", "--delete-branch-on-merge"),
    (settings(token="write"), "warning wide-token", "settings/actions", "Read repository contents"),
    (
        file(TEST, "permissions: {}", "permissions: write-all"),
        "warning wide-permissions",
        f"{TEST}:13",
        "permissions",
    ),
    (
        both(files({".github/workflows/x.yaml": OPEN}), settings(token="write")),
        "warning wide-permissions",
        ".github/workflows/x.yaml:3",
        "permissions: {}",
    ),
    (
        files({".github/workflows/x.yaml": TARGET + FETCHED}),
        "broken stranger's-code",
        ".github/workflows/x.yaml:8",
        "pull_request",
    ),
    (
        file("README.md", "data100 user image", "<HUBNAME> user image"),
        "hint placeholder",
        "README.md:1",
        "Put",
    ),
    (
        deployed(Deployment(place=DeploymentsLocation())),
        "broken not-deployed",
        "datahub/tree/staging/deployments",
        "new-image-repo data100",
    ),
    (
        deployed(Deployment(place=DeploymentsLocation(), problem="403.")),
        "warning deployments-not-checked",
        "datahub",
        "token",
    ),
    (
        deployed(replace(deployment_of("a"), presence={f"{FULL}:a": False})),
        "broken tag-missing",
        "hubploy.yaml:3",
        "rollback",
    ),
    (
        deployed(replace(deployment_of("a"), presence={f"{FULL}:a": "no."})),
        "warning tag-not-checked",
        "hubploy.yaml:3",
        "docker login",
    ),
    (
        deployed(deployment_of("PLACEHOLDER")),
        "warning first-image-missing",
        "hubploy.yaml:3",
        "Run the build",
    ),
    (deployed(deployment_of("a", hold=HELD)), "hint held", "hubploy.yaml:3", "delete the comment"),
    (
        deployed(deployment_of("a", problem="A hold.")),
        "broken malformed-hold",
        "hubploy.yaml:3",
        "image-hold until",
    ),
    (deployed(deployment_of("")), "warning untagged", "hubploy.yaml:3", "PLACEHOLDER"),
]


def test_a_repository_in_which_all_is_well_has_no_findings(case: Case) -> None:
    assert examined(case) == ()


@pytest.mark.parametrize(
    ("change", "expected", "where", "fix"),
    FINDINGS,
    ids=[f"{number}-{expected.replace(' ', '-')}" for number, (_, expected, _, _) in enumerate(FINDINGS)],
)
def test_each_finding_says_where_it_is_and_what_to_do(
    case: Case, change: Change, expected: str, where: str, fix: str
) -> None:
    found = {f"{one.severity} {one.name}": one for one in examined(change(case))}
    assert expected in found
    assert where in found[expected].where
    assert fix in found[expected].fix


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (settings(secrets=frozenset({"GAR_SECRET_KEY", "DATAHUB_CREATE_PR"})), ["missing-secret"]),
        (
            both(
                variables(CLIENT_ID=""), settings(secrets=frozenset({"GAR_SECRET_KEY", "DATAHUB_CREATE_PR"}))
            ),
            [],
        ),
        (both(variables(CLIENT_ID=""), settings(secrets=SECRETS | {"APP_ID"})), []),
        (
            both(
                variables(CANDIDATES="p/candidates/x"),
                settings(secrets=SECRETS | {"CANDIDATES_KEY"}),
            ),
            [],
        ),
        (settings(actions=ActionsPolicy(True, "selected", patterns=("docker/login-action@*",))), []),
        (settings(actions=ActionsPolicy(True, "local_only")), ["action-not-allowed"]),
        (file(TEST, "  merge_group:\n    types: [checks_requested]\n", ""), ["edited-workflow"]),
        (settings(rules=BranchRules(True, ("Build and test", "Lint"), queue=True)), []),
        (file(TEST, "build-test@v1", f"build-test@{'a' * 40} # v1.2.0"), []),
        (
            files({LINT: None, TEST: None, BINDER: None}),
            ["missing-workflow"] + ["unknown-check"] * 2 + ["missing-workflow"] * 2,
        ),
        (
            file(TEST, "name: Build and test\n    runs-on", "name: ${{ matrix.x }}\n    runs-on"),
            ["edited-workflow"],
        ),
        (deployed(deployment_of("")), ["untagged"]),
        (variables(IMAGE=""), ["missing-variable"]),
    ],
    # A function's own text would be another in each process.
    ids=lambda value: ", ".join(value) if isinstance(value, list) else "change",
)
def test_nothing_else_is_found(case: Case, change: Change, expected: list[str]) -> None:
    assert [one.name for one in in_order(examined(change(case)))] == expected


@pytest.mark.parametrize(
    "field", ["variables", "secrets", "actions", "token", "disabled", "rules", "deletes_branches"]
)
def test_what_the_token_may_not_see_is_a_finding_with_the_right_that_is_missing(
    case: Case, field: str
) -> None:
    hidden = Hidden("what it is", "Some right: read", "Resource not accessible")
    (found,) = (one for one in examined(settings(**{field: hidden})(case)) if one.severity != "broken")
    assert (found.severity, found.name) == ("warning", "not-checked")
    assert "`Some right: read`" in found.fix


def test_an_archived_repository_is_not_looked_at_any_further(case: Case) -> None:
    archived = replace(case, snapshot=replace(case.snapshot, archived=True, files={}))
    assert [one.name for one in examined(archived)] == ["archived"]


def test_the_variables_name_where_the_image_is_deployed() -> None:
    given = {"DEPLOYMENTS_OWNER": "o", "DEPLOYMENTS_REPOSITORY": "r", "DEPLOYMENTS_PATHS": "a\nb"}
    assert DeploymentsLocation.of(given) == DeploymentsLocation("o/r", "staging", ("a", "b"))
    assert DeploymentsLocation.of({}) == DeploymentsLocation(
        "berkeley-dsep-infra/datahub", "staging", ("deployments",)
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"IMAGE": "p/x"}, "us-central1-docker.pkg.dev/p/x"),
        ({"IMAGE": "p/x", "REGISTRY": "ghcr.io"}, "ghcr.io/p/x"),
        ({"IMAGE": "quay.io/p/x", "REGISTRY": "ghcr.io"}, "quay.io/p/x"),
        ({"IMAGE": "p/x", "REGISTRY": "https://ghcr.io"}, "p/x"),
        ({"IMAGE": "p/x:1"}, "None"),
        ({}, "None"),
    ],
)
def test_the_image_is_that_of_the_variables(given: dict[str, str], expected: str) -> None:
    assert str(image_of(given)) == expected
