"""What the doctor finds in one repository, each with its place and its fix, and what it does not find."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.fleet.doctor.case import Case, Deployment, Standard
from hub_image_actions.fleet.doctor.doctor import examined
from hub_image_actions.fleet.doctor.findings import Finding, any_broken, in_order, summary_of, text_of
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation, image_of
from hub_image_actions.github.settings import ActionsPolicy, BranchRules, Hidden, RepositorySettings
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.references import parse_image_name

NAME = "berkeley-dsep-infra/data100-user-image"
IMAGE = "ucb-datahub-2018/user-images/data100-user-image"
FULL = f"us-central1-docker.pkg.dev/{IMAGE}"
BUILD, TEST = ".github/workflows/build-push-open-pr.yaml", ".github/workflows/test.yaml"
LINT, BINDER = ".github/workflows/yaml-lint.yaml", ".github/workflows/binder.yaml"
Change = Callable[[Case], Case]


@pytest.fixture
def case(root: Path) -> Case:
    """A repository in which all is well."""
    folder = root / "template"
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes().replace(b"<HUBNAME>", b"data100")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    template = {path.name: path.read_bytes() for path in (folder / ".github/workflows").iterdir()}
    settings = RepositorySettings(
        variables={"HUB": "data100", "IMAGE": IMAGE, "CLIENT_ID": "Iv1"},
        secrets=frozenset({"GAR_SECRET_KEY", "PRIVATE_KEY_SECRET"}),
        rules=BranchRules(pull_request=True, checks=("Lint",)),
    )
    snapshot = Snapshot(NAME, "main", "c" * 40, private=False, archived=False, files=files)
    return Case(
        snapshot,
        settings,
        Standard(template, release="v1.2.0"),
        "https://github.com",
        deployment_of("0123456789ab"),
    )


def deployment_of(tag: str, **known: str) -> Deployment:
    name = parse_image_name(FULL)
    one = Deployed("deployments/data100/hubploy.yaml", 3, "data100", name, tag, "", **known)
    return Deployment((one,), presence={f"{FULL}:{tag}": True})


def settings(**changes: object) -> Change:
    def change(case: Case) -> Case:
        return replace(case, settings=replace(case.settings, **changes))  # type: ignore[arg-type]  # by name

    return change


def variables(**values: str) -> Change:
    def change(case: Case) -> Case:
        there = {**case.variables, **values}
        return settings(variables={name: value for name, value in there.items() if value})(case)

    return change


def file(path: str, old: str, new: str) -> Change:
    def change(case: Case) -> Case:
        text = case.snapshot.files.get(path, b"").decode()
        assert old in text
        return files({path: text.replace(old, new)})(case)

    return change


def files(texts: Mapping[str, str | None]) -> Change:
    def change(case: Case) -> Case:
        there: dict[str, bytes] = dict(case.snapshot.files)
        for path, text in texts.items():
            there.pop(path, None)
            if text is not None:
                there[path] = text.encode()
        return replace(case, snapshot=replace(case.snapshot, files=there))

    return change


def deployed(deployment: Deployment) -> Change:
    return lambda case: replace(case, deployment=deployment)


def both(first: Change, second: Change) -> Change:
    return lambda case: second(first(case))


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
        file(TEST, "LICENSE]", 'LICENSE, ".github/**"]'),
        "warning hidden-workflow-changes",
        f"{TEST}:8",
        ".github/**",
    ),
    (
        file(TEST, "paths-ignore: [", "paths: [environment.yml, "),
        "warning hidden-workflow-changes",
        f"{TEST}:8",
        "`.github/workflows/**`",
    ),
    (
        file(BUILD, "branches: [main]", "branches: [master]"),
        "broken other-default-branch",
        f"{BUILD}:6",
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
        settings(rules=BranchRules(True, ("Build and test",))),
        "warning check-that-may-not-report",
        "settings/rules",
        "paths-ignore",
    ),
    (settings(deletes_branches=False), "hint kept-branches", "settings", "--delete-branch-on-merge"),
    (settings(token="write"), "warning wide-token", "settings/actions", "Read repository contents"),
    (
        file(TEST, "permissions: {}", "permissions: write-all"),
        "warning wide-permissions",
        f"{TEST}:10",
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
        deployed(Deployment()),
        "broken not-deployed",
        "datahub/tree/staging/deployments",
        "new-image-repo data100",
    ),
    (deployed(Deployment(problem="403.")), "warning deployments-not-checked", "datahub", "token"),
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
        (file(TEST, '    paths-ignore: ["**/*.md", "docs/**", LICENSE]\n', ""), ["edited-workflow"]),
        (file(TEST, "build-test@v1", f"build-test@{'a' * 40} # v1.2.0"), []),
        (
            files({LINT: None, TEST: None, BINDER: None}),
            ["missing-workflow", "unknown-check"] + ["missing-workflow"] * 2,
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


def finding(repository: str, severity: str, name: str = "n") -> Finding:
    return Finding(repository, severity, name, "w", "p", "f")  # type: ignore[arg-type]  # a severity by name


def test_the_worst_comes_first() -> None:
    found = [
        finding("a", "hint"),
        finding("a", "broken", "x"),
        finding("a", "warning"),
        finding("a", "broken", "y"),
    ]
    assert [(one.severity, one.name) for one in in_order(found)] == [
        ("broken", "x"),
        ("broken", "y"),
        ("warning", "n"),
        ("hint", "n"),
    ]


def test_only_what_is_broken_counts_for_the_exit_status() -> None:
    assert not any_broken([finding("a", "warning"), finding("a", "hint")])
    assert any_broken([finding("a", "hint"), finding("a", "broken")])


def test_the_summary_counts_repositories_by_their_worst_finding() -> None:
    found = [finding("a", "hint"), finding("a", "broken"), finding("b", "warning")]
    assert (
        summary_of(["a", "b", "c"], found)
        == "3 repositories: 1 broken, 1 with warnings, 1 with nothing to mend."
    )
    assert summary_of(["c"], []) == "1 repository: 1 with nothing to mend."


def test_a_finding_is_shown_with_its_place_and_its_fix() -> None:
    assert text_of("o/r", [finding("o/r", "broken")]) == (
        "o/r\n  broken   p  [n]\n           at   w\n           fix  f"
    )
    assert text_of("o/r", []) == "o/r: nothing to mend"
