"""The status as one web page that needs nothing else: no other file, no other host, and no script to be read.

Source: for what a browser takes from where, https://www.w3.org/TR/CSP3/; for what ends a script element,
https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from hub_image_actions.fleet.status.table import (
    FLAGS,
    Deployment,
    Row,
    Status,
    age_text,
    behind_text,
)

_TEMPLATE = Path(__file__).with_suffix(".html")
_PLACE = re.compile(r"\{\{(?P<name>[a-z]+)\}\}")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
# All that could end the element in which the data stands, or a line of it.
_NOT_IN_DATA = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class _Cell:
    """One cell: what is seen, and what it is sorted by; an empty value goes last."""

    html: str
    value: str = ""
    classes: str = ""


@dataclass(frozen=True)
class _Column:
    """A column: its title, the branch that it belongs to, and whether the largest value comes first."""

    title: str
    branch: str = ""
    falling: bool = False

    @property
    def label(self) -> str:
        """The title where it stands alone."""
        if not self.branch:
            return self.title
        return f"{self.branch}, {self.title.lower()}"

    @property
    def short(self) -> str:
        """The title beside the others of its branch."""
        return self.branch if self.branch and self.title == "Tag" else self.title


def status_page(status: Status) -> str:
    """Return the page: one text of HTML.

    Args:
        status: the table. Whatever stands in it is shown as it is, and is never taken for HTML.
    """
    template = _TEMPLATE.read_text(encoding="utf-8")
    columns = _columns(status)
    parts = {
        "policy": escape(_policy(template)),
        "title": escape(f"Image status of {status.deployments}"),
        "heading": "Image status",
        "subtitle": _subtitle(status),
        "notices": _notices(status.problems),
        "chips": "".join(_chips(status)),
        "sorts": "".join(_sorts(columns)),
        "header": _header(columns),
        "rows": "\n".join(_row(row, status, columns) for row in status.rows),
        "data": json.dumps(status.as_json()).translate(_NOT_IN_DATA),
    }
    # In one pass, so that nothing that is filled in is itself searched for places to fill in.
    return _PLACE.sub(lambda match: parts[match["name"]], template)


def _policy(template: str) -> str:
    """Return the content security policy: nothing is loaded, and no script runs but the template's own."""
    sources = {
        kind: f"'sha256-{_sha256(re.findall(f'<{kind}>(.*?)</{kind}>', template, re.DOTALL)[0])}'"
        for kind in ("script", "style")
    }
    return (
        f"default-src 'none'; script-src {sources['script']}; style-src {sources['style']}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _subtitle(status: Status) -> str:
    made = status.made.strftime("%Y-%m-%d %H:%M UTC")
    hubs = len(status.hubs)
    where = _link(escape(status.deployments), status.url)
    time = f'<time datetime="{status.made.isoformat()}">{made}</time>'
    return f"{where}, {hubs} hub{'s' * (hubs != 1)}, as of {time}"


def _notices(problems: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return f'<div class="notice"><ul>{items}</ul></div>\n' if items else ""


def _chips(status: Status) -> Iterator[str]:
    for flag, text in FLAGS.items():
        if count := status.count(flag):
            yield (
                f'<button type="button" class="chip" data-flag="{flag}" aria-pressed="false">{escape(text)}'
                f"<b>{count}</b></button>"
            )


def _columns(status: Status) -> tuple[_Column, ...]:
    of_a_branch = [
        _Column(title, branch, falling=title != "Tag")
        for branch in status.branches
        for title in ("Tag", "Age", "Behind")
    ]
    others = map(_Column, ("Registry", "Hold", "Pull requests", "Actions"))
    return (_Column("Hub"), _Column("Image"), *of_a_branch, *others)


def _sorts(columns: tuple[_Column, ...]) -> Iterator[str]:
    for index, column in enumerate(columns):
        words = (
            (("-", "largest first"), ("+", "smallest first"))
            if column.falling
            else (("+", ""), ("-", "backwards"))
        )
        for sign, word in words:
            text = f"{column.label}, {word}" if word else column.label
            yield f'<option value="{index}{sign}">{escape(text)}</option>'


def _header(columns: tuple[_Column, ...]) -> str:
    """Return two rows of titles: the branches, and below them the columns of each."""
    above, below = [], []
    for index, column in enumerate(columns):
        first = ' class="first"' if column.branch and column.title == "Tag" else ""
        title = (
            f'data-column="{index}" data-first="{"down" if column.falling else "up"}" aria-sort="none"'
            f'><button type="button">{escape(column.title)}</button></th>'
        )
        if not column.branch:
            above.append(f'<th role="columnheader" scope="col" rowspan="2" {title}')
            continue
        below.append(f'<th role="columnheader" scope="col"{first} {title}')
        if first:
            above.append(
                '<th role="columnheader" scope="colgroup" colspan="3" class="first branch">'
                f"{escape(column.branch)}</th>"
            )
    return "\n".join(f'<tr role="row">{"".join(cells)}</tr>' for cells in (above, below) if cells)


def _row(row: Row, status: Status, columns: tuple[_Column, ...]) -> str:
    cells = (
        _Cell(escape(row.hub) or '<span class="quiet">on no hub</span>', row.hub, "hub"),
        _image(row),
        *(cell for branch in status.branches for cell in _branch(row, branch, status)),
        _registry(row),
        _hold(row),
        _pull_requests(row),
        _actions(row),
    )
    shown = "".join(
        f'<td role="cell" class="{cell.classes}" data-label="{escape(column.short)}" '
        f'data-sort="{escape(cell.value)}">{cell.html}</td>'
        for column, cell in zip(columns, cells, strict=True)
    )
    words = " ".join([str(row.image), row.repository, *(one.digest for one in row.deployments)])
    return f'<tr role="row" data-flags="{" ".join(row.flags)}" data-search="{escape(words)}">{shown}</tr>'


def _image(row: Row) -> _Cell:
    name = _link(escape(row.image.short), row.url)
    problems = row.all_problems
    if problems:
        items = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
        counted = f"{len(problems)} problem{'s' * (len(problems) != 1)}"
        name += f"<details><summary>{counted}</summary><ul>{items}</ul></details>"
    return _Cell(f'<span title="{escape(str(row.image))}">{name}</span>', row.image.short, "image")


def _branch(row: Row, branch: str, status: Status) -> Iterator[_Cell]:
    """Yield tag, age and distance on a branch; of several tags, each has a line in all three cells."""
    tags = row.on.get(branch)
    if tags is None:
        yield from (_Cell("?", "", f"empty{extra}") for extra in (" first", "", ""))
        return
    empty = "" if tags else " empty"
    first = next(iter(row.on.values()))
    same = " same" if branch != status.branches[0] and _names(tags) == _names(first) else ""
    ages = [one.age(status.made) for one in tags]
    yield _Cell(_lines(map(_tag, tags)), " ".join(one.name for one in tags), f"first{same}{empty}")
    yield _Cell(_lines(escape(age_text(age)) for age in ages), _largest(ages), f"number{same}{empty}")
    yield _Cell(
        _lines(map(_behind, tags)), _largest(one.distance.commits for one in tags), f"number{same}{empty}"
    )


def _names(tags: Iterable[Deployment]) -> frozenset[tuple[str, str]]:
    return frozenset((one.tag, one.digest) for one in tags)


def _largest(numbers: Iterable[int | None]) -> str:
    known = [number for number in numbers if number is not None]
    return str(max(known)) if known else ""


def _tag(one: Deployment) -> str:
    where = "; ".join(f"{place.file}:{place.line}" for place in one.places)
    name = f'<code title="{escape(where)}">{escape(one.name)}</code>'
    return _link(name, one.places[0].url if one.places else "")


def _behind(one: Deployment) -> str:
    far, text = one.distance, escape(behind_text(one.distance))
    if far.commits is None:
        return f'<span class="quiet" title="{escape(far.problem)}">?</span>'
    if not far.commits and not far.undone:
        return '<span class="quiet">up to date</span>'
    return _link(text, far.url, "warn")


def _registry(row: Row) -> _Cell:
    """Return whether the registry has all tags; the worst comes first when it is sorted by."""
    found = row.registry
    if row.missing_on:
        where = escape(found.removeprefix("no"))
        return _Cell(f'<span class="bad">no</span>{where}', "1 no", "narrow")
    value = {"yes": "3 yes", "?": "2 not known"}.get(found, "")
    return _Cell(f'<span class="quiet">{found}</span>', value, "" if found else "empty")


def _hold(row: Row) -> _Cell:
    holds = list(dict.fromkeys(hold for one in row.deployments for hold in one.holds))
    if not holds:
        return _Cell("", "", "empty")
    return _Cell("".join(map(_held, holds)), "; ".join(holds), "long")


def _held(hold: str) -> str:
    day, _, reason = hold.partition(": ")
    days = f'<span class="warn">{escape(day.removeprefix("held "))}</span>'
    return _lines([days]) + (_lines([escape(reason)], "wrap") if reason else "")


def _pull_requests(row: Row) -> _Cell:
    links = (_link(f"#{bump.number} {escape(bump.title)}", bump.url) for bump in row.bumps)
    numbers = " ".join(str(bump.number) for bump in row.bumps)
    return _Cell(_lines(links, "wrap"), numbers, "long" if row.bumps else "empty")


def _actions(row: Row) -> _Cell:
    pipeline = row.pipeline
    if pipeline.actions:
        return _Cell(escape(pipeline.text), pipeline.text, "actions")
    known = row.repository and not pipeline.problem
    text = pipeline.text if known else "?"
    return _Cell(f'<span class="quiet">{escape(text)}</span>', f"~ {text}" if known else "", "actions")


def _lines(parts: Iterable[str], more: str = "") -> str:
    return "".join(f'<span class="one {more}">{part}</span>' for part in parts)


def _link(html: str, url: str, classes: str = "") -> str:
    """Return a link to an address of the web; what has none, or another kind of address, stays a text."""
    attribute = f' class="{classes}"' if classes else ""
    if not _ADDRESS.fullmatch(url):
        return f"<span{attribute}>{html}</span>" if classes else html
    return f'<a{attribute} href="{escape(url)}">{html}</a>'
