"""The files that carry a release's version, edited where it stands and nowhere else."""

import re
from dataclasses import dataclass

from hub_image_actions.errors import ActionError
from release.version import Version

WORKFLOW = ".github/workflows/release.yaml"
_ANY = r"\d+\.\d+\.\d+(?:[.-][0-9A-Za-z.]+)?"


class UncarriedVersion(ActionError):
    """A file that does not carry the version where it should."""


@dataclass(frozen=True)
class Carrier:
    """A file and where the version stands in it.

    Args:
        path: the file.
        place: a pattern of two groups: what stands before the version, and the version.
        line: such a line, for whoever has to write it.
        many: whether there may be more than one.
    """

    path: str
    place: "re.Pattern[str]"
    line: str
    many: bool = False

    def edited(self, text: str, version: Version) -> str:
        """Return the file's text with the version in it.

        Raises:
            UncarriedVersion: there is no place for it, or more than one.
        """
        edited, number = self.place.subn(lambda found: f"{found[1]}{version}", text)
        if not number or (number > 1 and not self.many):
            lines = f"{number} lines" if number else "no line"
            raise UncarriedVersion(f"{self.path} has {lines} as `{self.line}`.", "Write it there once.")
        return edited


def carriers(full_name: str) -> tuple[Carrier, ...]:
    """Return the files that carry the version of a repository, the changelog apart."""
    uses = rf"(uses: {re.escape(full_name)}(?:/[\w./-]+)?@v)({_ANY})\b"
    return (
        Carrier(
            "src/hub_image_actions/__init__.py",
            re.compile(rf'^(__version__ = ")({_ANY})(?="$)', re.MULTILINE),
            '__version__ = "1.2.3"',
        ),
        Carrier(
            "pyproject.toml", re.compile(rf'^(version = ")({_ANY})(?="$)', re.MULTILINE), 'version = "1.2.3"'
        ),
        Carrier("CITATION.cff", re.compile(rf"^(version: )({_ANY})$", re.MULTILINE), "version: 1.2.3"),
        # `uses:` takes no expression. So a release's commit writes its own tag into the smoke test, which the
        # push of that tag runs as the commit has it.
        Carrier(WORKFLOW, re.compile(uses), f"uses: {full_name}/build@v1.2.3", many=True),
    )
