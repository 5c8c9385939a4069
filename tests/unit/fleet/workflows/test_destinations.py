"""Where workflows lead: which image they push, and which deployments they move."""

from collections.abc import Mapping

import pytest

from hub_image_actions.fleet.workflows.destinations import moved_deployments, pushed_image
from hub_image_actions.fleet.workflows.variables import DeploymentsLocation
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import Known

OURS = "berkeley-dsep-infra/hub-image-actions"
DEFAULT = DeploymentsLocation()


def workflow(uses: str, **inputs: str) -> WorkflowFile:
    """Return a workflow with one step."""
    lines = "".join(f"          {name.replace('_', '-')}: {value}\n" for name, value in inputs.items())
    text = f"on: push\njobs:\n  j:\n    steps:\n      - uses: {uses}\n        with:\n{lines}"
    return WorkflowFile("x.yaml", text.encode())


@pytest.mark.parametrize(
    ("file", "variables", "image"),
    [
        (
            workflow(f"{OURS}/build@v1", image="${{ vars.IMAGE }}"),
            {"IMAGE": "p/x"},
            "us-central1-docker.pkg.dev/p/x",
        ),
        (workflow(f"{OURS}@v1", image="p/x", registry="quay.io"), {}, "quay.io/p/x"),
        (
            workflow(f"{OURS}/build@v1", image="${{ github.repository }}", registry="ghcr.io"),
            {},
            "ghcr.io/o/r",
        ),
        (
            workflow(f"{OURS}/build@v1", image="${{ matrix.image }}"),
            {"IMAGE": "q/y"},
            "us-central1-docker.pkg.dev/q/y",
        ),
        (workflow(f"{OURS}/build@v1", image="P X"), {}, "None"),
        (workflow("others/build@v1", image="p/x"), {"IMAGE": "q/y", "REGISTRY": "ghcr.io"}, "ghcr.io/q/y"),
    ],
)
def test_an_image_is_the_workflows_own_else_the_variables(
    file: WorkflowFile, variables: Mapping[str, str], image: str
) -> None:
    assert str(pushed_image([file], Known("o/r", variables))) == image


@pytest.mark.parametrize(
    ("file", "known", "place"),
    [
        (workflow(f"{OURS}/bump-datahub-tag@v1", token="x"), Known("o/r"), DEFAULT),
        (
            workflow(f"{OURS}/bump-datahub-tag@v1", repository="o/hubs", base_branch="main", paths="a b"),
            Known("o/r"),
            DeploymentsLocation("o/hubs", "main", ("a", "b")),
        ),
        (
            workflow(f"{OURS}/bump-datahub-tag@v1", repository="${{ vars.WHERE }}"),
            Known("o/r", {"WHERE": "o/hubs"}),
            DeploymentsLocation("o/hubs"),
        ),
        (workflow("others/bump@v1", x="y"), Known("o/r"), None),
        (workflow("others/bump@v1", x="y"), Known("berkeley-dsep-infra/r"), DEFAULT),
        (
            workflow("others/bump@v1", x="y"),
            Known("o/r", {"DEPLOYMENTS_OWNER": "o", "DEPLOYMENTS_REPOSITORY": "hubs"}),
            DeploymentsLocation("o/hubs"),
        ),
        (
            workflow(f"{OURS}/bump-datahub-tag@v1", repository="${{ matrix.x }}"),
            Known("o/r", {"DEPLOYMENTS_OWNER": "o"}),
            DeploymentsLocation("o/datahub"),
        ),
    ],
)
def test_deployments_are_the_workflows_own_else_the_variables(
    file: WorkflowFile, known: Known, place: DeploymentsLocation | None
) -> None:
    assert moved_deployments([file], known) == place
