"""What is wrong with a repository's workflow files, and with what else of it comes from the template."""

from collections.abc import Collection, Iterator

from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.findings import Finding, Severity
from hub_image_actions.fleet.workflows.filters import matches
from hub_image_actions.fleet.workflows.pins import Pin, Style, pins, pins_of, version_key
from hub_image_actions.fleet.workflows.pipelines import pipeline_of
from hub_image_actions.fleet.workflows.runs import (
    line_of_filter,
    permissions_of,
    permissions_of_job,
)
from hub_image_actions.fleet.workflows.template_files import Recognised, recognise
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS, Job, Trigger, WorkflowFile
from hub_image_actions.github.settings import Hidden

BUILDING, TESTING = "build-push-open-pr.yaml", "test.yaml"
ROLLBACK, BADGE, COMMENT = "rollback.yaml", "binder.yaml", "comment.yaml"
HUB_NAME = "<HUBNAME>"
# What a workflow is for: the actions by which one of another name does the same, and what is missed else.
_PURPOSES: dict[str, tuple[set[str], Severity, str]] = {
    BUILDING: ({"build", "hub-image-actions"}, "broken", "No workflow builds the image and moves the hubs."),
    TESTING: ({"build-test"}, "warning", "No workflow tests pull requests."),
    COMMENT: ({"comment-result"}, "hint", "Pull requests from forks get no comment with their result."),
}
_A_WORKFLOW = f"{WORKFLOWS}any.yaml"


def unreadable(case: Case) -> Iterator[Finding]:
    """Find workflows that GitHub cannot read either."""
    for error in case.unreadable:
        yield case.finding(
            "broken",
            "malformed-workflow",
            f"{error.file}:{error.line}" if error.line else error.file,
            error.problem,
            error.remedy or "Correct the file.",
        )


def template_files(case: Case) -> Iterator[Finding]:
    """Find workflows of the template that are old, edited or missing, and those of another pipeline."""
    standard = case.standard
    found = [
        recognise(file, standard.template, standard.history, standard.actions) for file in case.workflows
    ]
    recognised = [one for one in found if one]
    for one in recognised:
        yield from _not_current(case, one)
    others = [(file, call) for file in case.workflows for call in _others(file)]
    for file, call in others:
        where = _place_of(file, call)
        problem = f"A workflow calls {call}, which these actions took the place of."
        yield case.finding("warning", "old-pipeline", where, problem, _upgrade(case))
    if not others:
        yield from _missing(case, {one.name for one in recognised})


def _not_current(case: Case, one: Recognised) -> Iterator[Finding]:
    if one.state == "older":
        problem = f"The workflow is the template's of release {one.release}, and never edited."
        fix = _upgrade(case)
        yield case.finding("hint", "old-workflow", one.path, problem, fix)
    elif one.state == "edited":
        lines = [line for line in one.difference.splitlines()[2:] if line[:1] in {"+", "-"}]
        count = f"{len(lines)} line{'s' * (len(lines) != 1)}"
        yield case.finding(
            "hint",
            "edited-workflow",
            one.path,
            f"The workflow differs from the template's {one.name} in {count}, so nothing updates it.",
            "Compare it with the template; what is set there by variables needs no edit.",
        )


def _missing(case: Case, there: set[str]) -> Iterator[Finding]:
    used = {pin.uses.rpartition("/")[2] for file in case.workflows for pin in _ours(case, file)}
    for name in case.standard.template:
        actions, severity, problem = _PURPOSES.get(
            name, (set(), "hint", f"The template's {name} is missing.")
        )
        if name not in there and not actions & used and not _is_left_out(case, name, used):
            fix = f"Copy {WORKFLOWS}{name} from the template."
            yield case.finding(severity, "missing-workflow", f"{WORKFLOWS}{name}", problem, fix)


def _is_left_out(case: Case, name: str, used: Collection[str]) -> bool:
    """Say whether somebody chose to do without a workflow, or there is nothing that it could do."""
    if any(path.startswith(f"{WORKFLOWS}{name}.") for path in case.snapshot.files):
        # As `binder.yaml.disable`.
        return True
    if name == BADGE:
        return case.variables.get("BINDER") == "off"
    if name == COMMENT:
        # It tells what a workflow of that name left.
        return "build-test" not in used
    return name == ROLLBACK and (case.is_base_image or not case.moves_hubs)


def _ours(case: Case, file: WorkflowFile) -> tuple[Pin, ...]:
    return pins_of(file, case.standard.actions)


def _others(file: WorkflowFile) -> tuple[str, ...]:
    """Return what the workflow calls of the pipelines that these actions took the place of."""
    return pipeline_of({file.path: file.text.encode()}).others


def _place_of(file: WorkflowFile, call: str) -> str:
    name = call.partition("@")[0]
    lines = (pin.line for pin in pins(file) if pin.repository.endswith(f"/{name}"))
    return f"{file.path}:{next(lines)}"


def stale_pins(case: Case) -> Iterator[Finding]:
    """Find pins of our actions that are behind the newest release, or that follow a branch."""
    release = version_key(case.standard.release)
    for file in case.workflows:
        for pin in _ours(case, file):
            where = f"{file.path}:{pin.line}"
            version = version_key(pin.comment or pin.ref)
            if pin.style is Style.OTHER:
                problem = f"{pin.uses} is called at {pin.ref}, which is no version: it can change any day."
                yield case.finding("warning", "unpinned-action", where, problem, f"Write @{_major(case)}.")
            elif version and version < release[: len(version)]:
                problem = f"{pin.uses} is at {pin.comment or pin.ref}; {case.standard.release} is out."
                severity: Severity = "warning" if version[0] < release[0] else "hint"
                fix = _upgrade(case)
                yield case.finding(severity, "stale-pin", where, problem, fix)


def _upgrade(case: Case) -> str:
    """Return the command that moves pins, and brings workflows and other pipelines to the template's."""
    return f"scripts/upgrade-image-repos --to {case.standard.release or 'VERSION'} {case.name}"


def _major(case: Case) -> str:
    return f"v{(version_key(case.standard.release) or (1,))[0]}"


def hidden_changes(case: Case) -> Iterator[Finding]:
    """Find path filters that keep a change to the workflows themselves from being built and tested."""
    for file in case.workflows:
        if not _ours(case, file) and not _others(file):
            continue
        for event in ("pull_request", "push"):
            trigger = file.triggers.get(event)
            if trigger and (name := _hiding(trigger)):
                yield case.finding(
                    "warning",
                    "hidden-workflow-changes",
                    f"{file.path}:{line_of_filter(file, event, name)}",
                    f"`{name}` keeps a change to the workflows alone from being run on {event}: "
                    "a mistake in it shows only with the next change to the image.",
                    "Take `.github/**` out of `paths-ignore`."
                    if name == "paths-ignore"
                    else "Add `.github/workflows/**` to `paths`.",
                )


def _hiding(trigger: Trigger) -> str:
    lists = trigger.lists
    if "paths-ignore" in lists and matches(lists["paths-ignore"], _A_WORKFLOW):
        return "paths-ignore"
    return "paths" if "paths" in lists and not matches(lists["paths"], _A_WORKFLOW) else ""


def default_branch(case: Case) -> Iterator[Finding]:
    """Find a workflow that waits for pushes to another branch than the default one."""
    branch = case.snapshot.default_branch
    for file in case.workflows:
        trigger = file.triggers.get("push")
        wanted = trigger.lists.get("branches") if trigger else None
        if wanted is None or matches(wanted, branch) or not _moves_hubs(case, file):
            continue
        yield case.finding(
            "broken",
            "other-default-branch",
            f"{file.path}:{line_of_filter(file, 'push', 'branches')}",
            f"The workflow builds {', '.join(wanted)}, but the default branch is {branch}: "
            "what is merged there is not built.",
            f"Write `branches: [{branch}]`, or rename the branch: {case.page('settings')}",
        )


def _moves_hubs(case: Case, file: WorkflowFile) -> bool:
    calls_ours = any(pin.uses.endswith(("/build", "/bump-datahub-tag")) for pin in _ours(case, file))
    return calls_ours or bool(_others(file))


def permissions(case: Case) -> Iterator[Finding]:
    """Find workflows whose tokens may more than they need, and that run strangers' code with them."""
    for file in case.workflows:
        whole = permissions_of(file)
        if whole and whole.levels.get("*") == "write-all":
            yield _wide(case, f"{file.path}:{whole.line}", "The workflow's token may do everything.")
        for job in file.jobs:
            own = permissions_of_job(file, job)
            if own and own.levels.get("*") == "write-all":
                yield _wide(
                    case, f"{file.path}:{own.line}", f"The token of the job {job.name} may do everything."
                )
            if not whole and not own and _may_write(case):
                problem = f"The job {job.name} does not say what its token may: it may write everything."
                yield _wide(case, f"{file.path}:{job.line}", problem)
            if "pull_request_target" in file.triggers and (line := _line_of_fetched_head(job)):
                yield case.finding(
                    "broken",
                    "stranger's-code",
                    f"{file.path}:{line}",
                    "On pull_request_target, the code of anybody's pull request is checked out "
                    "beside the secrets and a token that may write.",
                    "Use `pull_request`, as the template does, or check nothing of the pull request out.",
                )


def _may_write(case: Case) -> bool:
    token = case.settings.token
    return not isinstance(token, Hidden) and token == "write"  # noqa: S105 - a level of permissions


def _wide(case: Case, where: str, problem: str) -> Finding:
    fix = "Write `permissions: {}` for the workflow, and for each job what it needs, as the template does."
    return case.finding("warning", "wide-permissions", where, problem, fix)


def _line_of_fetched_head(job: Job) -> int:
    for step in job.steps:
        ref = step.inputs.get("ref")
        if step.action == "actions/checkout" and ref and "pull_request.head" in ref.value:
            return step.line
    return 0


def placeholders(case: Case) -> Iterator[Finding]:
    """Find where the template's placeholder for the hub's name is still standing."""
    mark = HUB_NAME.encode()
    found = {path: content for path, content in sorted(case.snapshot.files.items()) if mark in content}
    for path, content in list(found.items())[:1]:
        line = content.count(b"\n", 0, content.find(mark)) + 1
        yield case.finding(
            "hint",
            "placeholder",
            f"{path}:{line}",
            f"{HUB_NAME} still stands in the place of the hub's name in {' and '.join(found)}.",
            "Put the hub's name there.",
        )
