"""A workflow file, parsed to find things in it: triggers, jobs, steps, and where each of them stands.

Nothing is ever emitted: ruamel.yaml's nodes carry positions, and changes are spliced into the text.

Source: "Workflow syntax for GitHub Actions", https://docs.github.com/actions/reference/workflows-and-actions.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub_image_actions.errors import ActionError
from hub_image_actions.text_lines import TextLines

WORKFLOWS = ".github/workflows/"
_ALIAS = re.compile(r"\*[^\s,\[\]{}]+")
_REFERENCE = re.compile(r"\b(?P<context>secrets|vars)(?:\.|\[')(?P<name>[A-Za-z_][A-Za-z0-9_]*)")
# What ruamel.yaml raises for texts that are not YAML: its own error, and others where it trusts the text.
_NO_YAML = (YAMLError, RecursionError, ArithmeticError, AssertionError, LookupError, ValueError)


class WorkflowUnreadable(ActionError):
    """A file that is no workflow: not YAML, not UTF-8, or without the shape of one."""


@dataclass(frozen=True)
class Scalar:
    """A value and where it is written, quotes included: characters counted from 0, lines from 1."""

    value: str
    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Reference:
    """A secret or a variable that the workflow names."""

    context: str
    name: str
    line: int


@dataclass(frozen=True)
class Step:
    """One step of a job.

    Args:
        index: its place in the job, from 0.
        node: its mapping.
        source: the lines that it is written in, with the comments right above it.
        line: the line that it begins in.
        values: its scalars (`name`, `id`, `if`, `uses`, `run`, …).
        inputs: what stands below `with`.
        env: what stands below `env`.
    """

    index: int
    node: MappingNode
    source: str
    line: int
    values: Mapping[str, Scalar]
    inputs: Mapping[str, Scalar]
    env: Mapping[str, Scalar]

    def value(self, key: str) -> str:
        """Return one of its scalars, or nothing."""
        return self.values[key].value if key in self.values else ""

    @property
    def action(self) -> str:
        """The action that it uses, without its version, in small letters."""
        return self.value("uses").partition("@")[0].lower()


@dataclass(frozen=True)
class Job:
    """One job.

    Args:
        name: its key below `jobs`.
        node: its mapping.
        source: the lines that it is written in, with the comments right above it.
        line: the line of its key.
        values: its scalars (`if`, `uses`, `runs-on`, …).
        inputs: what a called workflow gets below `with`.
        secrets: what it gets below `secrets`; with `inherit`, :attr:`inherits` is true.
        env: what stands below `env`.
        needs: the jobs that it waits for.
        steps: its steps.
    """

    name: str
    node: MappingNode
    source: str
    line: int
    values: Mapping[str, Scalar]
    inputs: Mapping[str, Scalar]
    secrets: Mapping[str, Scalar]
    env: Mapping[str, Scalar]
    needs: tuple[str, ...]
    steps: tuple[Step, ...]

    def value(self, key: str) -> str:
        """Return one of its scalars, or nothing."""
        return self.values[key].value if key in self.values else ""

    @property
    def keys(self) -> frozenset[str]:
        """The keys that it has, as ``environment``."""
        return frozenset(entries(self.node))

    @property
    def inherits(self) -> bool:
        """Whether a called workflow gets all secrets."""
        return self.value("secrets") == "inherit"


@dataclass(frozen=True)
class Trigger:
    """An event that starts the workflow, with its lists (`branches`, `paths-ignore`, …) and its lines."""

    name: str
    line: int
    source: str
    lists: Mapping[str, tuple[str, ...]]


class WorkflowFile:
    """A workflow, or an action, as text and as nodes.

    Args:
        path: its path in the repository, for messages.
        content: its bytes; line ends and byte order mark are kept.

    Raises:
        WorkflowUnreadable: it is not UTF-8, not YAML, or not a mapping.
    """

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        try:
            self.text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise WorkflowUnreadable(
                f"{path} is not UTF-8.", "Store it as UTF-8.", file=path, line=line
            ) from error
        self._lines = TextLines(self.text)
        self.root = _compose(path, self.text)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs, in the order of the file."""
        jobs = entries(self.root).get("jobs")
        if not isinstance(jobs, MappingNode):
            return ()
        return tuple(self._job(key, node) for key, node in pairs(jobs) if isinstance(node, MappingNode))

    @cached_property
    def triggers(self) -> Mapping[str, Trigger]:
        """The events of `on`, by name."""
        node = entries(self.root).get("on")
        if isinstance(node, ScalarNode):
            return {node.value: Trigger(node.value, self.line(node.start_mark.index), "", {})}
        if isinstance(node, SequenceNode):
            names = map(self.scalar, (item for item in node.value if isinstance(item, ScalarNode)))
            return {name.value: Trigger(name.value, name.line, "", {}) for name in names}
        return {key.value: self._trigger(key, value) for key, value in pairs(node)}

    @cached_property
    def env(self) -> Mapping[str, Scalar]:
        """The variables of all jobs."""
        return self._values(entries(self.root).get("env"))

    @property
    def name(self) -> str:
        """The workflow's name; empty where it has none."""
        found = entries(self.root).get("name")
        return str(found.value) if isinstance(found, ScalarNode) else ""

    @property
    def steps(self) -> Iterator[Step]:
        """The steps of all jobs."""
        for job in self.jobs:
            yield from job.steps

    @property
    def uses(self) -> Iterator[Scalar]:
        """Every `uses` of a job, of a step, or of a step of a composite action; each place once."""
        seen: set[int] = set()
        for node in _users(self.root):
            found = entries(node).get("uses")
            if isinstance(found, ScalarNode) and found.start_mark.index not in seen:
                seen.add(found.start_mark.index)
                yield self.scalar(found)

    @property
    def references(self) -> Iterator[Reference]:
        """Every secret and variable that is named outside comments."""
        for node in _scalars(self.root):
            start, end = node.start_mark.index, node.end_mark.index
            for match in _REFERENCE.finditer(self.text, start, end):
                yield Reference(match["context"], match["name"], self.line(match.start()))

    def line(self, index: int) -> int:
        """Return the line of a character."""
        return self._lines.number(index)

    def scalar(self, node: ScalarNode) -> Scalar:
        """Return a scalar with its place."""
        start = node.start_mark.index
        return Scalar(str(node.value), start, end_of(node), self.line(start))

    def lines_of(self, key: Node, value: Node, *, comments: bool = True) -> tuple[int, int]:
        """Return where the lines of an entry begin and end, the comments right above it included.

        Args:
            key: the entry's key, or the item of a list.
            value: the entry's value, or the item again.
            comments: whether the comments count that stand above it with the same indentation.
        """
        start = self.text.rfind("\n", 0, key.start_mark.index) + 1
        written = self.text[: max(end_of(key), end_of_value(key, value))].rstrip()
        end = self.text.find("\n", len(written))
        end = len(self.text) if end < 0 else end + 1
        return (_start_with_comments(self.text, start) if comments else start), end

    def _trigger(self, key: ScalarNode, value: Node) -> Trigger:
        start, end = self.lines_of(key, value)
        lists = {name.value: texts(node) for name, node in pairs(value)}
        return Trigger(key.value, self.line(key.start_mark.index), self.text[start:end], lists)

    def _job(self, key: ScalarNode, node: MappingNode) -> Job:
        found = entries(node)
        start, end = self.lines_of(key, node)
        needs, steps = found.get("needs"), found.get("steps")
        items = steps.value if isinstance(steps, SequenceNode) else []
        mappings = [item for item in items if isinstance(item, MappingNode)]
        return Job(
            name=str(key.value),
            node=node,
            source=self.text[start:end],
            line=self.line(key.start_mark.index),
            values=self._values(node),
            inputs=self._values(found.get("with")),
            secrets=self._values(found.get("secrets")),
            env=self._values(found.get("env")),
            needs=texts(needs) if needs else (),
            steps=tuple(self._step(index, item) for index, item in enumerate(mappings)),
        )

    def _step(self, index: int, node: MappingNode) -> Step:
        found = entries(node)
        start, end = self.lines_of(node, node)
        return Step(
            index=index,
            node=node,
            source=self.text[start:end],
            line=self.line(node.start_mark.index),
            values=self._values(node),
            inputs=self._values(found.get("with")),
            env=self._values(found.get("env")),
        )

    def _values(self, node: Node | None) -> Mapping[str, Scalar]:
        return {key.value: self.scalar(value) for key, value in pairs(node) if isinstance(value, ScalarNode)}


def _start_with_comments(text: str, start: int) -> int:
    """Return the start of the comments that stand right above a line and are indented as it is."""
    indent = len(text) - start - len(text[start:].lstrip(" "))
    while start > 0:
        above = text.rfind("\n", 0, start - 1) + 1
        line = text[above:start]
        if not line.startswith(" " * indent + "#"):
            break
        start = above
    return start


def pairs(node: Node | None) -> list[tuple[ScalarNode, Node]]:
    """Return the entries of a mapping whose keys are scalars; nothing for what is no mapping."""
    if not isinstance(node, MappingNode):
        return []
    return [(key, value) for key, value in node.value if isinstance(key, ScalarNode)]


def entries(node: Node | None) -> dict[str, Node]:
    """Return the values of a mapping by key; nothing for what is no mapping."""
    return {str(key.value): value for key, value in pairs(node)}


def texts(node: Node) -> tuple[str, ...]:
    """Return a list's scalars, or a lone scalar as a list of one; an empty value is none."""
    items = node.value if isinstance(node, SequenceNode) else [node]
    return tuple(str(item.value) for item in items if isinstance(item, ScalarNode) and item.value != "")


def end_of(node: Node) -> int:
    """Return where a node's text ends, without the comments behind it; space may follow within."""
    if not isinstance(node, (MappingNode, SequenceNode)) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    if isinstance(node, MappingNode):
        return end_of_value(*node.value[-1])
    return _end_of_items(node)


def end_of_value(key: Node, value: Node) -> int:
    """Return where the text of a mapping's entry ends; see :func:`end_of`."""
    if is_alias(key, value):
        return alias_at(key)[1]
    # An empty value stands where the next token is; only its key is written.
    empty = isinstance(value, ScalarNode) and value.style is None and value.value == ""
    return end_of(key) if empty else end_of(value)


def is_alias(key: Node, value: Node) -> bool:
    """Say whether an entry's value is an alias: the parser gives the node that is written further up."""
    return bool(value.start_mark.index < key.start_mark.index)


def alias_at(key: Node) -> tuple[int, int]:
    """Return where the alias behind a key begins and ends."""
    match = _ALIAS.search(key.end_mark.buffer or "", end_of(key))
    return match.span() if match else (end_of(key), end_of(key))


def _end_of_items(node: SequenceNode) -> int:
    end, aliases = int(node.start_mark.index), 0
    for item in node.value:
        # What begins before the last item has ended is written further up: an alias stands here.
        written = item.start_mark.index > end
        aliases = 0 if written else aliases + 1
        end = end_of(item) if written else end
    matches = [match.end() for match in islice(_ALIAS.finditer(node.end_mark.buffer or "", end), aliases)]
    return matches[-1] if matches else end


def _compose(path: str, text: str) -> MappingNode:
    try:
        with warnings.catch_warnings():
            # An anchor used twice is allowed by YAML 1.2, and none of our business.
            warnings.simplefilter("ignore")
            root = YAML(typ="safe", pure=True).compose(text)
    except _NO_YAML as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        problem = error.problem if isinstance(error, MarkedYAMLError) else str(error).partition("\n")[0]
        raise WorkflowUnreadable(
            f"{path} is not YAML: {problem}.",
            "Correct the file; GitHub cannot run it as it is.",
            file=path,
            line=mark.line + 1 if mark else 0,
        ) from error
    if not isinstance(root, MappingNode):
        raise WorkflowUnreadable(f"{path} is no workflow: it holds no mapping.", file=path, line=1)
    return root


def _users(root: MappingNode) -> Iterator[MappingNode]:
    """Yield what can have `uses`: jobs, their steps, and the steps of a composite action."""
    found = entries(root)
    jobs = [node for _, node in pairs(found.get("jobs"))]
    for holder in [*jobs, found.get("runs")]:
        if isinstance(holder, MappingNode):
            yield holder
            steps = entries(holder).get("steps")
            for step in steps.value if isinstance(steps, SequenceNode) else []:
                if isinstance(step, MappingNode):
                    yield step


def _scalars(root: Node) -> Iterator[ScalarNode]:
    """Yield every scalar once, in the order of the file."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, ScalarNode):
            yield node
        else:
            for item in reversed(node.value):
                waiting.extend(reversed(item) if isinstance(item, tuple) else [item])
