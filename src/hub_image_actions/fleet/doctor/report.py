"""What the doctor tells: each finding once, with all the repositories and files that it holds for."""

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from hub_image_actions.fleet.doctor.findings import SEVERITIES, Examination, Finding

_ANY = "REPOSITORY"
_SHARED = f"In several repositories, where {_ANY} is the name of each:"
_MOST_PLACES, _MOST_PROBLEMS = 8, 5
_WIDTH = 110
# Findings of a severity with the same name and remedy are told as one.
_Group = tuple[str, str, str]


def report_of(examinations: Sequence[Examination]) -> str:
    """Return what is to be read: what holds for several repositories, then what is one repository's own.

    Args:
        examinations: the repositories, each once, in the order in which they are shown.
    """
    groups: dict[_Group, list[Finding]] = defaultdict(list)
    for examination in examinations:
        for one in examination.findings:
            groups[_group(one)].append(one)
    shared = {group for group, ones in groups.items() if len({one.repository for one in ones}) > 1}
    parts = []
    if shared:
        ordered = sorted(shared, key=lambda group: (SEVERITIES.index(groups[group][0].severity), group[1]))
        parts.append("\n".join([_SHARED, *(_told(groups[group]) for group in ordered)]))
    parts += filter(None, (_own(examination, shared) for examination in examinations))
    well = [one.repository for one in examinations if not one.findings]
    parts += [f"{name}: nothing to fix" for name in well[:1] if len(well) == 1]
    if len(well) > 1:
        parts.append(_wrapped("Nothing to fix: ", _listed(well), "  "))
    return "\n\n".join(parts)


def summary_of(examinations: Sequence[Examination]) -> str:
    """Return one line that counts the repositories by the worst that was found in each."""
    worst = [one.worst for one in examinations]
    counts = {
        "broken": worst.count("broken"),
        "with warnings": worst.count("warning"),
        "with hints": worst.count("hint"),
        "with nothing to fix": worst.count(None),
    }
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    noun = "repository" if len(worst) == 1 else "repositories"
    return f"{len(worst)} {noun}: {', '.join(parts)}."


def report_as_json(examinations: Iterable[Examination]) -> list[dict[str, object]]:
    """Return every finding by itself, by repository, for programs."""
    return [
        {"repository": one.repository, "findings": [asdict(finding) for finding in one.findings]}
        for one in examinations
    ]


def _own(examination: Examination, shared: set[_Group]) -> str:
    groups: dict[_Group, list[Finding]] = defaultdict(list)
    for one in examination.findings:
        if _group(one) not in shared:
            groups[_group(one)].append(one)
    return "\n".join([examination.repository, *map(_told, groups.values())]) if groups else ""


def _group(one: Finding) -> _Group:
    return one.severity, one.name, _general(one.fix, one.repository)


def _told(ones: Sequence[Finding]) -> str:
    """Return the lines of one group: its problems, the repositories if there are several, places, remedy."""
    repositories = list(dict.fromkeys(one.repository for one in ones))

    def shown(text: str, one: Finding) -> str:
        return text if len(repositories) == 1 else _general(text, one.repository)

    problems = list(dict.fromkeys(shown(one.problem, one) for one in ones))
    places = list(dict.fromkeys(place for one in ones for place in shown(one.where, one).split(", ")))
    first, *others = _at_most(problems, _MOST_PROBLEMS)
    lines = [f"  {ones[0].severity:<8} {first}  [{ones[0].name}]", *(f"           {text}" for text in others)]
    if len(repositories) > 1:
        count = f"{len(repositories)} repositories: "
        lines.append(_wrapped("           in   ", count + _listed(repositories), " " * 16))
        places = _at_most(places, _MOST_PLACES)
    lines.append(_wrapped("           at   ", ", ".join(places), " " * 16))
    lines.append(f"           fix  {shown(ones[0].fix, ones[0])}")
    return "\n".join(lines)


def _general(text: str, repository: str) -> str:
    """Return a text about a repository as it would be about any other one of the same owner."""
    owner, _, name = repository.partition("/")
    text = text.replace(repository, f"{owner}/{_ANY}")
    if "-" not in name:
        # It may be a word of the text.
        return text
    return re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", _ANY, text)


def _listed(repositories: Sequence[str]) -> str:
    """Return the names of repositories, the owner once where they have the same."""
    by_owner: dict[str, list[str]] = defaultdict(list)
    for owner, _, name in (repository.partition("/") for repository in repositories):
        by_owner[owner].append(name)
    return "; ".join(f"{owner}/ {', '.join(names)}" for owner, names in by_owner.items())


def _at_most(texts: Sequence[str], most: int) -> list[str]:
    more = len(texts) - most
    return [*texts[:most], f"and {more} more"] if more > 0 else list(texts)


def _wrapped(start: str, text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=start,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
