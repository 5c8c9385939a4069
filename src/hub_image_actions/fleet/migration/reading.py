"""The pipelines that image repositories have today, recognised by what they do, and how they are configured.

Names of files say nothing: a workflow is a push pipeline because it builds and pushes an image, a test
because it builds one for a pull request, and so on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from hub_image_actions.fleet.migration import shared_workflows, shell_steps, steps
from hub_image_actions.fleet.migration.configuration import (
    Origin,
    PipelineConfiguration,
    Reading,
    line_of,
    origin_of,
    tidy,
)
from hub_image_actions.fleet.migration.own_jobs import read_other_jobs, read_own_steps
from hub_image_actions.fleet.migration.steps import Kind, Place
from hub_image_actions.fleet.workflows.workflow_file import Trigger, WorkflowFile

Role = Literal["push", "test", "lint", "binder", "unsafe"]
# With these the workflow of the base runs, with its secrets, for whatever somebody proposes.
_PRIVILEGED = {"pull_request_target", "workflow_run", "issue_comment"}
_OWN_EVENTS = {"push", "pull_request", "workflow_dispatch", *_PRIVILEGED}
_NOT_CARRIED = {".github/**", ".github/*", ".github", ".github/workflows/**", ".github/"}
_URLPATH = re.compile(r"[?&]urlpath=([\w%./-]+)")
DISABLED = (".disable", ".disabled", ".off")


@dataclass(frozen=True)
class Legacy:
    """What was found in a repository.

    Args:
        roles: the workflows that are ours to replace, by path.
        configuration: what they are configured to do.
        reading: what was replaced, left out and noted on the way.
    """

    roles: Mapping[str, Role]
    configuration: PipelineConfiguration
    reading: Reading

    def paths(self, role: Role) -> tuple[str, ...]:
        """Return the workflows with a role."""
        return tuple(path for path, its in self.roles.items() if its == role)


def role_of(file: WorkflowFile) -> Role | None:
    """Return what a workflow is there for, or None where it is none of what we replace."""
    shared = [call.role for call in shared_workflows.calls(file)]
    if shared:
        role = "push" if "push" in shared else shared[0]
        # Of pushes and tests other jobs are carried over; a file that does more than lint is somebody's own.
        return role if role in {"push", "test"} or len(shared) == len(file.jobs) else None
    if any(map(steps.builds, file.jobs)):
        return _role_of_build(file)
    if _is_lint(file):
        return "lint"
    return "binder" if "pull_request_target" in file.triggers and "mybinder.org" in file.text else None


def read(files: Mapping[str, WorkflowFile], repository: str) -> Legacy:
    """Read the pipelines of a repository.

    Args:
        files: its workflows by path, those that are switched off by their name included.
        repository: its name, `owner/name`: pipelines build `base-*-image` in another way.
    """
    reading = Reading(repository, files)
    roles = {path: role for path, file in files.items() if (role := role_of(file))}
    for path in sorted(
        roles, key=lambda path: ("push", "test", "lint", "binder", "unsafe").index(roles[path])
    ):
        _READERS[roles[path]](reading, files[path])
    return Legacy(roles, reading.configuration(), reading)


def _role_of_build(file: WorkflowFile) -> Role | None:
    if _PRIVILEGED & set(file.triggers):
        return "unsafe"
    if any(map(steps.pushes, file.jobs)):
        return "push"
    return "test" if "pull_request" in file.triggers else None


def _is_lint(file: WorkflowFile) -> bool:
    steps = list(file.steps)
    lints = [step for step in steps if "yamllint" in step.value("run")]
    fetched = [step for step in steps if step.action in {"actions/checkout", "actions/setup-python"}]
    return bool(lints) and len(file.jobs) == 1 and len(lints) + len(fetched) == len(steps)


def _read_push(reading: Reading, file: WorkflowFile) -> None:
    _read_push_trigger(reading, file)
    if "pull_request" in file.triggers:
        _read_pull_trigger(reading, file)
    known = {call.job.name: call for call in shared_workflows.calls(file)}
    for call in known.values():
        if call.role == "push":
            shared_workflows.read_push(reading, file, call)
            _read_condition(reading, file, call.job.name)
    own = [job for job in file.jobs if steps.is_pipeline(job)]
    for job in own:
        _read_pipeline(reading, file, job.name, "publish")
    if own:
        _finish_shell(reading, file)
    read_other_jobs(reading, file, {*known, *(job.name for job in own)}, "push")


def _read_test(reading: Reading, file: WorkflowFile) -> None:
    _read_pull_trigger(reading, file)
    known = {call.job.name: call for call in shared_workflows.calls(file)}
    for call in known.values():
        if call.role == "test":
            shared_workflows.read_test(reading, file, call)
    own = [job for job in file.jobs if steps.is_pipeline(job)]
    for job in own:
        _read_pipeline(reading, file, job.name, "test")
    read_other_jobs(reading, file, {*known, *(job.name for job in own)}, "test")


def _read_pipeline(
    reading: Reading, file: WorkflowFile, name: str, purpose: Literal["publish", "test"]
) -> None:
    job = next(job for job in file.jobs if job.name == name)
    places = steps.places(file, job, reading)
    # First the build: it names the registry that tells one login from another.
    for place in places:
        if place.kind in {Kind.BUILD, Kind.NATIVE}:
            shell_steps.read_build(reading, place, purpose)
    kept = [place for place in places if not _read_step(reading, place, purpose)]
    read_own_steps(reading, job, places, kept, purpose)
    if purpose == "publish":
        _read_machine(reading, file, name)
        _read_condition(reading, file, name)
        if "HUB" in job.env:
            reading.take("hub", tidy(job.env["HUB"].value), origin_of(file, job.env["HUB"]))


def _read_step(reading: Reading, place: Place, purpose: str) -> bool:
    """Read a step, and say whether that is all there is to it: else it is the repository's own."""
    if place.kind in {Kind.BUILD, Kind.NATIVE}:
        return True
    if place.kind is Kind.EXTRA or (place.kind in _DEPLOYING and not steps.moves_hubs(place.job)):
        return False
    if place.kind is Kind.LOGIN:
        return purpose == "test" or shell_steps.read_login(reading, place)
    readers = {
        Kind.KEYLESS: shell_steps.read_keyless,
        Kind.APP: shell_steps.read_app,
        Kind.DEPLOYMENTS: shell_steps.read_deployments,
        Kind.DEPLOY: shell_steps.read_deploy,
        Kind.CHANGES: _read_changes,
        Kind.RETAG: _read_retag,
    }
    if place.kind in readers and purpose == "publish":
        readers[place.kind](reading, place)
    if place.kind in steps.INSTEAD:
        reading.replace(place.origin, "", steps.INSTEAD[place.kind])
    return True


def _read_changes(reading: Reading, place: Place) -> None:
    ignored = tuple(line.strip() for line in place.input("files_ignore").splitlines() if line.strip())
    if ignored:
        _take_ignored(reading, "ignored", ignored, place.input_origin("files_ignore"))


def _read_retag(reading: Reading, place: Place) -> None:
    if "ref_name" in place.step.value("run") or "GITHUB_REF" in place.step.value("run"):
        # The pipeline pushed the commit's tag first: whoever uses it finds it.
        reading.add("publish", "extra-tags", "{sha}", place.origin)


def _finish_shell(reading: Reading, file: WorkflowFile) -> None:
    """Fill in what a written-out pipeline says by not saying it."""
    first = file.jobs[0]
    origin = Origin(file.path, first.line, f"{first.name}:")
    reading.take("variant", "pipeline of shell steps", origin)
    if not reading.values.get("deployments"):
        reading.take("bump", "never", origin)


def _read_machine(reading: Reading, file: WorkflowFile, name: str) -> None:
    job = next(job for job in file.jobs if job.name == name)
    if not steps.builds(job):
        return
    machine, minutes = job.values.get("runs-on"), job.values.get("timeout-minutes")
    if machine and machine.value != "ubuntu-latest":
        reading.take("runs_on", machine.value, origin_of(file, machine))
    # The template gives a build two hours.
    if minutes and minutes.value.isdigit() and int(minutes.value) > _TEMPLATE_MINUTES:
        reading.take("timeout", minutes.value, origin_of(file, minutes))


_DEPLOYING = {Kind.DEPLOY, Kind.DEPLOYMENTS}
_TEMPLATE_MINUTES = 120


def _read_condition(reading: Reading, file: WorkflowFile, name: str) -> None:
    job = next(job for job in file.jobs if job.name == name)
    condition = job.values.get("if")
    # A condition on the repository's name chose between two ways to build, one on an earlier job guarded an
    # empty tag: neither is needed.
    if not condition or "'base-'" in condition.value or "needs." in condition.value:
        return
    origin = origin_of(file, condition)
    if "steps." in condition.value or "inputs." in condition.value:
        reading.leave(
            origin, "the condition of the job", "What it asks for is no more.", "Add one that fits."
        )
    else:
        reading.take("condition", condition.value.strip(), origin)


def _read_push_trigger(reading: Reading, file: WorkflowFile) -> None:
    push = file.triggers.get("push")
    if push:
        origin = _origin_of_trigger(file, push)
        reading.take("branches", push.lists.get("branches", () if "tags" in push.lists else ("**",)), origin)
        reading.take("tags", push.lists.get("tags", ()), origin)
        reading.take("only", push.lists.get("paths", ()), origin)
        _take_ignored(reading, "ignored", push.lists.get("paths-ignore", ()), origin)
    for trigger in file.triggers.values():
        if trigger.name in {"schedule", "repository_dispatch"}:
            reading.extend("triggers", trigger.source)
            reading.origins["triggers"] = _origin_of_trigger(file, trigger)
        elif trigger.name not in _OWN_EVENTS:
            reading.leave(
                _origin_of_trigger(file, trigger),
                f"the event `{trigger.name}`",
                "The new workflow is not made for it.",
                "Add it below `on` if the pipeline is to run for it.",
            )


def _read_pull_trigger(reading: Reading, file: WorkflowFile) -> None:
    pull = file.triggers.get("pull_request")
    if pull:
        origin = _origin_of_trigger(file, pull)
        reading.take("pull_only", pull.lists.get("paths", ()), origin)
        reading.take("pull_branches", pull.lists.get("branches", ()), origin)
        _take_ignored(reading, "pull_ignored", pull.lists.get("paths-ignore", ()), origin)


def _take_ignored(reading: Reading, field_name: str, paths: tuple[str, ...], origin: Origin) -> None:
    reading.take(field_name, tuple(path for path in paths if path not in _NOT_CARRIED), origin)
    if set(paths) & _NOT_CARRIED:
        reading.leave(
            origin,
            "`.github/**` in `paths-ignore`",
            "With it nothing is built when the workflows change, and a broken one shows with the next image.",
            "Add it to `paths-ignore` again if such changes are to build nothing.",
        )


def _read_lint(reading: Reading, file: WorkflowFile) -> None:
    for step in file.steps:
        lines = [line.strip() for line in step.value("run").splitlines()]
        command = next((line for line in lines if line.startswith("yamllint")), "")
        if command:
            reading.take("lint", command, origin_of(file, step.values["run"]))
    for call in shared_workflows.calls(file):
        origin = origin_of(file, call.job.values["uses"])
        reading.take("lint", "yamllint --no-warnings .", origin)
        if "action-lint" in call.job.value("uses"):
            reading.leave(
                origin,
                "the check of workflows by actionlint",
                "The template checks YAML files by yamllint only.",
                "Add a step of your own with actionlint to `yaml-lint.yaml`.",
            )


def _read_binder(reading: Reading, file: WorkflowFile) -> None:
    opened = _URLPATH.search(file.text)
    if opened:
        line = file.line(opened.start())
        reading.take("urlpath", unquote(opened[1]), Origin(file.path, line, line_of(file, line)))
    reading.replace(
        Origin(file.path, 1, file.name),
        "binder-badge",
        "One comment is kept current in place of a new one each time; no code of the pull request is run.",
    )


def _read_unsafe(reading: Reading, file: WorkflowFile) -> None:
    event = next(file.triggers[name] for name in file.triggers if name in _PRIVILEGED)
    head = any(map(steps.fetches_head, file.jobs))
    secrets = sorted({reference.name for reference in file.references if reference.context == "secrets"})
    with_them = f", and with the secrets {', '.join(secrets)} at hand" if secrets else ""
    reading.leave(
        _origin_of_trigger(file, event),
        f"a build for `{event.name}`",
        f"It builds {'the code of a fork' if head else 'an image'} with the rights of this repository"
        f"{with_them}: whoever opens a pull request could take them.",
        "Pull requests are built by `pull_request`, and a fork's get no secrets. What has to be "
        "pushed is pushed after the merge. Renew the secrets if forks have been built so.",
    )
    for job in file.jobs:
        if not steps.is_pipeline(job):
            reading.leave(
                Origin(file.path, job.line, f"{job.name}:"),
                f"the job `{job.name}`",
                "It is in a workflow that has the rights of this repository for whatever a fork proposes.",
                "Put it into a workflow of its own if it is needed, for `pull_request`.",
            )


def _origin_of_trigger(file: WorkflowFile, trigger: Trigger) -> Origin:
    return Origin(file.path, trigger.line, f"on: {trigger.name}")


_READERS = {
    "push": _read_push,
    "test": _read_test,
    "lint": _read_lint,
    "binder": _read_binder,
    "unsafe": _read_unsafe,
}
