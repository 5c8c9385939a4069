"""An account of old workflows: what becomes of each of their entries, so that none goes without a word.

An entry is a key of a workflow, of an event, of a job or of a step; of inputs, variables, secrets, outputs
and rights each one is an entry of its own.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, entries, pairs

Way = tuple[str | int, ...]
Fate = Literal["carried", "replaced", "left out"]
_LISTED_SINGLY = {"with", "env", "secrets", "outputs", "permissions"}


@dataclass(frozen=True)
class Entry:
    """An entry of an old workflow.

    Args:
        file: the workflow's path.
        way: the keys that lead to it; of a step, its place in the job.
        line: the line of its value.
        start: where its value begins, counted from 0.
        holder: the step or job that has it, for people; empty where the workflow itself does.
    """

    file: str
    way: Way
    line: int
    start: int
    holder: str = ""

    @property
    def what(self) -> str:
        """The entry for people: `services` of the job `build`."""
        named = ".".join(str(part) for part in self.way[_depth(self.way) :])
        return f"`{named}` of {self.holder}" if self.holder else f"`{named}`"


@dataclass(frozen=True)
class Settled:
    """What becomes of an entry, and why."""

    fate: Fate
    reason: str


class Account:
    """What becomes of each entry of some workflows."""

    def __init__(self, files: Iterable[WorkflowFile] = ()) -> None:
        self.entries = tuple(entry for file in files for entry in _entries_of(file))
        self._settled: dict[Entry, Settled] = {}
        self._by_start: dict[tuple[str, int], list[Entry]] = {}
        for entry in self.entries:
            self._by_start.setdefault((entry.file, entry.start), []).append(entry)

    def settle(self, file: str, way: Way, fate: Fate, reason: str) -> None:
        """Say what becomes of an entry, or of all below a way of which nothing was said yet."""
        for entry in self.entries:
            if entry.file == file and entry.way[: len(way)] == way:
                self._settled.setdefault(entry, Settled(fate, reason))

    def settle_at(self, file: str, start: int, fate: Fate, reason: str) -> None:
        """Say what becomes of the entry whose value begins at a place; several, where it is an alias."""
        for entry in self._by_start.get((file, start), ()):
            self._settled.setdefault(entry, Settled(fate, reason))

    def fate(self, entry: Entry) -> Settled | None:
        """Return what becomes of an entry, if that was said."""
        return self._settled.get(entry)

    def open(self, paths: Collection[str]) -> tuple[Entry, ...]:
        """Return the entries of these workflows of which nothing was said."""
        return tuple(entry for entry in self.entries if entry.file in paths and entry not in self._settled)


def _depth(way: Way) -> int:
    """Return how much of a way leads to the job, or to the step, that has the entry."""
    if way[0] != "jobs":
        return 0
    return 4 if len(way) > 4 and way[2] == "steps" else 2  # noqa: PLR2004 - jobs, its name, steps, an index


def _entries_of(file: WorkflowFile) -> Iterator[Entry]:
    for key, value in pairs(file.root):
        if key.value == "jobs" and isinstance(value, MappingNode):
            for name, job in pairs(value):
                yield from _of_job(file, str(name.value), job)
        elif key.value == "on":
            yield from _of_events(file, value)
        else:
            yield from _members(file, (str(key.value),), value, "")


def _of_events(file: WorkflowFile, node: Node) -> Iterator[Entry]:
    if not isinstance(node, MappingNode):
        items = node.value if isinstance(node, SequenceNode) else [node]
        for item in items:
            yield _entry(file, ("on", str(item.value)), item, "")
    for event, value in pairs(node):
        way = ("on", str(event.value))
        found = pairs(value)
        if not found:
            # An event without a filter, whose value is not written, stands where its key does.
            yield _entry(file, way, event, "")
        for key, inner in found:
            yield _entry(file, (*way, str(key.value)), inner, "")


def _of_job(file: WorkflowFile, name: str, job: Node) -> Iterator[Entry]:
    holder = f"the job `{name}`"
    for key, value in pairs(job):
        if key.value == "steps" and isinstance(value, SequenceNode):
            for index, step in enumerate(value.value):
                yield from _of_step(file, ("jobs", name, "steps", index), step)
        else:
            yield from _members(file, ("jobs", name, str(key.value)), value, holder)


def _of_step(file: WorkflowFile, way: Way, step: Node) -> Iterator[Entry]:
    found = entries(step)
    named = next((str(found[key].value) for key in ("name", "uses", "run") if key in found), "")
    title = named.splitlines()[0] if named.strip() else "without a name"
    for key, value in pairs(step):
        yield from _members(file, (*way, str(key.value)), value, f"the step {title!r}")


def _members(file: WorkflowFile, way: Way, value: Node, holder: str) -> Iterator[Entry]:
    found = pairs(value) if way[-1] in _LISTED_SINGLY else []
    if not found:
        yield _entry(file, way, value, holder)
    for key, inner in found:
        yield _entry(file, (*way, str(key.value)), inner, holder)


def _entry(file: WorkflowFile, way: Way, node: Node, holder: str) -> Entry:
    start = node.start_mark.index
    return Entry(file.path, way, file.line(start), start, holder)
