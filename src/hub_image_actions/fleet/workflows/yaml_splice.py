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
from hub_image_actions.fleet.workflows.workflow_file import (
    WorkflowFile,
    alias_at,
    end_of,
    end_of_value,
    is_alias,
    pairs,
)

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
    _check_fits(mapping, key, value)
    body = _indented(value, key.start_mark.column)
    if is_alias(key, node):
        start, end = alias_at(key)
        return text[:start] + body + text[end:]
    start = node.start_mark.index
    if isinstance(node, ScalarNode) and node.value == "" and node.style is None:
        return f"{text[: end_of(key) + 1]} {body}{text[end_of(key) + 1 :]}"
    end = len(text[: end_of(node)].rstrip())
    return text[:start] + body + text[end:]


def replace_entry(text: str, way: Way, lines: str) -> str:
    """Put other lines in the place of an entry and its comments; they are indented as it is."""
    file, mapping = parsed(text), _mapping(text, way)
    found = _child(mapping, way[-1])
    if found is None:
        raise EntryMissing(f"There is no {_named(way)}.")
    _check_fits(mapping, found[0], lines.rstrip("\n"))
    if _is_flow(mapping):
        start, end = found[0].start_mark.index, end_of_value(*found)
        return text[:start] + lines.rstrip("\n") + text[end:]
    start, end = file.lines_of(*found)
    block = _block(lines, found[0].start_mark.column)
    if _begins_an_item(text, found[0]):
        # The dash of the list stays, and the first line behind it.
        start = found[0].start_mark.index
        block = block.lstrip(" ")
    return text[:start] + block + text[end:]


def remove_entry(text: str, way: Way) -> str:
    """Take an entry, or an item of a list, out of the file, with the comments above it, if it is there."""
    mapping = _mapping(text, way)
    found = _child(mapping, way[-1])
    if found is None:
        return text
    begins_an_item = isinstance(mapping, MappingNode) and _begins_an_item(text, found[0])
    if _is_flow(mapping) or begins_an_item:
        return _without(text, mapping, found[0])
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
    if _is_flow(node) or any(item.start_mark.index < node.start_mark.index for item in items):
        raise EntryMissing(f"The items of {_named(way)} are not written one below the other.")
    column = node.start_mark.column
    if index < len(items):
        place = file.lines_of(items[index], items[index])[0]
    else:
        place = file.lines_of(items[-1], items[-1])[1]
    return _with_lines(text, place, _block(lines, column))


def append_entry(text: str, way: Way, lines: str, *, apart: bool = True) -> str:
    """Put lines behind the last entry of a mapping, indented as its keys; `apart`, after an empty line."""
    mapping = find(text, way)
    if not isinstance(mapping, MappingNode) or not mapping.value or _is_flow(mapping):
        raise EntryMissing(f"There is no mapping {_named(way)} with an entry a line.")
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
    node: Node = parsed(text).root
    for depth, part in enumerate(way[:-1], 1):
        found = _child(node, part)
        if found is None:
            raise EntryMissing(f"There is no {_named(way[:depth])}.")
        if is_alias(node if isinstance(part, int) else found[0], found[1]):
            # A change would be one of every place that has the alias.
            raise EntryMissing(
                f"{_named(way[:depth])} is an alias of something that is written elsewhere.",
                "Write it out there, then run again.",
            )
        node = found[1]
    return node


def _added(file: WorkflowFile, mapping: Node, key: str, value: str, before: str) -> str:
    if not isinstance(mapping, MappingNode) or not (mapping.value or _is_flow(mapping)):
        raise EntryMissing(f"There is no mapping to put {key} into.")
    if _is_flow(mapping):
        _check_fits(mapping, mapping, value)
        end = mapping.end_mark.index - 1
        written = file.text[:end].rstrip()
        comma = "" if written.endswith(("{", ",")) else ", "
        return f"{written}{comma}{key}: {value}{file.text[end:]}"
    column = mapping.value[0][0].start_mark.column
    # A value that begins with a line end is a mapping or a list below its key.
    space = "" if value.startswith("\n") else " "
    line = f"{' ' * column}{key}:{space}{_indented(value, column)}\n"
    follower = _child(mapping, before)
    place = file.lines_of(*follower)[0] if follower else file.lines_of(*mapping.value[-1])[1]
    return _with_lines(file.text, place, line)


def _is_flow(node: Node) -> bool:
    """Say whether a mapping or list is written in brackets, its entries side by side."""
    return isinstance(node, (MappingNode, SequenceNode)) and bool(node.flow_style)


def _check_fits(mapping: Node, key: Node, value: str) -> None:
    """Raise where a value of several lines, or one that brackets would end, is to stand between brackets."""
    if _is_flow(mapping) and (
        "\n" in value or (value[:1] not in {'"', "'", "["} and {*",{}[]"} & set(value))
    ):
        raise EntryMissing(
            f"Line {key.start_mark.line + 1} has its entries in brackets, where {value!r} has no place.",
            "Write them one below the other, then run again.",
        )


def _begins_an_item(text: str, key: Node) -> bool:
    """Say whether a key stands behind the dash of a list's item."""
    start = text.rfind("\n", 0, key.start_mark.index) + 1
    return text[start : key.start_mark.index].lstrip(" ").startswith("- ")


def _without(text: str, mapping: Node, key: Node) -> str:
    """Return a text without an entry or item in brackets, or without the first entry of a list's item."""
    entries = pairs(mapping) or [(item, item) for item in mapping.value]
    at = next(index for index, (other, _) in enumerate(entries) if other is key)
    if at + 1 < len(entries):
        return text[: key.start_mark.index] + text[entries[at + 1][0].start_mark.index :]
    end = end_of_value(*entries[at])
    if at:
        return text[: end_of_value(*entries[at - 1])] + text[end:]
    # The item stays, and a list's item cannot be nothing.
    return text[: key.start_mark.index] + ("" if _is_flow(mapping) else "{}") + text[end:]


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
