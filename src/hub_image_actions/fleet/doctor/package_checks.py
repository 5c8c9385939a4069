"""Whether jobs that push to GitHub's own registry by their own token may do so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.fleet.workflows.expressions import Value, truth
from hub_image_actions.fleet.workflows.runs import Permissions, permissions_of, permissions_of_job
from hub_image_actions.fleet.workflows.variables import GITHUBS_REGISTRY
from hub_image_actions.fleet.workflows.workflow_file import Job, Step, WorkflowFile
from hub_image_actions.fleet.workflows.workflow_values import JOBS_TOKEN, Known, WorkflowValues
from hub_image_actions.github.settings import Hidden

# What stands for the job's token among values, of which else only this is known that there is one.
_TOKEN = "the job's token"  # noqa: S105 - a mark
# The input that is the registry's password, by the action that takes it.
_PASSWORDS = {"registry-password", "password", "docker_password", "docker-password"}
_PUSH_COMMANDS = ("docker push", "docker image push", "--push")
Level = Literal["write", "read", "unknown"]


@dataclass(frozen=True)
class _KnownToken(Known):
    """What is known while a workflow runs, the job's token told apart from other secrets."""

    def value(self, context: str, name: str) -> Value:
        if (context, name.upper()) in {("github", "TOKEN"), ("secrets", JOBS_TOKEN)}:
            return _TOKEN
        return super().value(context, name)


def packages(case: Case) -> Iterator[Finding]:
    """Find jobs that push to ghcr.io by their own token, which may not write packages.

    Source: https://docs.github.com/en/packages/managing-github-packages-using-github-actions-workflows
    """
    if case.image is None or case.image.registry != GITHUBS_REGISTRY:
        return
    known = case.known("push")
    marked = _KnownToken(known.repository, known.variables, known.secrets, known.event)
    for file in case.workflows:
        values = WorkflowValues(file, marked)
        for job in file.jobs:
            said = permissions_of_job(file, job) or permissions_of(file)
            if _pushes_by_token(values, job) and _level(case, said) == "read":
                yield _missing(case, file, job, said)


def _pushes_by_token(values: WorkflowValues, job: Job) -> bool:
    if not values.runs(job):
        return False
    running = [step for step in job.steps if values.runs(job, step)]
    by_token = any(
        values.value(scalar.value, job, step) == _TOKEN
        for step in running
        for name, scalar in step.inputs.items()
        if name.lower() in _PASSWORDS
    )
    return by_token and any(_pushes(values, job, step) for step in running)


def _pushes(values: WorkflowValues, job: Job, step: Step) -> bool:
    if any(command in step.value("run") for command in _PUSH_COMMANDS):
        return True
    if "push" not in step.inputs:
        return False
    asked = values.value(step.inputs["push"].value, job, step)
    # What is an input is text, of which `false` is one that is not empty.
    return truth(asked) is not False and asked != "false"


def _level(case: Case, said: Permissions | None) -> Level:
    """Return what a token may do with packages, by the workflow or else by the repository's settings."""
    if said is None:
        usual = case.settings.token
        if isinstance(usual, Hidden) or not usual:
            return "unknown"
        return "write" if usual == "write" else "read"
    if "*" in said.levels:
        return "write" if said.levels["*"] == "write-all" else "read"
    return "write" if said.levels.get("packages") == "write" else "read"


def _missing(case: Case, file: WorkflowFile, job: Job, said: Permissions | None) -> Finding:
    return case.finding(
        "broken",
        "missing-permission",
        f"{file.path}:{said.line if said else job.line}",
        f"The job {job.name} pushes to {GITHUBS_REGISTRY} by its own token, which may not write packages.",
        f"Write `packages: write` below `permissions` of the job {job.name}, as the template does.",
    )
