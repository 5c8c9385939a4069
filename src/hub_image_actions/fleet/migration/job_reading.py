"""What a job says beside its steps: kept for the new job that does the same, or told."""

import re
from textwrap import indent
from typing import Literal

from ruamel.yaml.nodes import Node, ScalarNode

from hub_image_actions.fleet.migration import steps
from hub_image_actions.fleet.migration.configuration import Origin, Reading, line_of, origin_of, tidy
from hub_image_actions.fleet.migration.steps import Kind, Place
from hub_image_actions.fleet.workflows.workflow_file import (
    Job,
    WorkflowFile,
    WorkflowUnreadable,
    end_of,
    entries,
    pairs,
)
from hub_image_actions.fleet.workflows.yaml_splice import quoted, unindented

Where = Literal["build", "bump", "test"]
TEMPLATE_MINUTES = 120
_BUMP_MINUTES = 10
_MACHINE = "ubuntu-latest"
_CARRIED = ("environment", "services", "concurrency", "continue-on-error")
_OBSTACLES = {
    "strategy": "It runs several times, and which run's tag the hubs get cannot be seen.",
    "container": "It runs in a container, and whether that has Docker and Python cannot be seen.",
}
# What the new jobs have by themselves.
_RIGHTS = {"contents", "pull-requests", "packages", "id-token"}
AN_ALIAS = "It has an alias of something that is written elsewhere in the file."
_RIGHTS_REASON = "Each new job has the rights that it needs."
_UNUSED = "Nothing that is left uses it."


def read_job(reading: Reading, file: WorkflowFile, job: Job, where: Where, *, own_steps: bool) -> None:
    """Read what a job that is replaced says beside its steps.

    Args:
        reading: what was read so far.
        file: its workflow.
        job: the job.
        where: the new job that does the same.
        own_steps: whether steps of it are carried over.
    """
    settle = _Settling(reading, file, job)
    settle.replaced("name", "The check is called as the template's job is.")
    for key, why in _OBSTACLES.items():
        if key in job.keys:
            reading.refuse(_origin(file, entries(job.node)[key]), f"`{key}` of the job `{job.name}`", why)
    for key in _CARRIED:
        if key in job.keys:
            _keep(reading, file, job, key, where)
    _read_machine(reading, file, job, where)
    _read_needs(reading, file, job, where)
    _read_rights(reading, settle, where, own_steps=own_steps)
    _read_defaults(reading, settle, where, own_steps=own_steps)
    _read_variables(reading, file, job, where)
    _read_outputs(reading, settle)


def read_checkout(reading: Reading, place: Place, where: Where) -> None:
    """Read how the repository is checked out."""
    for name in place.step.inputs:
        value, origin = place.input(name), place.input_origin(name)
        if name == "persist-credentials":
            continue
        if name == "path":
            reading.refuse(origin, "the folder of its checkout", f"It checks out to `{value}`.")
        elif name == "fetch-depth" and any(steps.kind_of(each) is Kind.CHANGES for each in place.job.steps):
            reading.replace(origin, "", "The history was fetched to see what changed.")
        else:
            kept = reading.values.setdefault("checkout", {}).setdefault(where, {})
            if kept.setdefault(name, value) == value:
                reading.account.settle(place.file.path, (*place.way, "with", name), "carried", "checkout")
                reading.origins.setdefault(f"checkout.{where}.{name}", origin)


def read_condition(reading: Reading, file: WorkflowFile, job: Job, where: Where) -> None:
    """Read on which condition a job runs, but for what the new jobs ask for by themselves."""
    condition = job.values.get("if")
    if not condition:
        return
    origin, settle = origin_of(file, condition), _Settling(reading, file, job)
    parts = [part.strip() for part in _unwrapped(condition.value).split("&&")]
    # A condition on the repository's name chose between two ways to build, one on an earlier job guarded an
    # empty tag: neither is needed.
    kept = [part for part in parts if "'base-'" not in part and "needs." not in part]
    if len(kept) < len(parts) and "||" in condition.value and kept:
        kept = ["inputs."]
    text = " && ".join(kept)
    if not kept or text in {"always()", "success()"}:
        settle.replaced("if", "It asked whether there is an image: the new job runs where there is one.")
    elif "steps." in text or "inputs." in text:
        reading.leave(
            origin, "the condition of the job", "What it asks for is no more.", "Add one that fits."
        )
    elif where == "build":
        reading.take("condition", condition.value.strip() if kept == parts else text, origin)
    else:
        reading.put("job_keys", where, "if", text)
        reading.origins.setdefault(f"job.{where}.if", origin)
        settle.carried("if")


def _unwrapped(condition: str) -> str:
    text = condition.strip()
    return (
        text[3:-2].strip()
        if text.startswith("${{") and text.count("${{") == 1 and text.endswith("}}")
        else text
    )


class _Settling:
    """A job's entries, settled by their keys."""

    def __init__(self, reading: Reading, file: WorkflowFile, job: Job) -> None:
        self.reading, self.file, self.job = reading, file, job

    def replaced(self, key: str, reason: str, *way: str) -> None:
        """Say that an entry is replaced."""
        self.reading.account.settle(self.file.path, ("jobs", self.job.name, key, *way), "replaced", reason)

    def carried(self, key: str, *way: str) -> None:
        """Say that an entry is carried over."""
        self.reading.account.settle(self.file.path, ("jobs", self.job.name, key, *way), "carried", key)


def _keep(reading: Reading, file: WorkflowFile, job: Job, key: str, where: str) -> None:
    """Keep an entry of a job as it is written."""
    node = entries(job.node)[key]
    if not stands_alone(source_of(file, job, key)):
        reading.refuse(_origin(file, node), f"`{key}` of the job `{job.name}`", AN_ALIAS)
    places = (where, "check") if where == "bump" and key == "environment" else (where,)
    for place in places:
        reading.put("job_keys", place, key, source_of(file, job, key))
    reading.account.settle(file.path, ("jobs", job.name, key), "carried", key)
    reading.origins.setdefault(f"job.{where}.{key}", _origin(file, node))


def stands_alone(source: str) -> bool:
    """Say whether lines are YAML without the rest of their file: an alias may be of what is written there."""
    try:
        WorkflowFile("lines", f"lines:\n{indent(source, '  ')}".encode())
    except WorkflowUnreadable:
        return False
    return True


def source_of(file: WorkflowFile, job: Job, key: str) -> str:
    """Return an entry of a job as lines that stand at any place."""
    name, node = next((name, node) for name, node in pairs(job.node) if name.value == key)
    if isinstance(node, ScalarNode):
        written = file.text[node.start_mark.index : end_of(node)]
        # A number stays one, and an expression is spaced as ours are.
        plain = "\n" not in written and "${{" not in written
        return f"{key}: {written if plain else quoted(tidy(str(node.value)))}\n"
    if job.node.flow_style or getattr(node, "flow_style", False):
        return f"{key}: {file.text[node.start_mark.index : end_of(node)]}\n"
    start, end = file.lines_of(name, node)
    return unindented(file.text[start:end])


def _origin(file: WorkflowFile, node: Node) -> Origin:
    line = file.line(node.start_mark.index)
    return Origin(file.path, line, line_of(file, line), node.start_mark.index)


def _read_machine(reading: Reading, file: WorkflowFile, job: Job, where: Where) -> None:
    settle = _Settling(reading, file, job)
    machine, minutes = entries(job.node).get("runs-on"), job.values.get("timeout-minutes")
    template = _MACHINE
    if where == "test" and reading.values.get("runs_on"):
        # The test follows the push.
        template = reading.values["runs_on"]
    if machine and (not isinstance(machine, ScalarNode) or machine.value != template):
        if isinstance(machine, ScalarNode) and where == "build":
            reading.take("runs_on", str(machine.value), _origin(file, machine))
        else:
            _keep(reading, file, job, "runs-on", where)
    settle.replaced("runs-on", "It is the template's machine.")
    limit = _BUMP_MINUTES if where == "bump" else TEMPLATE_MINUTES
    if minutes and not minutes.value.isdigit():
        _keep(reading, file, job, "timeout-minutes", where)
    elif minutes and int(minutes.value) > limit:
        if where == "build":
            reading.take("timeout", minutes.value, _origin(file, entries(job.node)["timeout-minutes"]))
        else:
            _keep(reading, file, job, "timeout-minutes", where)
    settle.replaced("timeout-minutes", f"The template gives it {limit} minutes.")


def _read_needs(reading: Reading, file: WorkflowFile, job: Job, where: Where) -> None:
    by_name = {other.name: other for other in file.jobs}
    own = tuple(
        name
        for name in job.needs
        if name in by_name and not steps.is_pipeline(by_name[name]) and not by_name[name].value("uses")
    )
    if own:
        kept = reading.values.setdefault("needs", {}).get(where, ())
        reading.values["needs"][where] = (*kept, *(name for name in own if name not in kept))
        reading.origins.setdefault(f"job.{where}.needs", _origin(file, entries(job.node)["needs"]))
    _Settling(reading, file, job).replaced("needs", "The template's jobs wait for each other, and for these.")


def _read_rights(reading: Reading, settle: _Settling, where: Where, *, own_steps: bool) -> None:
    node = entries(settle.job.node).get("permissions") or entries(settle.file.root).get("permissions")
    for scope, level in pairs(node):
        needed = scope.value not in _RIGHTS or (scope.value == "contents" and level.value == "write")
        if own_steps and needed and where != "bump":
            reading.put("rights", where, str(scope.value), str(level.value))
            reading.origins.setdefault(f"job.{where}.{scope.value}", _origin(settle.file, level))
            settle.carried("permissions", str(scope.value))
    settle.replaced("permissions", _RIGHTS_REASON)


def _read_defaults(reading: Reading, settle: _Settling, where: Where, *, own_steps: bool) -> None:
    if "defaults" not in settle.job.keys:
        return
    scripted = any(steps.kind_of(step) is Kind.NATIVE and not step.action for step in settle.job.steps)
    if scripted and "working-directory" in settle.job.source:
        origin = _origin(settle.file, entries(settle.job.node)["defaults"])
        reading.refuse(origin, "the folder of its scripts", "They build in another folder.")
    if own_steps:
        _keep(reading, settle.file, settle.job, "defaults", where)
    settle.replaced("defaults", "No script of it is left.")


def _read_variables(reading: Reading, file: WorkflowFile, job: Job, where: Where) -> None:
    for holder, way in ((job.env, ("jobs", job.name, "env")), (file.env, ("env",))):
        for name, scalar in holder.items():
            reason = "The text that it stands for is put in, or nothing that is left uses it."
            word = re.compile(rf"\b{re.escape(name)}\b")
            texts = len(word.findall(file.text)) - len(word.findall(line_of(file, scalar.line)))
            if name == "DOCKER_CONFIG":
                reason = "The build keeps its login in a folder of its own."
            elif texts <= 0 and where != "bump":
                # Nobody names it: a program reads it.
                value = tidy(scalar.value)
                reading.values.setdefault("environment", {}).setdefault(where, {}).setdefault(name, value)
                reading.account.settle(file.path, (*way, name), "carried", "environment")
            reading.account.settle(file.path, (*way, name), "replaced", reason)


def _read_outputs(reading: Reading, settle: _Settling) -> None:
    for name in entries(entries(settle.job.node).get("outputs")):
        used = re.compile(rf"\bneeds\.{re.escape(settle.job.name)}\.outputs\.{re.escape(name)}(?![\w-])")
        others = [job for job in settle.file.jobs if job.name != settle.job.name]
        if not any(used.search(job.source) and not steps.is_pipeline(job) for job in others):
            settle.replaced("outputs", _UNUSED, name)
        elif name in TAG_OUTPUTS:
            settle.replaced("outputs", "The new job has its tag as an output.", name)


# Outputs that pipelines give the tag of an image, and what they are called with us.
TAG_OUTPUTS = ("IMAGE_SHA_TAG", "image-tag", "image_tag", "tag", "version")
