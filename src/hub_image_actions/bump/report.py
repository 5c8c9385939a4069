"""The report of a bump, for the person who must decide: what moves, from where to where, and what stays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from hub_image_actions import markdown
from hub_image_actions.deployments.bump import ALREADY, BumpReference, Plan
from hub_image_actions.github.changes import ImageChange, MergedPullRequest
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.quantities import counted
from hub_image_actions.references import ImageName

_MOST_HUBS = 5
# With fewer and fewer rows a table gets short enough.
_MOST_ROWS = (100, 50, 25, 10, 5, 2)
# With fewer rows than these, the references themselves need the room.
_ENOUGH_ROWS = 10
_LONGEST_CELL = 200


@dataclass(frozen=True)
class BumpOrigin:
    """The run that asks for the bump, and the image's repository that it belongs to.

    Args:
        repository: the image's repository as ``owner/name``; empty on a laptop.
        url: the repository's page.
        run_url: the run's page.
    """

    repository: str = ""
    url: str = ""
    run_url: str = ""


@dataclass(frozen=True)
class BumpReport:
    """All that is told about a bump.

    Args:
        image: the image.
        tag: the tag that its references move to.
        digest: the tag's digest in the registry; empty where it is not known.
        plan: the references that were seen, and the edits.
        files_url: the address under which the deployments' files are shown, before their names.
        changes: what changed in the image's repository.
        contents: what changed among the image's packages.
        origin: who asks.
    """

    image: ImageName
    tag: str
    digest: str
    plan: Plan
    files_url: str
    changes: tuple[ImageChange, ...] = ()
    contents: tuple[ImageComparison, ...] = ()
    origin: BumpOrigin = BumpOrigin()

    def body(self) -> str:
        """Return the text of the pull request and of the job's summary, short enough for both."""
        return markdown.first_that_fits(chain(map(self._text, _MOST_ROWS), [self._provenance()]))

    def _text(self, most: int) -> str:
        parts = (
            self._lead(),
            _rows(("Hub", "Profile", "From", "Where"), self.plan.moved, self._moved, most),
            *self._changes(most),
            *(comparison.markdown().strip() for comparison in self.contents if most >= _ENOUGH_ROWS),
            self._left(most),
            self._provenance(),
        )
        return "\n\n".join(filter(None, parts))

    def outcome(self, url: str, *, opened: bool) -> str:
        """Return in one sentence what happened.

        Args:
            url: the pull request, or the page that opens it; empty where nothing was pushed.
            opened: whether the pull request is open.
        """
        if not self.plan.edits:
            return self._why_nothing_moves()
        hubs = self.plan.hubs
        where = ", ".join(hubs) if len(hubs) <= _MOST_HUBS else counted(len(hubs), "hub")
        moves = f"{self.image.short} moves to {self.tag} in {where or 'the template'}"
        if not url:
            return f"Dry run: {moves}; nothing was changed."
        return f"{moves}: {url}" if opened else f"{moves}, once somebody opens the pull request: {url}"

    def _why_nothing_moves(self) -> str:
        seen = self.plan.references
        if not seen:
            return f"Nothing to change: no reference to {self.image} was found."
        if all(reference.reason == ALREADY for reference in seen):
            return f"Nothing to change: all references to {self.image} are at {self.tag} already."
        reasons = ", ".join(dict.fromkeys(reference.reason for reference in seen))
        return f"Nothing to change: no reference to {self.image} can move to {self.tag} ({reasons})."

    def _lead(self) -> str:
        plan = self.plan
        places = [counted(len(plan.hubs), "hub")] if plan.hubs else []
        places += (
            ["the template of new ones"] if any(reference.in_template for reference in plan.moved) else []
        )
        if not places:
            return ""
        return (
            f"Moves {markdown.code(self.image.short)} to {self._tag(self.tag)} in {' and in '.join(places)}."
        )

    def _tag(self, tag: str) -> str:
        known = {change.old for change in self.changes} | ({self.tag} if self.changes else set())
        label = markdown.code(tag)
        return markdown.link(label, f"{self.origin.url}/commit/{tag}") if tag in known else label

    def _moved(self, reference: BumpReference) -> tuple[str, ...]:
        return (
            f"**{markdown.escape(reference.hub)}**",
            self._profile(reference),
            self._tag(reference.old),
            "<br>".join(filter(None, (self._place(reference), markdown.escape(reference.note)))),
        )

    def _profile(self, reference: BumpReference) -> str:
        # A display name that is the reference itself says nothing that the row does not.
        names = reference.profile.split(" / ")
        return _cell(" / ".join(name for name in names if self.image.path not in name))

    def _place(self, reference: BumpReference) -> str:
        place = f"{reference.file}:{reference.line}"
        return markdown.link(
            markdown.code(place), markdown.file_url(self.files_url, reference.file, reference.line)
        )

    def _changes(self, most: int) -> Iterator[str]:
        """Yield what changed since each old tag, the newest first; no pull request is told twice."""
        told: set[int] = set()
        for change in sorted(self.changes, key=lambda change: len(change.merged)):
            new = [pull for pull in change.merged if pull.number not in told]
            yield self._change(change, new[-most:], earlier=bool(told))
            told |= {pull.number for pull in new}

    def _change(self, change: ImageChange, merged: Sequence[MergedPullRequest], *, earlier: bool) -> str:
        steps = [counted(change.commits, "new commit")] if change.commits else []
        steps += [f"**{counted(change.undone, 'commit')} undone**"] if change.undone else []
        shown = markdown.link(f"since {markdown.code(change.old)}", change.url)
        more = ", besides the above" if earlier and merged else ""
        lines = [f"What changed in the image {shown} ({', '.join(steps) or 'nothing'}){more}:"]
        for pull in merged:
            url = f"{self.origin.url}/pull/{pull.number}"
            lines.append(f"- {markdown.link(f'#{pull.number}', url)} {_cell(pull.title)}".rstrip())
        return "\n".join(lines)

    def _left(self, most: int) -> str:
        left = self.plan.left
        if not left:
            return ""
        header = ("Hub", "Profile", "Tag", "Why", "Where")
        rows = _rows(header, left, self._stayed, most)
        summary = f"{counted(len(left), 'reference')} left as {'it is' if len(left) == 1 else 'they are'}"
        # What somebody holds back on purpose must be seen without a click.
        held = any(reference.reason.startswith("held") for reference in left)
        return f"{summary}:\n\n{rows}" if held else markdown.details(summary, rows)

    def _stayed(self, reference: BumpReference) -> tuple[str, ...]:
        return (
            markdown.escape(reference.hub),
            self._profile(reference),
            markdown.code(reference.old),
            _cell(reference.reason),
            self._place(reference),
        )

    def _provenance(self) -> str:
        pinned = f"{self.image}:{self.tag}{f'@{self.digest}' if self.digest else ''}"
        lines = [f"Image: {markdown.code(pinned)}"]
        if self.digest:
            lines[0] += " (found in the registry)"
        if self.origin.run_url:
            lines.append(
                f"Asked for by {markdown.link('this run', self.origin.run_url)} of "
                f"{markdown.link(markdown.code(self.origin.repository), self.origin.url)}."
            )
        return "  \n".join(lines)


def _rows(
    header: Sequence[str],
    references: Sequence[BumpReference],
    row: Callable[[BumpReference], Sequence[str]],
    most: int,
) -> str:
    if not references:
        return ""
    shown = markdown.table(header, map(row, references[:most]))
    more = len(references) - most
    return f"{shown}\n\n… and {more} more." if more > 0 else shown


def _cell(text: str) -> str:
    shown = text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
    return markdown.escape(shown)
