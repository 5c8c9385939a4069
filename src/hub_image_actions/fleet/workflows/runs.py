"""When the workflows of a repository run, which checks they report, and what their tokens may.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ruamel.yaml.nodes import MappingNode

from hub_image_actions.fleet.workflows.filters import matches
from hub_image_actions.fleet.workflows.pipelines import workflows_in
from hub_image_actions.fleet.workflows.workflow_file import (
    Job,
    Trigger,
    WorkflowFile,
    WorkflowUnreadable,
    entries,
    pairs,
    texts,
)

# A pull request that such a filter keeps out gets no check at all, and not one that passed.
_NARROWING = frozenset({"paths", "paths-ignore", "types"})
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)


@dataclass(frozen=True)
class Permissions:
    """What a workflow or one of its jobs says of its token.

    Args:
        levels: by permission; ``read-all`` and ``write-all`` stand below ``*``.
        line: the line, counted from 1.
    """

    levels: Mapping[str, str]
    line: int


def read_workflows(
    files: Mapping[str, bytes],
) -> tuple[tuple[WorkflowFile, ...], tuple[WorkflowUnreadable, ...]]:
    """Return the workflows among a repository's files, and why some of them cannot be read.

    Args:
        files: the files by path.
    """
    good, bad = [], []
    for path, content in sorted(workflows_in(files).items()):
        try:
            good.append(WorkflowFile(path, content))
        except WorkflowUnreadable as error:
            bad.append(error)
    return tuple(good), tuple(bad)


def checks_that_always_report(workflows: Sequence[WorkflowFile], branch: str) -> tuple[str, ...]:
    """Return the checks that every pull request for a branch gets, whatever it changes.

    Only these can be required: a required check that never comes keeps a pull request waiting for ever. A job
    with a condition is none of them: its check counts as passed where it is skipped, and so guards nothing.

    Args:
        workflows: the workflows.
        branch: the branch that the pull requests are for.
    """
    always = [file for file in workflows if _runs_always(file.triggers.get("pull_request"), branch)]
    return tuple(dict.fromkeys(check for file in always for check in _checks(file)))


def checks_that_may_not_report(workflows: Sequence[WorkflowFile], branch: str) -> tuple[str, ...]:
    """Return the checks that only some pull requests for a branch get.

    Args:
        workflows: the workflows.
        branch: the branch that the pull requests are for.
    """
    always = checks_that_always_report(workflows, branch)
    some = [file for file in workflows if "pull_request" in file.triggers]
    found = dict.fromkeys(check for file in some for check in _checks(file))
    return tuple(check for check in found if check not in always)


def _checks(file: WorkflowFile) -> Iterator[str]:
    """Yield the checks of the jobs that always run when their workflow does, where their names are known."""
    yield from filter(None, (check_of(job) for job in file.jobs if not job.value("if")))


def jobs_of_pull_requests(workflows: Sequence[WorkflowFile]) -> tuple[tuple[WorkflowFile, Job], ...]:
    """Return the jobs that report a check to some pull requests, each with its workflow."""
    events = {"pull_request", "pull_request_target"}
    return tuple((file, job) for file in workflows if events & file.triggers.keys() for job in file.jobs)


def check_of(job: Job) -> str:
    """Return the name of a job's check; empty where it is known only once the job runs."""
    name = job.value("name") or job.name
    varies = "${{" in name or "matrix" in entries(entries(job.node).get("strategy"))
    # The check of a called workflow bears the names of both.
    return "" if varies or job.value("uses") else name


def may_report(job: Job, check: str) -> bool:
    """Say whether a job's check can have a name, which GitHub makes of the job's only once it runs.

    A job of a matrix has its values behind its name, and one that calls a workflow the name of the job there.

    Args:
        job: the job.
        check: the check's name.
    """
    name = job.value("name") or job.name
    pattern = ".*".join(map(re.escape, _EXPRESSION.split(name)))
    if "matrix" in entries(entries(job.node).get("strategy")):
        pattern += r"( \(.*\))?"
    return re.fullmatch(pattern + (" / .*" if job.value("uses") else ""), check, re.DOTALL) is not None


def obstacle_to_reporting(file: WorkflowFile, branch: str, *, queued: bool) -> tuple[str, int] | None:
    """Return what keeps a workflow's checks from some changes of a branch, and its line; None if nothing.

    A job that its `if` skips counts as one that passed. A workflow that does not run reports nothing.

    Args:
        file: the workflow.
        branch: the branch that the changes are for.
        queued: whether a merge queue waits for the checks as well.
    """
    pull = file.triggers.get("pull_request")
    if pull is None:
        return "it does not run on `pull_request`", 1
    if not _runs_always(pull, branch):
        name = next((name for name in pull.lists if name in _NARROWING), "")
        name = name or next(name for name in pull.lists if name.startswith("branches"))
        return f"`{name}` of `pull_request`", line_of_filter(file, "pull_request", name)
    if queued and "merge_group" not in file.triggers:
        return "it does not run on `merge_group`", pull.line
    return None


def line_of_filter(file: WorkflowFile, event: str, name: str) -> int:
    """Return the line of a filter of an event, counted from 1; that of the event where it is not found."""
    found = entries(entries(file.root).get("on")).get(event)
    lines = (file.line(key.start_mark.index) for key, _ in pairs(found) if key.value == name)
    return next(lines, file.triggers[event].line)


def permissions_of(file: WorkflowFile) -> Permissions | None:
    """Return what a workflow says of the tokens of all its jobs; None if nothing."""
    return next(_permissions(file, file.root), None)


def permissions_of_job(file: WorkflowFile, job: Job) -> Permissions | None:
    """Return what a job says of its token; None if nothing."""
    return next(_permissions(file, job.node), None)


def _permissions(file: WorkflowFile, node: MappingNode) -> Iterator[Permissions]:
    for key, value in pairs(node):
        if key.value == "permissions":
            shorthand = texts(value)
            named = {str(name.value): "".join(texts(level)) for name, level in pairs(value)}
            levels = {"*": shorthand[0]} if shorthand else named
            yield Permissions(levels, file.line(key.start_mark.index))


def _runs_always(trigger: Trigger | None, branch: str) -> bool:
    if trigger is None or _NARROWING & trigger.lists.keys():
        return False
    wanted, unwanted = trigger.lists.get("branches"), trigger.lists.get("branches-ignore", ())
    return (wanted is None or matches(wanted, branch)) and not matches(unwanted, branch)
