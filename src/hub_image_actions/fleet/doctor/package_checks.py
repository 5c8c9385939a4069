"""Whether jobs that push to GitHub's own registry by their own token may do so."""

import re
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
_NAMES_OF_TOKEN = {("github", "TOKEN"), ("secrets", JOBS_TOKEN)}
_LOGIN = re.compile(r"\b(?:docker|podman) login\b")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}")
# Source: https://docs.docker.com/build/exporters/
_PUSHING_OUTPUT = re.compile(r"\btype=registry\b|\bpush=true\b")
_PUSH_COMMANDS = ("docker push", "docker image push", "--push")
Level = Literal["write", "read", "unknown"]


@dataclass(frozen=True)
class _KnownToken(Known):
    """What is known while a workflow runs, the job's token told apart from other secrets."""

    def value(self, context: str, name: str) -> Value:
        if (context, name.upper()) in _NAMES_OF_TOKEN:
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
    by_token = any(_logs_in_by_token(values, job, step) for step in running)
    return by_token and any(_pushes(values, job, step) for step in running)


def _logs_in_by_token(values: WorkflowValues, job: Job, step: Step) -> bool:
    passwords = [scalar for name, scalar in step.inputs.items() if name.lower() in _PASSWORDS]
    if any(values.value(scalar.value, job, step) == _TOKEN for scalar in passwords):
        return True
    command = step.value("run")
    if not _LOGIN.search(command):
        return False
    if any(values.value(match[0], job, step) == _TOKEN for match in _EXPRESSION.finditer(command)):
        return True
    variables = {**job.env, **step.env}.items()
    holding = [name for name, scalar in variables if values.value(scalar.value, job, step) == _TOKEN]
    return any(re.search(rf"\$(?:{re.escape(name)}\b|\{{{re.escape(name)}\}})", command) for name in holding)


def _pushes(values: WorkflowValues, job: Job, step: Step) -> bool:
    if any(command in step.value("run") for command in _PUSH_COMMANDS):
        return True
    if "outputs" in step.inputs and _PUSHING_OUTPUT.search(step.inputs["outputs"].value):
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
