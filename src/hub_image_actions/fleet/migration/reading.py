"""The pipelines that image repositories have today, recognised by what they do, and how they are configured.

Names of files say nothing: a workflow is a push pipeline because it builds and pushes an image, a test
because it builds one for a pull request, and so on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from hub_image_actions.fleet.migration import replaced_steps, shared_workflows, shell_steps, steps
from hub_image_actions.fleet.migration.account import Entry
from hub_image_actions.fleet.migration.configuration import (
    Origin,
    PipelineConfiguration,
    Reading,
    line_of,
    origin_of,
    tidy,
)
from hub_image_actions.fleet.migration.events import (
    origin_of_trigger,
    read_pull_events,
    read_push_events,
    read_test_events,
    settle_workflow,
    take_ignored,
)
from hub_image_actions.fleet.migration.job_reading import Where, read_checkout, read_condition, read_job
from hub_image_actions.fleet.migration.own_jobs import read_other_jobs, read_own_steps
from hub_image_actions.fleet.migration.steps import Kind, Place
from hub_image_actions.fleet.workflows.workflow_file import Job, Scalar, WorkflowFile

Role = Literal["push", "test", "lint", "binder", "unsafe"]
# With these the workflow of the base runs, with its secrets, for whatever somebody proposes.
_PRIVILEGED = {"pull_request_target", "workflow_run", "issue_comment"}
_URLPATH = re.compile(r"[?&]urlpath=([\w%./-]+)")
DISABLED = (".disable", ".disabled", ".off")


@dataclass(frozen=True)
class Legacy:
    """What was found in a repository.

    Args:
        roles: the workflows that are ours to replace, by path.
        configuration: what they are configured to do.
        reading: what was replaced, left out and noted on the way.
        rest: entries of which no reader spoke: they are told as left out.
    """

    roles: Mapping[str, Role]
    configuration: PipelineConfiguration
    reading: Reading
    rest: tuple[Entry, ...] = ()

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
    roles = {path: role for path, file in files.items() if (role := role_of(file))}
    reading = _read_all(files, repository, roles)
    if reading.obstacles:
        # What cannot be read with certainty stays: one half of a pipeline may not become another's.
        obstacles = tuple(dict.fromkeys(reading.obstacles))
        roles = {path: role for path, role in roles.items() if role not in {"push", "test", "unsafe"}}
        reading = _read_all(files, repository, roles)
        reading.left_out += obstacles
    return Legacy(roles, reading.configuration(), reading, _tell_the_rest(reading, roles))


def _read_all(files: Mapping[str, WorkflowFile], repository: str, roles: Mapping[str, Role]) -> Reading:
    reading = Reading(repository, files)
    for path in sorted(
        roles, key=lambda path: ("push", "test", "lint", "binder", "unsafe").index(roles[path])
    ):
        _READERS[roles[path]](reading, files[path])
        settle_workflow(reading, files[path], roles[path])
    for path, file in files.items():
        if path not in roles:
            _tell_danger(reading, file)
    return reading


def _tell_the_rest(reading: Reading, roles: Mapping[str, Role]) -> tuple[Entry, ...]:
    """Tell of each entry that nobody has spoken of."""
    rest = reading.account.open(roles)
    for entry in rest:
        origin = Origin(entry.file, entry.line, line_of(reading.workflows[entry.file], entry.line))
        reading.leave(
            origin,
            entry.what,
            "It is not carried over: the new workflows have nothing that does the same.",
            "Add it by hand if it is needed.",
        )
    return rest


def _role_of_build(file: WorkflowFile) -> Role | None:
    if _PRIVILEGED & set(file.triggers):
        # What does more than to build, as a grader, is nothing that a test of ours takes the place of.
        return "unsafe" if all(map(_only_tests, file.jobs)) else None
    if any(map(steps.pushes, file.jobs)):
        return "push"
    return "test" if "pull_request" in file.triggers else None


def _only_tests(job: Job) -> bool:
    kinds = {steps.kind_of(step) for step in job.steps}
    return steps.builds(job) and not kinds & {Kind.EXTRA, Kind.APP, Kind.DEPLOY, Kind.DEPLOYMENTS}


def _is_lint(file: WorkflowFile) -> bool:
    steps = list(file.steps)
    lints = [step for step in steps if "yamllint" in step.value("run")]
    fetched = [step for step in steps if step.action in {"actions/checkout", "actions/setup-python"}]
    return bool(lints) and len(file.jobs) == 1 and len(lints) + len(fetched) == len(steps)


def _read_push(reading: Reading, file: WorkflowFile) -> None:
    read_push_events(reading, file)
    calls = shared_workflows.calls(file)
    for call in calls:
        if call.role == "push":
            shared_workflows.read_push(reading, file, call)
            read_condition(reading, file, call.job, "build")
            read_job(reading, file, call.job, "build", own_steps=False)
    own = _pipelines(reading, file)
    pushing = [job for job in own if not steps.builds(job) or steps.pushes(job)]
    _check_pushes(reading, file, [job for job in pushing if steps.builds(job)], len(calls))
    for job in pushing:
        _read_pipeline(reading, file, job, "publish")
    if pushing:
        _finish_shell(reading, file)
    testing = _read_pulls(reading, file, pushing, [job for job in own if job not in pushing])
    read = {*(call.job.name for call in calls), *(job.name for job in (*pushing, *testing))}
    read_other_jobs(reading, file, read, "push")


def _pipelines(reading: Reading, file: WorkflowFile) -> list[Job]:
    return [job for job in file.jobs if steps.is_pipeline(job) and steps.applies(job.value("if"), reading)]


def _check_pushes(reading: Reading, file: WorkflowFile, jobs: list[Job], calls: int) -> None:
    """Refuse what two jobs push, or what is pushed on a condition that is not known."""
    if len(jobs) + bool(calls) > 1:
        why = "Several jobs push an image, and which one the hubs get cannot be seen."
        reading.refuse(Origin(file.path, jobs[-1].line, f"{jobs[-1].name}:"), "its jobs that push", why)
    for job in jobs:
        for step in job.steps:
            given = step.inputs.get("NO_PUSH") or step.inputs.get("push")
            if given and steps.depends(given.value) and not steps.spares_pull_requests(given.value):
                why = f"Whether it pushes depends on `{given.value}`."
                reading.refuse(origin_of(file, given), "the condition of its push", why)


def _read_pulls(reading: Reading, file: WorkflowFile, pushing: list[Job], testing: list[Job]) -> list[Job]:
    """Read what a workflow that pushes does for pull requests; return the jobs that only test."""
    if "pull_request" not in file.triggers:
        return []
    building = [job for job in pushing if steps.builds(job) and not _is_for_pushes(job)]
    if testing[1:] or (not testing and not building):
        reading.account.settle(file.path, ("on", "pull_request"), "replaced", "It built nothing for them.")
        return []
    read_pull_events(reading, file)
    for job in testing:
        _read_pipeline(reading, file, job, "test")
    for job in [] if testing else building:
        reading.values["pull_requests"] = True
        _read_own_steps(reading, file, job, "test")
        read_job(reading, file, job, "test", own_steps=True)
        if not any(steps.spares_pull_requests(given.value) for given in _switches(job)):
            why = "Nothing that has not been merged is pushed to where hubs take their images from."
            remedy = "With the variable CANDIDATES a test keeps its image in a repository of its own."
            reading.leave(
                Origin(file.path, job.line, f"{job.name}:"), "the push for pull requests", why, remedy
            )
    return testing


def _is_for_pushes(job: Job) -> bool:
    return bool(re.search(r"event_name\s*(?:==\s*'push'|!=\s*'pull_request')", job.value("if")))


def _switches(job: Job) -> list[Scalar]:
    return [step.inputs[name] for step in job.steps for name in ("NO_PUSH", "push") if name in step.inputs]


def _read_test(reading: Reading, file: WorkflowFile) -> None:
    read_pull_events(reading, file)
    read_test_events(reading, file)
    calls = shared_workflows.calls(file)
    for call in calls:
        if call.role == "test":
            shared_workflows.read_test(reading, file, call)
            read_condition(reading, file, call.job, "test")
            read_job(reading, file, call.job, "test", own_steps=False)
    own = _pipelines(reading, file)
    building = [job for job in own if steps.builds(job)]
    if len(building) + bool(calls) > 1:
        why = "Several jobs build an image, and which one is the test cannot be seen."
        reading.refuse(Origin(file.path, building[-1].line, f"{building[-1].name}:"), "its jobs", why)
    for job in own:
        _read_pipeline(reading, file, job, "test")
    read_other_jobs(reading, file, {*(call.job.name for call in calls), *(job.name for job in own)}, "test")


def _read_pipeline(
    reading: Reading, file: WorkflowFile, job: Job, purpose: Literal["publish", "test"]
) -> None:
    # First the build: it names the registry that tells one login from another.
    for place in steps.places(file, job, reading):
        if place.kind in {Kind.BUILD, Kind.NATIVE}:
            shell_steps.read_build(reading, place, purpose)
    own = _read_own_steps(reading, file, job, purpose)
    where: Where = "test" if purpose == "test" else "build" if steps.builds(job) else "bump"
    read_condition(reading, file, job, where)
    read_job(reading, file, job, where, own_steps=own)
    if purpose == "publish" and "HUB" in job.env:
        reading.take("hub", tidy(job.env["HUB"].value), origin_of(file, job.env["HUB"]))


def _read_own_steps(
    reading: Reading, file: WorkflowFile, job: Job, purpose: Literal["publish", "test"]
) -> bool:
    """Read the steps of a job; say whether some of them are the repository's own."""
    places = steps.places(file, job, reading)
    kept = [place for place in places if not _read_step(reading, place, purpose)]
    own = {place.step.value("id") for place in kept}
    for place in places:
        if place not in kept:
            replaced_steps.settle(reading, place, own, purpose)
    for step in job.steps:
        if step.index not in {place.step.index for place in places}:
            way = ("jobs", job.name, "steps", step.index)
            reading.account.settle(
                file.path, way, "replaced", "It is for repositories of another kind of name."
            )
    read_own_steps(reading, job, places, kept, purpose)
    return bool(kept)


def _read_step(reading: Reading, place: Place, purpose: str) -> bool:
    """Read a step, and say whether that is all there is to it: else it is the repository's own."""
    if place.kind in {Kind.BUILD, Kind.NATIVE}:
        return True
    if place.kind is Kind.EXTRA or (place.kind in _DEPLOYING and not steps.moves_hubs(place.job)):
        return False
    if place.kind is Kind.LOGIN:
        return purpose == "test" or shell_steps.read_login(reading, place)
    if place.kind is Kind.CHECKOUT and steps.builds(place.job):
        read_checkout(reading, place, "test" if purpose == "test" else "build")
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
        take_ignored(reading, "ignored", ignored, place.input_origin("files_ignore"))


def _read_retag(reading: Reading, place: Place) -> None:
    run = place.step.value("run")
    if any(steps.kind_of(step) is Kind.NATIVE for step in place.job.steps):
        # Its commands are read with those of the build.
        return
    if "ref_name" in run or "GITHUB_REF" in run:
        # The pipeline pushed the commit's tag first: whoever uses it finds it.
        reading.add("publish", "extra-tags", "{sha}", place.origin)
    elif re.search(r":latest\b", run):
        reading.add("publish", "latest", "true", place.origin)
    else:
        reading.refuse(place.origin, "a step that tags its image", "Which tag it gives cannot be seen.")


def _finish_shell(reading: Reading, file: WorkflowFile) -> None:
    """Fill in what a written-out pipeline says by not saying it."""
    first = file.jobs[0]
    origin = Origin(file.path, first.line, f"{first.name}:")
    reading.take("variant", "pipeline of shell steps", origin)
    if not reading.values.get("deployments"):
        reading.take("bump", "never", origin)
    kinds = {steps.kind_of(step) for job in file.jobs for step in job.steps}
    if reading.values.get("tags") and Kind.BUILD in kinds and Kind.RETAG not in kinds:
        # The template names an image by the version tag; this one is named by its commit.
        reading.add("publish", "tag", "{sha}", origin)


_DEPLOYING = {Kind.DEPLOY, Kind.DEPLOYMENTS}


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
        origin_of_trigger(file, event),
        f"a build for `{event.name}`",
        f"It builds {'the code of a fork' if head else 'an image'} with the rights of this repository"
        f"{with_them}: whoever opens a pull request could take them.",
        "Pull requests are built by `pull_request`, and a fork's get no secrets. What has to be "
        "pushed is pushed after the merge. Renew the secrets if forks have been built so.",
    )
    for job in file.jobs:
        _read_pipeline(reading, file, job, "test")


def _tell_danger(reading: Reading, file: WorkflowFile) -> None:
    """Tell of a workflow that stays and builds, with the rights of the repository, what somebody proposes."""
    events = [file.triggers[name] for name in file.triggers if name in _PRIVILEGED]
    if not events or not any(map(steps.builds, file.jobs)):
        return
    secrets = sorted({reference.name for reference in file.references if reference.context == "secrets"})
    reading.leave(
        origin_of_trigger(file, events[0]),
        f"the workflow on `{events[0].name}`",
        "It does more than to test an image, and stays as it is. It builds with the rights of this repository"
        + (f" and the secrets {', '.join(secrets)}" if secrets else "")
        + (", and runs the code of a fork." if any(map(steps.fetches_head, file.jobs)) else "."),
        "Let nothing that a pull request brings run in it, or let it wait for an approval (`environment`).",
    )


_READERS = {
    "push": _read_push,
    "test": _read_test,
    "lint": _read_lint,
    "binder": _read_binder,
    "unsafe": _read_unsafe,
}
