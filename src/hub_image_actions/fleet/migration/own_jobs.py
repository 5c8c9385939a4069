"""The steps and jobs that are a repository's own: carried over as they are written, with names put right."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Literal

from ruamel.yaml.nodes import Node, ScalarNode

from hub_image_actions.fleet.migration import shell_steps, steps
from hub_image_actions.fleet.migration.configuration import Extra, Origin, Reading, line_of, tidy
from hub_image_actions.fleet.migration.job_reading import AN_ALIAS, TAG_OUTPUTS, stands_alone
from hub_image_actions.fleet.migration.steps import Kind, Place
from hub_image_actions.fleet.workflows.workflow_file import Job, WorkflowFile, entries, pairs
from hub_image_actions.fleet.workflows.yaml_splice import unindented

_DEPLOYING = {Kind.DEPLOY, Kind.DEPLOYMENTS, Kind.APP}
_CHANGED = re.compile(r"(?m)^[ ]*if:[^\n]*steps\.changed[\w-]*\.outputs[^\n]*\n")
_NEEDS = re.compile(r"(?m)^ *needs:[^\n]*(?:\n *- [^\n]*)*")


def read_own_steps(
    reading: Reading, job: Job, places: list[Place], kept: list[Place], purpose: Literal["publish", "test"]
) -> None:
    """Keep the steps of a job that are the repository's own.

    Args:
        reading: what was read so far.
        job: the job.
        places: all its steps.
        kept: those that none of ours replaces.
        purpose: whether the job pushes or tests.
    """
    dropped = {
        place.step.value("id"): place.kind for place in places if place not in kept and place.step.value("id")
    }
    built = [place.step.index for place in places if place.kind in {Kind.BUILD, Kind.NATIVE}]
    moved = [place.step.index for place in places if place.kind in _DEPLOYING]
    for place in kept:
        where: Literal["build", "bump", "test"] = "build"
        if purpose == "test":
            where = "test"
        elif not built or (moved and built[0] < moved[0] < place.step.index):
            where = "bump"
        mark = built[0] if where != "bump" and built else (moved[-1] if moved else -1)
        _keep(reading, job, place, where, dropped, after=place.step.index > mark)


def read_other_jobs(
    reading: Reading, file: WorkflowFile, ours: set[str], where: Literal["push", "test"]
) -> None:
    """Keep the jobs of a workflow that are the repository's own."""
    names = {job.name: _new_name(job, where) for job in file.jobs if job.name in ours}
    for job in file.jobs:
        if job.name in ours:
            continue
        origin = Origin(file.path, job.line, line_of(file, job.line))
        source = renamed_jobs(unindented(job.source), names)
        if not stands_alone(source):
            reading.refuse(origin, f"the job `{job.name}`", AN_ALIAS)
            continue
        reading.account.settle(file.path, ("jobs", job.name), "carried", "a job of its own")
        for name, scalar in file.env.items():
            if re.search(rf"\b{re.escape(name)}\b", source):
                reading.put("environment", f"all of {where}", name, tidy(scalar.value))
        reading.extend("jobs", Extra(job.name, _with_permissions(reading, source, file, job), origin, where))


def renamed_jobs(source: str, names: Mapping[str, str]) -> str:
    """Return a job's lines with the names of other jobs, and of their outputs, put right."""
    if not names:
        return source
    # All at once: a job may be called what another is going to be.
    either = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    word = re.compile(rf"(?<![\w-])(?P<job>{either})(?![\w-])")
    used = re.compile(rf"\bneeds\.(?P<job>{either})(?P<output>\.outputs\.[\w-]+)?(?![\w-])")
    source = _NEEDS.sub(partial(_needing, word, names), source)
    return used.sub(partial(_using, names), source)


def _needing(word: re.Pattern[str], names: Mapping[str, str], found: re.Match[str]) -> str:
    text = word.sub(lambda match: names[match["job"]], found[0])
    for new in {new for new in names.values() if list(names.values()).count(new) > 1}:
        # GitHub takes no job that is needed twice.
        again = re.compile(rf"(?:, *|\n *- ){re.escape(new)}(?![\w-])")
        first = re.search(rf"(?<![\w-]){re.escape(new)}(?![\w-])", text)
        if first:
            text = text[: first.end()] + again.sub("", text[first.end() :])
    return text


def _using(names: Mapping[str, str], found: re.Match[str]) -> str:
    output = found["output"] or ""
    if output.removeprefix(".outputs.") in TAG_OUTPUTS:
        output = ".outputs.tag"
    return f"needs.{names[found['job']]}{output}"


def _keep(
    reading: Reading,
    job: Job,
    place: Place,
    where: Literal["build", "bump", "test"],
    dropped: Mapping[str, Kind],
    *,
    after: bool,
) -> None:
    extra = shell_steps.own_step(place, where, after=after)
    source = _CHANGED.sub("", extra.source)
    if not stands_alone(source):
        reading.refuse(place.origin, f"the step {extra.name!r}", AN_ALIAS)
        return
    source = _with_new_outputs(source, dropped, where)
    lost = [name for name in dropped if re.search(rf"\bsteps\.{re.escape(name)}\.", source)]
    if lost:
        reading.leave(
            place.origin,
            f"the step {extra.name!r}",
            f"It uses outputs of the step `{lost[0]}`, which is no more.",
            "Add it to the new workflow by hand, with the outputs that the new steps have.",
        )
        reading.account.settle(place.file.path, place.way, "left out", "It uses what is no more.")
        return
    for name, scalar in {**place.file.env, **job.env}.items():
        if name != "DOCKER_CONFIG" and re.search(rf"\b{re.escape(name)}\b", source):
            value = _value_of(scalar.value, where)
            reading.values.setdefault("environment", {}).setdefault(where, {})[name] = value
    if "${{" in place.step.value("run"):
        reading.notes.append(
            f"The step {extra.name!r} puts an expression into a script, as it did: `env:` is the safe way."
        )
    reading.account.settle(place.file.path, place.way, "carried", "a step of its own")
    reading.extend("steps", Extra(extra.name, source, extra.origin, where, after))


def _with_new_outputs(source: str, dropped: Mapping[str, Kind], where: str) -> str:
    """Return a step's lines with the tag asked of the new step."""
    for name, kind in dropped.items():
        if kind in {Kind.BUILD, Kind.NATIVE, Kind.RETAG, Kind.MESSAGE}:
            for output in TAG_OUTPUTS:
                old = rf"\bsteps\.{re.escape(name)}\.outputs\.{output}(?![\w-])"
                source = re.sub(old, _tag_in(where), source)
    return source


def _tag_in(where: str) -> str:
    return {"bump": "needs.build.outputs.tag", "test": "steps.test.outputs.tag"}.get(
        where, "steps.build.outputs.tag"
    )


def _value_of(value: str, where: str) -> str:
    for output in TAG_OUTPUTS:
        value = re.sub(rf"\bneeds\.[\w-]+\.outputs\.{output}(?![\w-])", _tag_in(where), value)
    return tidy(value)


def _new_name(job: Job, where: str) -> str:
    if where == "test":
        return "test"
    return "build" if steps.builds(job) or job.value("uses") else "bump"


def _with_permissions(reading: Reading, source: str, file: WorkflowFile, job: Job) -> str:
    """Return a job's lines with the rights that it had: the new workflow gives a job none by itself."""
    if "permissions" in entries(job.node):
        return source
    called = reading.workflows.get(job.value("uses").removeprefix("./"))
    rights = _rights(entries(file.root).get("permissions")) or (_all_rights(called) if called else {})
    if not rights:
        rights = {"contents": "read"}
        reading.notes.append(
            f"The job `{job.name}` had the rights that the repository gives by default, and now has "
            "`contents: read`: give it below `permissions` what else it needs."
        )
    lines = [f"    {scope}: {level}" for scope, level in rights.items()]
    head = "  permissions:"
    block = "\n".join([head, *lines]) if "" not in rights else f"{head} {rights['']}"
    before, key, rest = re.split(rf"(?m)^({re.escape(job.name)}:[^\n]*\n)", source, maxsplit=1)
    return f"{before}{key}{block}\n{rest}"


def _rights(node: Node | None) -> dict[str, str]:
    """Return what `permissions` gives, by scope; `read-all` and `write-all` have no scope."""
    if isinstance(node, ScalarNode):
        return {"": str(node.value)}
    return {str(key.value): str(value.value) for key, value in pairs(node)}


def _all_rights(called: WorkflowFile) -> dict[str, str]:
    """Return all that a called workflow asks for: its caller must have it."""
    found = dict(_rights(entries(called.root).get("permissions")))
    for job in called.jobs:
        for scope, level in _rights(entries(job.node).get("permissions")).items():
            if found.get(scope) != "write":
                found[scope] = level
    return found
