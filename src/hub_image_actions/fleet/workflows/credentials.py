"""The credentials that a workflow hands on: to which job and step, what for, and whether it has them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from hub_image_actions.fleet.workflows.expressions import Unsaid, Value, truth
from hub_image_actions.fleet.workflows.variables import APP_KEY, CANDIDATES_KEY, REGISTRY_KEY, TOKENS
from hub_image_actions.fleet.workflows.workflow_file import Job, Scalar, Step, WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import Known, Named, WorkflowValues

Purpose = Literal["registry", "candidates", "app", "app-key", "deployments", "other"]
# Inputs of docker/login-action, jupyterhub/repo2docker-action, google-github-actions/auth and our own.
_REGISTRY = frozenset({"password", "registry-password", "docker-password", "credentials-json"})
_CANDIDATES = "candidates-password"
_APP = re.compile(r"(?:.*-)?(?:app|client|application)-id")
_PRIVATE_KEY = "private-key"
# As cal-icor's workflows call it.
_PROPOSING = "create-pr"
_WELL_KNOWN: dict[str, Purpose] = {
    REGISTRY_KEY: "registry",
    CANDIDATES_KEY: "candidates",
    APP_KEY: "app-key",
    **dict.fromkeys(TOKENS, "deployments"),
}


@dataclass(frozen=True)
class Credential:
    """A credential that a step, or a called workflow, is given.

    Args:
        purpose: what it is for: to push to the registry, to keep candidates, to name the GitHub App, as the
            App's key, to open pull requests in the deployments, or another thing.
        value: what it comes to; an empty text where the repository has none.
        named: the secrets and variables that can give it.
        line: the line, counted from 1.
        job: the job.
        step: the step; None for a called workflow, or the `env` of all steps.
        runs: whether the step may run.
    """

    purpose: Purpose
    value: Value
    named: tuple[Named, ...]
    line: int
    job: Job
    step: Step | None
    runs: bool

    @property
    def is_missing(self) -> bool:
        """Whether it is needed, and the repository is known to have none."""
        return self.runs and self.value == "" and not isinstance(self.value, Unsaid)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets that can give it."""
        return tuple(one.name for one in self.named if one.context == "secrets")


def credentials(file: WorkflowFile, known: Known) -> tuple[Credential, ...]:
    """Return the credentials that a workflow hands on, in the order of the file.

    Args:
        file: the workflow.
        known: what is known of its repository.
    """
    values = WorkflowValues(file, known)
    return tuple(one for job in file.jobs for one in _of_job(file, values, job))


def _of_job(file: WorkflowFile, values: WorkflowValues, job: Job) -> Iterator[Credential]:
    yield from _given(values, {**job.inputs, **job.secrets}, job, None)
    # What steps read as `env.NAME` is looked at where they read it.
    read = frozenset(re.findall(r"\benv\.(\w+)", file.text))
    passed = {name: scalar for name, scalar in {**file.env, **job.env}.items() if name not in read}
    yield from _given(values, passed, job, None)
    for step in job.steps:
        own = {name: scalar for name, scalar in step.env.items() if name not in read}
        run = {"run": step.values["run"]} if "run" in step.values else {}
        yield from _given(values, {**own, **step.inputs, **run}, job, step)


def _given(
    values: WorkflowValues, given: Mapping[str, Scalar], job: Job, step: Step | None
) -> Iterator[Credential]:
    keys = {name: name.lower().replace("_", "-") for name in given}
    is_app = any(_PRIVATE_KEY in key for key in keys.values())
    candidates = next((scalar for name, scalar in given.items() if keys[name] == "candidates"), None)
    keeps = candidates is None or truth(values.value(candidates.value, job, step))
    runs = values.runs(job, step)
    for name, scalar in given.items():
        named = values.named(scalar.value, job, step)
        purpose = _purpose(keys[name], {one.name for one in named}, step, is_app=is_app)
        if purpose == "app" or any(one.context == "secrets" for one in named):
            wanted = runs and bool(purpose != "candidates" or keeps)
            value = values.value(scalar.value, job, step)
            yield Credential(purpose, value, named, scalar.line, job, step, wanted)


def _purpose(key: str, named: set[str], step: Step | None, *, is_app: bool) -> Purpose:
    if is_app and _APP.fullmatch(key):
        return "app"
    if _PRIVATE_KEY in key:
        return "app-key"
    if key == _CANDIDATES:
        return "candidates"
    if key in _REGISTRY:
        return "registry"
    if _PROPOSING in key or (step and step.action.endswith("/bump-datahub-tag") and key == "token"):
        return "deployments"
    known = (purpose for name, purpose in _WELL_KNOWN.items() if name in named)
    return next(known, "other")
