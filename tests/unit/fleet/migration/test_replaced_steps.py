"""Steps that ours take the place of: which of their entries that is said of."""

import pytest

from hub_image_actions.fleet.migration.configuration import Reading
from hub_image_actions.fleet.migration.replaced_steps import asks_nothing_more, settle
from hub_image_actions.fleet.migration.steps import Kind, places
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile


def settled(step: str, purpose: str = "publish") -> Reading:
    file = WorkflowFile(
        "a.yaml", f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - {step}\n".encode()
    )
    reading = Reading("o/r", {file.path: file})
    (place,) = places(file, file.jobs[0], reading)
    settle(reading, place, {"mine"}, purpose)
    return reading


def left(reading: Reading) -> list[str]:
    opened = reading.account.open(["a.yaml"])
    return [".".join(map(str, entry.way[4:])) for entry in opened if "steps" in entry.way]


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("{name: a, run: df, if: vars.A, env: {B: c}, timeout-minutes: 1}", []),
        ("{run: git push, if: vars.A, env: {B: c}}", ["if"]),
        (
            "{uses: docker/build-push-action@v6, timeout-minutes: 1, with: {target: a}}",
            ["timeout-minutes", "with.target"],
        ),
        ("{uses: actions/checkout@v4, with: {persist-credentials: false, lfs: true}}", ["with.lfs"]),
        ("{uses: actions/create-github-app-token@v1, with: {owner: o}}", []),
        ("{uses: docker/login-action@v3, with: {ecr: true}}", ["with.ecr"]),
    ],
)
def test_only_what_is_about_how_a_step_did_it_is_replaced(step: str, names: list[str]) -> None:
    assert left(settled(step)) == names


def test_a_test_needs_no_login() -> None:
    assert left(settled("{uses: docker/login-action@v3, with: {ecr: true}, mine: 1}", "test")) == ["mine"]


def test_a_build_on_a_condition_of_the_repositorys_own_is_not_replaced() -> None:
    (obstacle,) = settled("{uses: jupyterhub/repo2docker-action@master, if: vars.ON == 'yes'}").obstacles
    assert "vars.ON == 'yes'" in obstacle.why


@pytest.mark.parametrize(
    ("condition", "kind", "nothing"),
    [
        ("steps.changed.outputs.any", Kind.BUILD, True),
        ("steps.mine.outputs.any", Kind.BUILD, False),
        ("${{ ! env.IMAGE_TAG }}", Kind.DEPLOY, True),
        ("needs.a.outputs.b != '' && always()", Kind.DEPLOY, True),
        ("env.IMAGE_TAG && github.ref == 'refs/heads/main'", Kind.DEPLOY, False),
        ("github.event_name != 'pull_request'", Kind.LOGIN, True),
        ("github.event_name != 'pull_request'", Kind.BUILD, False),
        ("github.ref_type == 'tag'", Kind.RETAG, True),
        ("startsWith(github.event.repository.name, 'base-')", Kind.BUILD, True),
    ],
)
def test_a_condition_goes_where_the_new_workflow_asks_for_the_same(
    condition: str, kind: Kind, *, nothing: bool
) -> None:
    assert asks_nothing_more(condition, kind, {"mine"}) is nothing
