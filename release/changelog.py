"""The changelog: what is not released yet becomes a release, and a release's section becomes its text.

Source: Keep a Changelog 1.1.0, https://keepachangelog.com/en/1.1.0/.
"""

import re
from datetime import date

from hub_image_actions.errors import ActionError
from release.version import Version

PATH = "CHANGELOG.md"
UNRELEASED = "Unreleased"
_LINKS = re.compile(r"(?:^\[[^\]\n]+\]:[^\n]*\n?|^\n)+\Z", re.MULTILINE)
# What begins a block of its own in Markdown, which is not joined with the line before.
_BLOCK = re.compile(r"\s*(?:[-*+] |\d+[.)] |#{1,6} |>|\||```|~~~|<!--)")


class ChangelogError(ActionError):
    """The changelog lacks what a release needs."""


def section(text: str, name: str) -> str:
    """Return what stands below a heading `## [name]`, without empty lines around it.

    Raises:
        ChangelogError: there is no such heading, or more than one.
    """
    headings = list(re.finditer(rf"^## \[{re.escape(name)}\][^\n]*\n?", text, re.MULTILINE))
    if len(headings) != 1:
        raise ChangelogError(
            f"{PATH} has {len(headings)} headings `## [{name}]`.",
            "Give it exactly one, on a line of its own.",
        )
    rest = text[headings[0].end() :]
    following = re.search(r"^## ", rest, re.MULTILINE)
    body = rest[: following.start()] if following else _LINKS.sub("", rest)
    return body.strip()


def check_unreleased(text: str) -> None:
    """Raise unless there is something to release.

    Raises:
        ChangelogError: nothing stands below `## [Unreleased]`.
    """
    if not re.sub(r"^### [^\n]*$", "", section(text, UNRELEASED), flags=re.MULTILINE).strip():
        raise ChangelogError(
            f"{PATH} has nothing below `## [{UNRELEASED}]`.", "Say what the release changes for its users."
        )


def released(text: str, version: Version, last: Version | None, day: date, page: str) -> str:
    """Return the changelog with what was not released yet under the version's own heading.

    Args:
        text: the changelog.
        version: the version that is released.
        last: the release before it.
        day: the date of the release.
        page: the address of the repository's page, for links that compare.

    Raises:
        ChangelogError: there is nothing to release, or the version has a section already.
    """
    check_unreleased(text)
    if re.search(rf"^## \[{re.escape(str(version))}\]", text, re.MULTILINE):
        raise ChangelogError(f"{PATH} has a section for {version} already.", "Release another version.")
    heading = f"## [{UNRELEASED}]"
    moved = re.sub(
        rf"^{re.escape(heading)}[^\n]*$",
        f"{heading}\n\n## [{version}] - {day.isoformat()}",
        text,
        count=1,
        flags=re.MULTILINE,
    )
    compared = f"{page}/compare/{last.tag}...{version.tag}" if last else f"{page}/releases/tag/{version.tag}"
    links = f"[{UNRELEASED}]: {page}/compare/{version.tag}...HEAD\n[{version}]: {compared}"
    before = re.compile(rf"^\[{UNRELEASED}\]:[^\n]*$", re.MULTILINE)
    if before.search(moved):
        return before.sub(lambda _: links, moved, count=1)
    return f"{moved.rstrip()}\n\n{links}\n"


def notes(text: str, version: Version) -> str:
    """Return the text of a release: its own section; for a pre-release, what is not released yet.

    Raises:
        ChangelogError: there is no such section.
    """
    return unwrapped(section(text, str(version) if version.is_final else UNRELEASED))


def unwrapped(text: str) -> str:
    """Return Markdown with each paragraph on one line, since the page of a release shows every line break."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        joins = bool(lines and lines[-1].strip() and line.strip()) and not (
            fenced or _BLOCK.match(line) or re.match(r"\s*(?:#|\||```|~~~|-->)", lines[-1])
        )
        if re.match(r"\s*(?:```|~~~)", line):
            fenced = not fenced
        if joins:
            lines[-1] = f"{lines[-1].rstrip()} {line.strip()}"
        else:
            lines.append(line)
    return "\n".join(lines)
