"""A migration in words: plain, old and new side by side, for a terminal; and Markdown, for a pull request."""

import textwrap
from collections.abc import Iterator

from hub_image_actions.fleet.upgrade.plan import Change, Migration
from hub_image_actions.markdown import block, code, details, prose, table

WIDTH = 120
_GAP = " │ "


def explain(migration: Migration, width: int = WIDTH) -> str:
    """Return the migration as plain text: what is there today on the left, what comes on the right, and why.

    Args:
        migration: the plan.
        width: the columns of the terminal.
    """
    parts = [f"Found: {migration.kind}."]
    if not migration.files:
        parts.append("Nothing to do.")
    else:
        parts.append("\n".join(_files(migration)))
        parts.append("\n".join(_rows(migration, width)))
    for title, lines in _lists(migration):
        wrapped = [_wrapped(line, width) for line in lines]
        parts.append("\n".join([f"{title}:", *wrapped]))
    return "\n\n".join(part for part in parts if part) + "\n"


def explain_markdown(migration: Migration) -> str:
    """Return the migration as Markdown for GitHub."""
    parts = [prose(f"Found: {migration.kind}.")]
    if migration.changes:
        rows = [
            (code(_where(each)), code(each.before), code(_then(each)), code(each.after), prose(each.reason))
            for each in migration.changes
        ]
        parts.append(table(("Today", "", "Then", "", "Why"), rows))
    for title, lines in _lists(migration):
        parts.append(f"**{title}**\n\n" + "\n".join(_item(line) for line in lines))
    return "\n\n".join(parts) + "\n"


def _files(migration: Migration) -> Iterator[str]:
    for path, content in sorted(migration.files.items()):
        there = path in migration.before
        yield f"{'deletes' if content is None else 'changes' if there else 'adds':>8} {path}"


def _rows(migration: Migration, width: int) -> Iterator[str]:
    half = (width - len(_GAP)) // 2
    yield f"{'today':<{half}}{_GAP}then"
    for change in migration.changes:
        yield "─" * half + "─┼─" + "─" * half
        left = _cell(_where(change), change.before, half)
        right = _cell(_then(change), change.after, half)
        for index in range(max(len(left), len(right))):
            one, other = (side[index] if index < len(side) else "" for side in (left, right))
            yield f"{one:<{half}}{_GAP}{other}".rstrip()
        yield textwrap.fill(change.reason, width, initial_indent="  why: ", subsequent_indent="       ")


def _cell(where: str, text: str, width: int) -> list[str]:
    lines = [where, *(text.splitlines() or [""])]
    return [piece for line in lines for piece in textwrap.wrap(line, width, drop_whitespace=False) or [""]]


def _where(change: Change) -> str:
    return _place(change.file, change.line)


def _then(change: Change) -> str:
    return _place(change.new_file, change.new_line)


def _place(file: str, line: int) -> str:
    name = file.rpartition("/")[2]
    return f"{name}:{line}" if line else name


def _lists(migration: Migration) -> Iterator[tuple[str, list[str]]]:
    if migration.left_out:
        yield (
            "Left out",
            [
                f"{_place(each.file, each.line)}: {each.what}. {each.why} {each.remedy}".strip()
                for each in migration.left_out
            ],
        )
    if migration.variables:
        yield (
            "To be set before",
            [
                f"variable {name}: {'ask who looks after the image' if value == 'ask' else value}"
                for name, value in migration.variables.items()
            ],
        )
    if migration.notes:
        yield "To know", list(migration.notes)


def _wrapped(line: str, width: int) -> str:
    head, *rest = line.split("\n")
    first = textwrap.fill(head, width, initial_indent="- ", subsequent_indent="  ")
    return "\n".join([first, *(f"  {each}" if each else "" for each in rest)])


def _item(line: str) -> str:
    head, _, rest = line.partition("\n")
    shown = f"- {prose(head)}"
    return (
        f"{shown}\n\n{details('The difference', block(rest.strip().splitlines()))}" if rest.strip() else shown
    )
