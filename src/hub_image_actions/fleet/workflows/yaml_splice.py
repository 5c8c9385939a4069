"""Changes to single entries of a YAML file, spliced into its text: all else, comments too, stays as it is.

Each function takes a text and the way to an entry (`("jobs", "build", "steps", 1, "with", "image")`), and
returns the new text.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, end_of, pairs

Way = Sequence[str | int]
# What YAML 1.1 and 1.2 both read as this very text: parsers of either read workflows.
_PLAIN = re.compile(
    r"(?:[A-Za-z_/{$]|\./)[A-Za-z0-9_./=+$ {}'|&!?()<>-]*(?<! )|[0-9]+\.[0-9]+\.[0-9][A-Za-z0-9.]*"
)
_EXPRESSION = re.compile(r"\$\{\{.*\}\}[A-Za-z0-9_./-]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_TAKEN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"}


class EntryMissing(ActionError):
    """The file has no such entry."""


def quoted(value: str) -> str:
    """Return a text of one line as YAML writes it: plain where that is safe, else in double quotes."""
    starts_well = not value.startswith(("{", "&", "!", "|", ">")) or _EXPRESSION.fullmatch(value)
    plain = _EXPRESSION.fullmatch(value) or (_PLAIN.fullmatch(value) and value.lower() not in _TAKEN)
    return value if plain and starts_well else json.dumps(value, ensure_ascii=False)


def flow(values: Sequence[str]) -> str:
    """Return a list as YAML writes it in one line."""
    plain = [bool(_WORD.fullmatch(value)) and value.lower() not in _TAKEN for value in values]
    written = [
        value if is_plain else json.dumps(value, ensure_ascii=False)
        for value, is_plain in zip(values, plain, strict=True)
    ]
    return f"[{', '.join(written)}]"


def find(text: str, way: Way) -> Node | None:
    """Return the node at the end of a way, or None where there is none."""
    node: Node = parsed(text).root
    for part in way:
        found = _child(node, part)
        if found is None:
            return None
        node = found[1]
    return node


def set_entry(text: str, way: Way, value: str, *, before: str = "") -> str:
    """Give an entry another value, or add it to its mapping.

    Args:
        text: the file.
        way: the way to the entry; the mapping that it belongs to must be there.
        value: the value as YAML; further lines are indented below the key.
        before: the entry that a new one is put before; without it, it comes last.

    Raises:
        EntryMissing: the mapping is not there.
    """
    file = parsed(text)
    mapping = _mapping(text, way)
    found = _child(mapping, way[-1])
    if found is None:
        return _added(file, mapping, str(way[-1]), value, before)
    key, node = found
    body = _indented(value, key.start_mark.column)
    start = node.start_mark.index
    if isinstance(node, ScalarNode) and node.value == "" and node.style is None:
        return f"{text[: end_of(key) + 1]} {body}{text[end_of(key) + 1 :]}"
    end = len(text[: end_of(node)].rstrip())
    return text[:start] + body + text[end:]


def replace_entry(text: str, way: Way, lines: str) -> str:
    """Put other lines in the place of an entry and its comments; they are indented as it is."""
    file = parsed(text)
    found = _child(_mapping(text, way), way[-1])
    if found is None:
        raise EntryMissing(f"There is no {_named(way)}.")
    start, end = file.lines_of(*found)
    return text[:start] + _block(lines, found[0].start_mark.column) + text[end:]


def remove_entry(text: str, way: Way) -> str:
    """Take an entry, or an item of a list, out of the file, with the comments above it, if it is there."""
    found = _child(_mapping(text, way), way[-1])
    if found is None:
        return text
    start, end = parsed(text).lines_of(*found)
    above = text[:start].rstrip(" ")
    if text[end : end + 1] == "\n" and (above.endswith(("\n\n", ":\n"))):
        end += 1
    elif end == len(text) and above.endswith("\n\n"):
        start -= 1
    return text[:start] + text[end:]


def insert_item(text: str, way: Way, index: int, lines: str) -> str:
    """Put an item into a list, before the one at an index, or behind the last.

    Args:
        text: the file.
        way: the way to the list, which must have items of their own lines.
        index: the item's place.
        lines: the item from its `- ` on, not indented.
    """
    file, node = parsed(text), find(text, way)
    if not isinstance(node, SequenceNode) or not node.value:
        raise EntryMissing(f"There is no list {_named(way)}.")
    items = node.value
    column = node.start_mark.column
    if index < len(items):
        place = file.lines_of(items[index], items[index])[0]
    else:
        place = file.lines_of(items[-1], items[-1])[1]
    return _with_lines(text, place, _block(lines, column))


def append_entry(text: str, way: Way, lines: str, *, apart: bool = True) -> str:
    """Put lines behind the last entry of a mapping, indented as its keys; `apart`, after an empty line."""
    mapping = find(text, way)
    if not isinstance(mapping, MappingNode) or not mapping.value:
        raise EntryMissing(f"There is no mapping {_named(way)}.")
    place = parsed(text).lines_of(*mapping.value[-1])[1]
    return _with_lines(text, place, "\n" * apart + _block(lines, mapping.value[0][0].start_mark.column))


def unindented(source: str) -> str:
    """Return lines without the indentation of the first one; what is further left moves to the edge."""
    lines = source.splitlines()
    width = len(lines[0]) - len(lines[0].lstrip(" ")) if lines else 0
    cut = [line[min(width, len(line) - len(line.lstrip(" "))) :] for line in lines]
    return "\n".join(cut).rstrip() + "\n"


# Parsing is slow, and the repositories of a fleet are edited through the same texts.
@lru_cache(maxsize=128)
def parsed(text: str) -> WorkflowFile:
    """Return a text as a workflow; one that was asked for lately is not parsed again."""
    return WorkflowFile("the workflow", text.encode())


def _child(node: Node, part: str | int) -> tuple[Node, Node] | None:
    if isinstance(part, int):
        items = node.value if isinstance(node, SequenceNode) else []
        return (items[part], items[part]) if part < len(items) else None
    return next(((key, value) for key, value in pairs(node) if key.value == part), None)


def _mapping(text: str, way: Way) -> Node:
    node = find(text, way[:-1])
    if node is None:
        raise EntryMissing(f"There is no {_named(way[:-1])}.")
    return node


def _added(file: WorkflowFile, mapping: Node, key: str, value: str, before: str) -> str:
    if not isinstance(mapping, MappingNode) or not mapping.value or mapping.flow_style:
        raise EntryMissing(f"There is no mapping to put {key} into.")
    column = mapping.value[0][0].start_mark.column
    # A value that begins with a line end is a mapping or a list below its key.
    space = "" if value.startswith("\n") else " "
    line = f"{' ' * column}{key}:{space}{_indented(value, column)}\n"
    follower = _child(mapping, before)
    place = file.lines_of(*follower)[0] if follower else file.lines_of(*mapping.value[-1])[1]
    return _with_lines(file.text, place, line)


def _with_lines(text: str, place: int, lines: str) -> str:
    start = "" if place == 0 or text[place - 1] == "\n" else "\n"
    return text[:place] + start + lines + text[place:]


def _indented(value: str, column: int) -> str:
    first, *others = value.split("\n")
    return "\n".join([first, *(f"{' ' * (column + 2)}{line}" if line else "" for line in others)])


def _block(lines: str, column: int) -> str:
    return "".join(f"{' ' * column}{line}\n" if line else "\n" for line in lines.rstrip("\n").split("\n"))


def _named(way: Way) -> str:
    return "`" + ".".join(map(str, way)) + "`"
