"""For which events old workflows run: filters and schedules as they are, and what is told of the rest."""

from typing import Literal

from hub_image_actions.fleet.migration.configuration import Origin, Reading
from hub_image_actions.fleet.workflows.workflow_file import Trigger, WorkflowFile, entries

_NOT_CARRIED = {".github/**", ".github/*", ".github", ".github/workflows/**", ".github/"}
# What pull requests are built for where nothing else is said.
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#pull_request
_USUAL_TYPES = {"opened", "synchronize", "reopened"}
_PUSH_FIELDS = {
    "tags": "tags",
    "branches-ignore": "no_branches",
    "tags-ignore": "no_tags",
    "paths": "only",
}
_PULL_FIELDS = {
    "paths": "pull_only",
    "branches": "pull_branches",
    "branches-ignore": "pull_no_branches",
}
_WITH_A_PUSH = {"schedule", "repository_dispatch"}
_WITH_A_TEST = {"schedule", "repository_dispatch", "push", "workflow_dispatch"}


def read_push_events(reading: Reading, file: WorkflowFile) -> None:
    """Read for which events a workflow builds and pushes."""
    push = file.triggers.get("push")
    if push:
        _read_push(reading, file, push)
    for trigger in file.triggers.values():
        if trigger.name in _WITH_A_PUSH:
            _carry(reading, file, trigger, "triggers")
        elif trigger.name == "workflow_call":
            _refuse_calls(reading, file, trigger)
        elif trigger.name in {"workflow_dispatch", "merge_group"}:
            _settle_own(reading, file, trigger)
        elif trigger.name not in {"push", "pull_request"}:
            _leave(reading, file, trigger)


def read_pull_events(reading: Reading, file: WorkflowFile) -> None:
    """Read for which pull requests a workflow builds."""
    pull = file.triggers.get("pull_request")
    if not pull:
        return
    origin = origin_of_trigger(file, pull)
    for key, field_name in _PULL_FIELDS.items():
        _take(reading, file, pull, key, field_name)
    types = pull.lists.get("types", ())
    if set(types) - _USUAL_TYPES or (types and set(types) < _USUAL_TYPES):
        _take(reading, file, pull, "types", "pull_types")
    reading.account.settle(file.path, ("on", "pull_request", "types"), "replaced", "They are the usual ones.")
    take_ignored(reading, "pull_ignored", pull.lists.get("paths-ignore", ()), origin)
    _settle_ignored(reading, file, pull, "pull_ignored")
    _settle_bare(reading, file, pull)


def read_test_events(reading: Reading, file: WorkflowFile) -> None:
    """Read for which other events a test builds, beside pull requests."""
    for trigger in file.triggers.values():
        if trigger.name in _WITH_A_TEST:
            _carry(reading, file, trigger, "pull_triggers")
        elif trigger.name == "workflow_call":
            _refuse_calls(reading, file, trigger)
        elif trigger.name == "merge_group":
            _settle_own(reading, file, trigger)
        elif trigger.name != "pull_request":
            _leave(reading, file, trigger)


def settle_workflow(reading: Reading, file: WorkflowFile, role: str) -> None:
    """Say what becomes of what a workflow has beside its events and jobs."""
    account = reading.account
    whole = {
        "lint": "The template's check does it, with the yamllint that the runner has.",
        "binder": "`binder-badge` keeps one comment current; no code of the pull request is run.",
        "unsafe": "The pull request of a fork is built without secrets.",
    }
    if role in whole:
        account.settle(file.path, (), "replaced", whole[role])
        return
    _keep_name(reading, file, role)
    account.settle(file.path, ("permissions",), "replaced", "Each new job has the rights that it needs.")
    if "concurrency" in entries(file.root):
        reason = "Runs of a branch that push wait for each other; of a test only the newest goes on."
        account.settle(file.path, ("concurrency",), "replaced", reason)
    if "defaults" in entries(file.root):
        _read_defaults(reading, file)


def take_ignored(reading: Reading, field_name: str, paths: tuple[str, ...], origin: Origin) -> None:
    """Keep the paths that build nothing, but for those of the workflows."""
    reading.take(field_name, tuple(path for path in paths if path not in _NOT_CARRIED), origin)
    if set(paths) & _NOT_CARRIED:
        reading.leave(
            origin,
            "`.github/**` in `paths-ignore`",
            "With it nothing is built when the workflows change, and a broken one shows with the next image.",
            "Add it to `paths-ignore` again if such changes are to build nothing.",
        )


def origin_of_trigger(file: WorkflowFile, trigger: Trigger) -> Origin:
    """Return where an event is written."""
    return Origin(file.path, trigger.line, f"on: {trigger.name}")


def _read_push(reading: Reading, file: WorkflowFile, push: Trigger) -> None:
    origin = origin_of_trigger(file, push)
    named = {"branches", "branches-ignore", "tags", "tags-ignore"} & set(push.lists)
    # Without a filter of either, every branch and every tag is built; with one of tags, no branch.
    # https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore
    reading.take("branches", push.lists.get("branches", () if named else ("**",)), origin)
    if not named:
        reading.take("tags", ("**",), origin)
    reading.account.settle(file.path, ("on", "push", "branches"), "carried", "branches")
    for key, field_name in _PUSH_FIELDS.items():
        _take(reading, file, push, key, field_name)
    take_ignored(reading, "ignored", push.lists.get("paths-ignore", ()), origin)
    _settle_ignored(reading, file, push, "ignored")
    _settle_bare(reading, file, push)


def _take(reading: Reading, file: WorkflowFile, trigger: Trigger, key: str, field_name: str) -> None:
    values = trigger.lists.get(key, ())
    reading.take(field_name, values, origin_of_trigger(file, trigger))
    if not values or reading.values.get(field_name) == values:
        reading.account.settle(file.path, ("on", trigger.name, key), "carried", field_name)


def _settle_ignored(reading: Reading, file: WorkflowFile, trigger: Trigger, field_name: str) -> None:
    paths = tuple(path for path in trigger.lists.get("paths-ignore", ()) if path not in _NOT_CARRIED)
    if not paths or reading.values.get(field_name) == paths:
        reading.account.settle(file.path, ("on", trigger.name, "paths-ignore"), "carried", field_name)


def _settle_bare(reading: Reading, file: WorkflowFile, trigger: Trigger) -> None:
    """Settle an event that has no filter at all: with one, each is settled by itself."""
    if not trigger.lists:
        reading.account.settle(file.path, ("on", trigger.name), "carried", trigger.name)


def _carry(
    reading: Reading, file: WorkflowFile, trigger: Trigger, field_name: Literal["triggers", "pull_triggers"]
) -> None:
    reading.extend(field_name, trigger.source or f"{trigger.name}:\n")
    reading.origins[field_name] = origin_of_trigger(file, trigger)
    reading.account.settle(file.path, ("on", trigger.name), "carried", trigger.name)


def _settle_own(reading: Reading, file: WorkflowFile, trigger: Trigger) -> None:
    if "inputs" not in trigger.lists:
        reason = "The template's workflow runs for it, too."
        reading.account.settle(file.path, ("on", trigger.name), "replaced", reason)


def _refuse_calls(reading: Reading, file: WorkflowFile, trigger: Trigger) -> None:
    why = "Others call it by its path, with inputs that the template's workflow does not have."
    reading.refuse(origin_of_trigger(file, trigger), "`workflow_call`", why)


def _leave(reading: Reading, file: WorkflowFile, trigger: Trigger) -> None:
    reading.leave(
        origin_of_trigger(file, trigger),
        f"the event `{trigger.name}`",
        "The new workflow is not made for it.",
        "Add it below `on` if the pipeline is to run for it.",
    )
    reading.account.settle(file.path, ("on", trigger.name), "left out", "the event")


def _keep_name(reading: Reading, file: WorkflowFile, role: str) -> None:
    """Keep the name of a workflow that another one waits for."""
    waiting = (
        trigger.lists.get("workflows", ())
        for path, other in reading.workflows.items()
        if path != file.path
        for trigger in other.triggers.values()
        if trigger.name == "workflow_run"
    )
    name = file.name or file.path
    if any(name in names for names in waiting):
        reading.take(f"{role}_name", name, Origin(file.path, 1, f"name: {name}"))
        reading.account.settle(file.path, ("name",), "carried", "name")
    reading.account.settle(file.path, ("name",), "replaced", "The template's name.")


def _read_defaults(reading: Reading, file: WorkflowFile) -> None:
    origin = Origin(file.path, 1, "defaults:")
    reading.leave(
        origin,
        "`defaults` of the workflow",
        "The steps of the new workflow need none.",
        "Give it to steps of your own that need it.",
    )
    reading.account.settle(file.path, ("defaults",), "left out", "defaults")
