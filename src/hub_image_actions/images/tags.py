"""The tags that an image gets."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone

from hub_image_actions.references import parse_tag

COMMIT_LENGTH = 12
# Such a tag says what an image was made from; no hub uses it.
INPUTS_PREFIX = "inputs-"
# A full version names one image, as a commit does.
_VERSION = re.compile(r"v?\d+\.\d+\.\d+(?:[-.][\w.-]+)?")
_SHA = re.compile(r"\{sha(?::(?P<length>[0-9]{1,2}))?\}")


@dataclass(frozen=True)
class TagValues:
    """What the placeholders of tags stand for.

    Args:
        commit: the commit that is built; empty where there is none.
        ref_name: the branch or tag that is built; empty where there is none.
        day: today's date as `2026-11-23`.
    """

    commit: str = ""
    ref_name: str = ""
    day: str = ""

    @property
    def default(self) -> str:
        """The tag of an image for which none is given: the commit's first twelve characters."""
        return self.commit[:COMMIT_LENGTH] or "dev"

    @property
    def rebuild(self) -> str:
        """The tag of an image that is made anew of a commit that has one."""
        return f"{self.default}-{self.day}" if self.day else self.default

    def fill(self, text: str) -> str:
        """Return a tag with its placeholders filled in.

        `{date}`, `{ref_name}`, `{sha}` (twelve characters) and `{sha:7}` (as many as it says) are filled in.

        Raises:
            InvalidReference: the result is not a tag.
        """
        filled = _SHA.sub(lambda match: self.commit[: int(match["length"] or COMMIT_LENGTH)], text)
        filled = filled.replace("{date}", self.day)
        # A branch may hold slashes and more, a tag may not.
        branch = re.sub(r"[^A-Za-z0-9_.-]", "-", self.ref_name)
        return parse_tag(filled.replace("{ref_name}", branch))

    def all(self, tag: str, extra: Iterable[str], *, latest: bool) -> tuple[str, ...]:
        """Return all tags of an image, each once, the main one first."""
        main = self.fill(tag) if tag else self.default
        return tuple(dict.fromkeys((main, *map(self.fill, extra), *(["latest"] if latest else []))))

    def fixed(self, tag: str, extra: Iterable[str], *, latest: bool) -> tuple[str, ...]:
        """Return the tags that name one image for good.

        Those are the main one and, of the others, versions and those that hold the commit. The others follow
        the newest image: `latest`, branches, days, and fixed texts such as `stable`.
        """
        main = self.fill(tag) if tag else self.default
        for_good = (
            self.fill(text) for text in extra if _SHA.search(text) or _VERSION.fullmatch(self.fill(text))
        )
        tags = dict.fromkeys((main, *for_good))
        return tuple(name for name in tags if not (latest and name == "latest"))


def day_of(moment: datetime) -> str:
    """Return the date of a moment in universal time, as it stands in a tag."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d")
