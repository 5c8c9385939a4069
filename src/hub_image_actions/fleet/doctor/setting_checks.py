"""What is wrong with a repository's settings: variables, secrets, Actions, and the rules of its branch."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from fnmatch import fnmatchcase

from hub_image_actions import names
from hub_image_actions.errors import ActionError, InvalidReference
from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.findings import Finding
from hub_image_actions.fleet.workflows.runs import (
    check_of,
    jobs_of_pull_requests,
    may_report,
    obstacle_to_reporting,
)
from hub_image_actions.fleet.workflows.variables import CANDIDATES
from hub_image_actions.github.settings import ActionsPolicy, BranchRules, Hidden
from hub_image_actions.references import find_reference, parse_image_name

_GITHUB_OWNED = ("actions/", "github/")
_VARIABLES = "settings/variables/actions"


def what_is_hidden(case: Case) -> Iterator[Finding]:
    """Find what the token may not see: what was not looked at is not well."""
    values = (getattr(case.settings, field.name) for field in fields(case.settings))
    by_right: dict[str, list[Hidden]] = {}
    for value in values:
        if isinstance(value, Hidden):
            by_right.setdefault(value.right, []).append(value)
    for right, hidden in by_right.items():
        what = " and ".join(one.what for one in hidden)
        yield case.finding(
            "warning",
            "not-checked",
            case.page("settings"),
            f"Not checked, as the token may not see it: {what} ({hidden[0].said}).",
            f"Give the token `{right}` on {case.name}, or run with another one.",
        )


def archived(case: Case) -> Iterator[Finding]:
    """Find a repository that is read-only: nothing runs in it any more."""
    if case.snapshot.archived:
        yield case.finding(
            "broken",
            "archived",
            case.page("settings"),
            "The repository is archived, so no workflow runs in it.",
            "Unarchive it, or leave it out of the list.",
        )


def variables(case: Case) -> Iterator[Finding]:
    """Find variables that the workflows need and that are missing, or that are no names of their kind."""
    if isinstance(case.settings.variables, Hidden):
        return
    named, given = case.named("vars"), case.variables
    if not given.get("IMAGE") and case.image is None:
        yield _missing_image(case, named)
    if "HUB" in named and not given.get("HUB"):
        yield case.finding(
            "hint",
            "missing-variable",
            named["HUB"],
            "The variable HUB is not set; pull requests are named after the image instead.",
            f"gh variable set HUB --repo {case.name} --body NAME",
        )
    for name, parse in _parsers().items():
        if given.get(name):
            yield from _malformed(case, name, given[name], parse)


def _missing_image(case: Case, named: Mapping[str, str]) -> Finding:
    fix = f"gh variable set IMAGE --repo {case.name} --body {case.suggested_image}"
    if "IMAGE" in named:
        problem = "The variable IMAGE is not set: nothing can be pushed, and no hub moved."
        return case.finding("broken", "missing-variable", named["IMAGE"], problem, fix)
    problem = "No variable IMAGE says which image this is, so its deployments cannot be checked."
    return case.finding("warning", "missing-variable", case.page(_VARIABLES), problem, fix)


def _parsers() -> dict[str, Callable[[str], object]]:
    return {
        "IMAGE": parse_image_name,
        "HUB": names.parse_hub,
        "REGISTRY": names.parse_host,
        CANDIDATES: parse_image_name,
        "DEPLOYMENTS_OWNER": lambda text: names.parse_full_name(f"{text}/x"),
        "DEPLOYMENTS_REPOSITORY": lambda text: names.parse_full_name(f"x/{text}"),
        "DEPLOYMENTS_BRANCH": names.parse_branch,
        "DEPLOYMENTS_PATHS": lambda text: [names.parse_path(path) for path in text.split()],
    }


def _malformed(case: Case, name: str, value: str, parse: Callable[[str], object]) -> Iterator[Finding]:
    try:
        parse(value)
    except (names.InvalidName, InvalidReference) as error:
        body = _corrected(name, value) or "VALUE"
        yield case.finding(
            "broken",
            "malformed-variable",
            case.page(_VARIABLES),
            f"The variable {name} cannot be used: {_sentence(error)}",
            f"{error.remedy} gh variable set {name} --repo {case.name} --body {body}",
        )


def _corrected(name: str, value: str) -> str:
    """Return what was probably meant, where that is plain to see."""
    text = value.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
    if name == "IMAGE" and (reference := find_reference(text.lower())):
        return str(reference.name)
    return text if name == "REGISTRY" and find_reference(f"{text}/x") else ""


def _sentence(error: ActionError) -> str:
    return f"{error.problem.rstrip('.')}."


def actions(case: Case) -> Iterator[Finding]:
    """Find Actions that are disabled, and actions that are not allowed to run."""
    policy = case.settings.actions
    if isinstance(policy, Hidden):
        return
    where = case.page("settings/actions")
    if not policy.enabled:
        problem = "Actions are disabled: nothing is built, and no hub is moved."
        yield case.finding("broken", "actions-disabled", where, problem, "Enable them there.")
        return
    refused = [action for action in _named_actions(case) if not _is_allowed(action, policy, case.name)]
    if refused:
        yield case.finding(
            "broken",
            "action-not-allowed",
            where,
            f"The workflows call what is not allowed to run here: {', '.join(refused)}.",
            f"Allow there: {' '.join(sorted({_pattern(one) for one in refused}))}",
        )


def _named_actions(case: Case) -> tuple[str, ...]:
    named = (scalar.value for file in case.workflows for scalar in file.uses)
    return tuple(dict.fromkeys(name for name in named if not name.startswith(("./", "docker:"))))


def _is_allowed(action: str, policy: ActionsPolicy, repository: str) -> bool:
    owner = repository.partition("/")[0]
    if policy.allowed == "all" or action.lower().startswith(f"{owner.lower()}/"):
        return True
    if policy.allowed != "selected":
        return False
    if policy.github_owned and action.startswith(_GITHUB_OWNED):
        return True
    whole = "/".join(action.partition("@")[0].split("/")[:2]) + "@" + action.partition("@")[2]
    return any(
        fnmatchcase(text, pattern) for pattern in policy.patterns for text in (action, whole) if pattern
    )


def _pattern(action: str) -> str:
    parts = action.partition("@")[0].split("/")
    return "/".join(parts[:2]) + ("/*" if len(parts) > 2 else "") + "@*,"  # noqa: PLR2004 - owner, name, path


def disabled_workflows(case: Case) -> Iterator[Finding]:
    """Find workflows that are switched off."""
    if isinstance(case.settings.disabled, Hidden):
        return
    paths = {file.path for file in case.workflows}
    for path, state in sorted(case.settings.disabled.items()):
        if path in paths:
            why = {"disabled_inactivity": "after two months without a commit"}.get(state, "by hand")
            yield case.finding(
                "broken",
                "workflow-disabled",
                path,
                f"The workflow was switched off {why} and does not run.",
                f"gh workflow enable {path.rpartition('/')[2]} --repo {case.name}, or delete the file.",
            )


def rules(case: Case) -> Iterator[Finding]:
    """Find a default branch that anybody who may write can change, and checks that never come."""
    found, branch = case.settings.rules, case.snapshot.default_branch
    if isinstance(found, Hidden):
        return
    where = case.page("settings/rules")
    if not found.pull_request:
        yield case.finding(
            "warning",
            "unprotected-branch",
            where,
            f"{branch} takes changes without a pull request: each push to it is built and goes to the hubs.",
            "Add a ruleset there, or let scripts/new-image-repo do it.",
        )
    for check in found.checks:
        yield from _never_reported(case, check, found)
    if found.pull_request:
        yield from _not_required(case, found)


def _never_reported(case: Case, check: str, rules: BranchRules) -> Iterator[Finding]:
    """Find a required check that some changes never get, or all."""
    branch = case.snapshot.default_branch
    reporting = [file for file, job in jobs_of_pull_requests(case.workflows) if may_report(job, check)]
    obstacles = [obstacle_to_reporting(file, branch, queued=rules.queue) for file in reporting]
    for file, obstacle in zip(reporting, obstacles, strict=True):
        if all(obstacles) and obstacle:
            what, line = obstacle
            yield _sometimes_waiting(case, check, what, f"{file.path}:{line}")
            return
    if not reporting and not case.unreadable:
        yield case.finding(
            "warning",
            "unknown-check",
            case.page("settings/rules"),
            f"{branch} requires the check {check!r}, which no workflow here reports: "
            "unless something else does, no pull request can be merged.",
            "Take it out of the required checks.",
        )


def _sometimes_waiting(case: Case, check: str, what: str, where: str) -> Finding:
    added = "Add `merge_group: {types: [checks_requested]}` below `on`, as the template has it"
    fix = added if "merge_group" in what else f"Delete {what.partition(' of ')[0]} from the workflow"
    if "does not run on `pull_request`" in what:
        fix = "Let its workflow run on `pull_request`"
    return case.finding(
        "warning",
        "check-that-may-not-report",
        where,
        f"The check {check!r} is required, and some changes never get it and wait for ever: {what}.",
        f"{fix}, or do not require the check.",
    )


def _not_required(case: Case, rules: BranchRules) -> Iterator[Finding]:
    """Find a test of the image that nobody has to wait for."""
    branch = case.snapshot.default_branch
    for file, job in jobs_of_pull_requests(case.workflows):
        is_test = any(step.action.endswith("/build-test") for step in job.steps)
        if not is_test or any(may_report(job, check) for check in rules.checks):
            continue
        obstacle = obstacle_to_reporting(file, branch, queued=rules.queue)
        first = f"Some changes never get it ({obstacle[0]}): change that first. Then r" if obstacle else "R"
        name = check_of(job) or job.name
        yield case.finding(
            "hint",
            "check-not-required",
            f"{file.path}:{obstacle[1] if obstacle else job.line}",
            f"{branch} does not require the check {name!r}: what does not build can be merged.",
            f"{first}equire it there: {case.page('settings/rules')}",
        )


def merged_branches(case: Case) -> Iterator[Finding]:
    """Find a repository that keeps the branches of merged pull requests."""
    if case.settings.deletes_branches is False:
        yield case.finding(
            "hint",
            "kept-branches",
            case.page("settings"),
            "The branches of merged pull requests stay.",
            f"gh repo edit {case.name} --delete-branch-on-merge",
        )


def token(case: Case) -> Iterator[Finding]:
    """Find a workflow token that may write where the workflows do not say."""
    if case.settings.token == "write":  # noqa: S105 - a level of permissions
        where = case.page("settings/actions")
        yield case.finding(
            "warning",
            "wide-token",
            where,
            "The token of workflows that do not say what it may can write to the repository.",
            "Choose there: Workflow permissions, Read repository contents.",
        )
