"""Findings: what is wrong with a repository, where, and what to do about it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["broken", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("broken", "warning", "hint")


@dataclass(frozen=True)
class Finding:
    """One thing that a person should know about a repository.

    Args:
        repository: the repository, ``owner/name``.
        severity: ``broken`` where the next build or bump fails or does harm, ``warning`` where it may, or
            where it is not known whether it does, ``hint`` where things could be better.
        name: what kind of finding it is, in words with hyphens; it stays the same from release to release.
        where: ``file:line``, the file alone, or the address of the page with the setting.
        problem: what is wrong, in one sentence.
        fix: what to do about it.
    """

    repository: str
    severity: Severity
    name: str
    where: str
    problem: str
    fix: str


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, the worst first, else in the order in which they were made."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def any_broken(findings: Iterable[Finding]) -> bool:
    """Say whether something is broken."""
    return any(finding.severity == "broken" for finding in findings)


def text_of(repository: str, findings: Sequence[Finding]) -> str:
    """Return what is to be read of a repository: its name, and below it each finding with its fix.

    Args:
        repository: the repository.
        findings: its findings, in the order in which they are shown.
    """
    if not findings:
        return f"{repository}: nothing to mend"
    lines = [repository]
    for one in findings:
        lines.append(f"  {one.severity:<8} {one.problem}  [{one.name}]")
        lines.append(f"           at   {one.where}")
        lines.append(f"           fix  {one.fix}")
    return "\n".join(lines)


def summary_of(repositories: Sequence[str], findings: Iterable[Finding]) -> str:
    """Return one line that counts the repositories by the worst that was found in each."""
    worst: dict[str, Severity] = {}
    for one in in_order(findings):
        worst.setdefault(one.repository, one.severity)
    told = list(worst.values())
    counts = {
        "broken": told.count("broken"),
        "with warnings": told.count("warning"),
        "with hints": told.count("hint"),
        "with nothing to mend": len(set(repositories)) - len(told),
    }
    parts = [f"{count} {what}" for what, count in counts.items() if count]
    noun = "repository" if len(repositories) == 1 else "repositories"
    return f"{len(repositories)} {noun}: {', '.join(parts)}."
