"""Steps of old workflows: what each is told to be for, by what it does."""

import pytest

from hub_image_actions.fleet.migration.configuration import Reading
from hub_image_actions.fleet.migration.steps import (
    Kind,
    Place,
    fetches_head,
    is_pipeline,
    kind_of,
    moves_hubs,
    places,
    pushes,
    resolved,
)
from hub_image_actions.fleet.workflows.workflow_file import Job, WorkflowFile

HEAD = "on: push\nenv: {A: file, B: file}\njobs:\n  a:\n    runs-on: x\n    env: {A: job}\n    steps:\n"


def workflow(*steps: str) -> WorkflowFile:
    """Returns a workflow with one job of these steps, each written as a flow mapping."""
    return WorkflowFile("a.yaml", (HEAD + "".join(f"      - {step}\n" for step in steps)).encode())


def job(*steps: str) -> Job:
    return workflow(*steps).jobs[0]


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("uses: actions/checkout@v4", Kind.CHECKOUT),
        ("{uses: actions/checkout@v4, with: {repository: o/datahub}}", Kind.DEPLOYMENTS),
        ("{uses: actions/checkout@v4, with: {ref: '${{ github.event.pull_request.head.sha }}'}}", Kind.HEAD),
        (
            "{uses: actions/checkout@v4, with: {repository: '${{ github.event.pull_request.head.repo }}'}}",
            Kind.HEAD,
        ),
        ("uses: jupyterhub/repo2docker-action@master", Kind.BUILD),
        ("uses: docker/build-push-action@v5", Kind.NATIVE),
        ("uses: o/something@v1", Kind.EXTRA),
        ("run: docker buildx build .", Kind.NATIVE),
        ("run: docker tag a b", Kind.RETAG),
        ("run: gh pr create", Kind.DEPLOY),
        ("run: make test", Kind.EXTRA),
    ],
)
def test_a_step_is_told_by_what_it_does(step: str, kind: Kind) -> None:
    assert kind_of(job(step).steps[0]) is kind


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        ("rm -rf /opt/a; df", Kind.TIDYING),
        ("make; df", Kind.EXTRA),
        ("echo done", Kind.MESSAGE),
        ("echo a=b >> $GITHUB_OUTPUT", Kind.MESSAGE),
        ("echo The deployments come next", Kind.MESSAGE),
        ("python -m mine --for deployments", Kind.EXTRA),
        ("kubectl get deployments", Kind.EXTRA),
        ("sed -i s/a/b/ deployments/*/values.yaml", Kind.DEPLOY),
        ("find deployments -name values.yaml", Kind.DEPLOY),
        ("echo a > README.md", Kind.EXTRA),
        ("echo done; make", Kind.EXTRA),
    ],
)
def test_a_script_is_dropped_only_where_every_line_of_it_may_be(run: str, kind: Kind) -> None:
    script = "\\n".join(run.split("; "))
    assert kind_of(job(f'run: "{script}"').steps[0]) is kind


@pytest.mark.parametrize(
    ("steps", "pushed"),
    [
        (["uses: jupyterhub/repo2docker-action@master"], True),
        (["{uses: jupyterhub/repo2docker-action@master, with: {NO_PUSH: 'true'}}"], False),
        (["uses: docker/build-push-action@v5"], False),
        (["{uses: docker/build-push-action@v5, with: {push: true}}"], True),
        (["run: docker build ."], False),
        (["run: docker build .", "run: docker push a"], True),
        (["run: docker push a"], False),
    ],
)
def test_a_job_pushes_where_an_image_that_it_builds_is_pushed(steps: list[str], *, pushed: bool) -> None:
    assert pushes(job(*steps)) is pushed


@pytest.mark.parametrize(
    ("steps", "moves"),
    [
        (["run: git commit -m x"], False),
        (["run: git -C deployments commit -m x"], True),
        (["run: 'grep -lr x deployments/ && git push'"], True),
        (["run: git commit -m deployments"], False),
        (["run: 'kubectl get deployments && git push'"], False),
        (["{uses: actions/checkout@v4, with: {repository: o/deployments}}"], True),
        (["{uses: actions/checkout@v4, with: {repository: o/other}}"], False),
        (["{uses: o/a@v1, with: {path: deployments}}"], False),
    ],
)
def test_a_job_moves_hubs_only_where_it_writes_to_deployments(steps: list[str], *, moves: bool) -> None:
    assert moves_hubs(job(*steps)) is moves
    assert is_pipeline(job(*steps)) is moves


def test_a_job_that_checks_out_a_head_by_name_is_known() -> None:
    head = "{uses: actions/checkout@v4, with: {ref: '${{ github.head_ref }}'}}"
    assert [fetches_head(job(head)), fetches_head(job("uses: actions/checkout@v4"))] == [True, False]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("${{ env.A }}", "step"),
        ("${{env.B}}/x", "file/x"),
        ("${{env.C}}", "${{ env.C }}"),
        ("${{vars.A}}", "${{ vars.A }}"),
    ],
)
def test_the_nearest_variable_is_put_in(value: str, result: str) -> None:
    file = workflow("{run: x, env: {A: step}}")
    own = file.jobs[0]
    assert resolved(value, Place(file, own, own.steps[0], Kind.EXTRA)) == result


def test_a_variable_of_the_job_goes_before_one_of_the_workflow() -> None:
    file = workflow("run: x")
    own = file.jobs[0]
    assert resolved("${{ env.A }}", Place(file, own, own.steps[0], Kind.EXTRA)) == "job"


@pytest.mark.parametrize(("repository", "run"), [("o/base-r-image", "one"), ("o/r-image", "other")])
def test_of_steps_for_base_images_and_for_others_its_own_are_kept(repository: str, run: str) -> None:
    file = workflow(
        "{run: one, if: \"startsWith(github.repository, 'base-')\"}",
        "{run: other, if: \"!( startsWith(github.repository, 'base-') )\"}",
        "{run: both, if: always()}",
    )
    found = places(file, file.jobs[0], Reading(repository, {}))
    assert [place.step.value("run") for place in found] == [run, "both"]
