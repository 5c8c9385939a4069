"""Old pipelines as a whole: what each workflow is there for, and what is read from it."""

from typing import Any

import pytest

from hub_image_actions.fleet.migration.reading import Legacy, Role, read, role_of
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile

CHECKOUT = "      - uses: actions/checkout@v4\n"
ACTION = "      - uses: jupyterhub/repo2docker-action@master\n"
BUILD = f"{ACTION}        with: {{IMAGE_NAME: a/b}}\n"
TEST_BUILD = f"{ACTION}        with: {{NO_PUSH: 'true'}}\n"
LINT = "      - run: yamllint -d relaxed .\n"
OWN = "      - run: make\n"
BINDER = "      - run: echo https://mybinder.org/v2/gh/o/r/main?urlpath=lab%2Ftree\n"


def workflow(on: str, steps: str, *, job: str = "", path: str = "a.yaml") -> WorkflowFile:
    text = f"on:\n{on}jobs:\n  a:\n    runs-on: ubuntu-latest\n{job}    steps:\n{steps}"
    return WorkflowFile(path, text.encode())


def legacy(*files: WorkflowFile) -> Legacy:
    return read({file.path: file for file in files}, "o/r-image")


def settings(found: Legacy, *names: str) -> list[Any]:
    return [getattr(found.configuration, name) for name in names]


PUSHES, PULLS, TARGET = "  push:\n", "  pull_request:\n", "  pull_request_target:\n"


@pytest.mark.parametrize(
    ("on", "steps", "role"),
    [
        (PUSHES, BUILD, "push"),
        (PULLS, TEST_BUILD, "test"),
        (PUSHES, TEST_BUILD, None),
        (TARGET, TEST_BUILD, "unsafe"),
        (PUSHES, CHECKOUT + LINT, "lint"),
        (PUSHES, LINT + OWN, None),
        (TARGET, BINDER, "binder"),
        (PULLS, BINDER, None),
        (PUSHES, OWN, None),
    ],
)
def test_a_workflow_is_known_by_what_it_does(on: str, steps: str, role: Role | None) -> None:
    assert role_of(workflow(on, steps)) == role


def test_what_is_none_of_ours_has_no_role_and_no_settings() -> None:
    found = legacy(workflow(PUSHES, OWN), workflow(PUSHES, LINT, path="b.yaml"))
    assert found.roles == {"b.yaml": "lint"}
    assert (found.paths("lint"), found.paths("push")) == (("b.yaml",), ())
    assert found.configuration.lint == "yamllint -d relaxed ."


@pytest.mark.parametrize(
    ("on", "branches", "tags"),
    [
        ("  push: {branches: [main]}\n", ("main",), ()),
        ("  push: {tags: [v*]}\n", (), ("v*",)),
        (PUSHES, ("**",), ("**",)),
        ("  push: {branches-ignore: [wip]}\n", (), ()),
    ],
)
def test_the_pushes_that_are_built_are_read(
    on: str, branches: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    assert settings(legacy(workflow(on, BUILD)), "branches", "tags") == [branches, tags]


def test_ignored_paths_are_kept_but_for_those_of_the_workflows() -> None:
    found = legacy(workflow("  push: {paths-ignore: [README.md, .github/**]}\n", BUILD))
    assert found.configuration.ignored == ("README.md",)
    assert [left.what for left in found.reading.left_out] == ["`.github/**` in `paths-ignore`"]


def test_an_event_that_the_new_workflow_is_not_made_for_is_told() -> None:
    found = legacy(workflow("  push:\n  schedule: [{cron: 1 2 3 4 5}]\n  release:\n", BUILD))
    assert [left.what for left in found.reading.left_out] == ["the event `release`"]
    assert [trigger.strip() for trigger in found.configuration.triggers] == ["schedule: [{cron: 1 2 3 4 5}]"]


@pytest.mark.parametrize(("minutes", "kept"), [("120", ""), ("121", "121")])
def test_a_time_limit_is_kept_where_it_is_longer_than_the_templates(minutes: str, kept: str) -> None:
    found = legacy(workflow(PUSHES, BUILD, job=f"    timeout-minutes: {minutes}\n"))
    assert found.configuration.timeout == kept


@pytest.mark.parametrize(
    ("condition", "kept", "told"),
    [
        ("github.actor != 'bot'", "github.actor != 'bot'", 0),
        ("inputs.build", "", 1),
        ("needs.x.outputs.tag", "", 0),
        ("startsWith(github.repository, 'base-')", "", 0),
    ],
)
def test_a_condition_is_kept_where_what_it_asks_for_is_still_there(
    condition: str, kept: str, told: int
) -> None:
    found = legacy(workflow(PUSHES, BUILD, job=f'    if: "{condition}"\n'))
    assert (found.configuration.condition, len(found.reading.left_out)) == (kept, told)


DEPLOYMENTS = "      - {uses: actions/checkout@v4, with: {repository: o/deployments}}\n"


@pytest.mark.parametrize(("steps", "bump"), [(BUILD, "never"), (BUILD + DEPLOYMENTS, "always")])
def test_hubs_are_moved_only_where_the_old_pipeline_did(steps: str, bump: str) -> None:
    assert legacy(workflow(PUSHES, steps)).configuration.bump == bump


def test_a_push_is_read_before_a_test_whatever_their_names() -> None:
    test = workflow(PULLS, f"{ACTION}        with: {{NO_PUSH: 'true', IMAGE_NAME: test}}\n")
    push = workflow(PUSHES, f"{ACTION}        with: {{IMAGE_NAME: pushed}}\n", path="z.yaml")
    assert legacy(test, push).configuration.image == "pushed"


def test_commits_that_go_elsewhere_than_to_deployments_are_the_repositorys_own() -> None:
    own = "      - {name: Mine, run: git commit -m x}\n"
    assert [each.name for each in legacy(workflow(PUSHES, BUILD + own)).configuration.steps] == ["Mine"]
    assert legacy(workflow(PUSHES, BUILD + DEPLOYMENTS + own)).configuration.steps == ()


def test_the_image_and_the_hub_of_the_job_are_read() -> None:
    env = "    env: {IMAGE: a/b, HUB: '${{vars.HUB}}'}\n"
    found = legacy(workflow(PUSHES, "      - run: docker build -t $IMAGE . --push\n", job=env))
    assert settings(found, "image", "hub") == ["a/b", "${{ vars.HUB }}"]


def test_what_the_badge_opens_is_read_with_its_escapes_undone() -> None:
    assert legacy(workflow(TARGET, BINDER)).configuration.urlpath == "lab/tree"


def test_an_unsafe_build_is_told_with_the_secrets_that_it_gives_away() -> None:
    head = "      - {uses: actions/checkout@v4, with: {ref: '${{ github.event.pull_request.head.sha }}'}}\n"
    env = "    env: {B: '${{ secrets.B }}', A: '${{ secrets.A }}'}\n"
    (left,) = legacy(workflow(TARGET, head + TEST_BUILD, job=env)).reading.left_out
    assert left.what == "a build for `pull_request_target`"
    assert "the code of a fork" in left.why
    assert "with the secrets A, B at hand" in left.why
