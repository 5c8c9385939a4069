"""Where the workflows of a repository lead: the image that they push, and the deployments that they move."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain
from types import MappingProxyType

from hub_image_actions.fleet.workflows.expressions import Value
from hub_image_actions.fleet.workflows.pins import OURS
from hub_image_actions.fleet.workflows.variables import (
    BRANCH,
    OWNER,
    PATHS,
    REPOSITORY,
    DeploymentsLocation,
    image_of,
    image_on,
)
from hub_image_actions.fleet.workflows.workflow_file import Job, Scalar, Step, WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import Known, WorkflowValues
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName

# Which deployments the shared workflows of before these actions move; their callers do not say it.
SHARED_DEPLOYMENTS: Mapping[str, str] = MappingProxyType(
    {
        "berkeley-dsep-infra/update-deployment": f"{OWNER}/{REPOSITORY}",
        "cal-icor/shared-workflows": "cal-icor/cal-icor-hubs",
    }
)
# Gives what one of an action's inputs comes to.
Inputs = Callable[[str], Value]


def pushed_image(workflows: Iterable[WorkflowFile], known: Known, actions: str = OURS) -> ImageName | None:
    """Return the image that the workflows name, else the variables; None where neither is known to.

    Args:
        workflows: the workflows.
        known: what is known of the repository.
        actions: the repository of our actions.
    """
    files = tuple(workflows)
    builds, bumps = (
        _calls(files, known, actions, names) for names in (("", "/build"), ("/bump-datahub-tag",))
    )
    for given in chain(builds, bumps):
        image, registry = given("image"), given("registry")
        if isinstance(image, str) and image and isinstance(registry, str):
            return image_on(image, registry or DEFAULT_REGISTRY)
    return image_of(known.variables or {})


def moved_deployments(
    workflows: Iterable[WorkflowFile], known: Known, actions: str = OURS
) -> DeploymentsLocation | None:
    """Return the deployments that the workflows move, else those of the variables; None if none are named.

    Args:
        workflows: the workflows.
        known: what is known of the repository.
        actions: the repository of our actions.
    """
    files = tuple(workflows)
    for given in _calls(files, known, actions, ("/bump-datahub-tag",)):
        repository, branch, paths = given("repository"), given("base-branch"), given("paths")
        if isinstance(repository, str) and isinstance(branch, str) and isinstance(paths, str):
            folders = tuple((paths or PATHS).split())
            return DeploymentsLocation(repository or f"{OWNER}/{REPOSITORY}", branch or BRANCH, folders)
    shared = (SHARED_DEPLOYMENTS.get(_repository(scalar.value)) for file in files for scalar in file.uses)
    if place := next(filter(None, shared), ""):
        return DeploymentsLocation(place)
    variables = known.variables or {}
    # Whoever says nothing means the template's default, if it is theirs.
    theirs = known.repository.lower().startswith(f"{OWNER}/")
    return DeploymentsLocation.of(variables) if theirs or variables.get("DEPLOYMENTS_OWNER") else None


def _calls(
    workflows: Iterable[WorkflowFile], known: Known, actions: str, names: tuple[str, ...]
) -> Iterator[Inputs]:
    called = {f"{actions}{name}".lower() for name in names}
    for file in workflows:
        values = WorkflowValues(file, known)
        for job in file.jobs:
            if _repository(job.value("uses")) in SHARED_DEPLOYMENTS and "" in names:
                yield partial(_given, values, job.inputs, job, None)
            for step in job.steps:
                if step.action in called:
                    yield partial(_given, values, step.inputs, job, step)


def _given(
    values: WorkflowValues, inputs: Mapping[str, Scalar], job: Job, step: Step | None, name: str
) -> Value:
    return values.value(inputs[name].value, job, step) if name in inputs else ""


def _repository(uses: str) -> str:
    return "/".join(uses.partition("@")[0].lower().split("/")[:2])
