"""Findings: what is wrong with a repository, where, and what to do about it."""

from collections.abc import Iterable
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


@dataclass(frozen=True)
class Examination:
    """A repository, as GitHub spells it now, and what was found in it, the worst first."""

    repository: str
    findings: tuple[Finding, ...] = ()

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None where there is none."""
        return min((one.severity for one in self.findings), key=SEVERITIES.index, default=None)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, the worst first, else in the order in which they were made."""
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
