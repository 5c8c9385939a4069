"""What a release would do, and everything that speaks against it, found before anything is done."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from hub_image_actions import process
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.fleet.workflows.template_files import with_release
from hub_image_actions.fleet.workflows.workflow_file import WORKFLOWS
from release import changelog
from release.carriers import carriers
from release.checkout import Checkout, Origin
from release.compatibility import NO_CHANGES, Change, changes, check_step
from release.git_commands import BRANCH
from release.version import Version, check_next, last_release, versions

T = TypeVar("T")
TEMPLATE_HISTORY = "src/hub_image_actions/fleet/workflows/template_history.yaml"
# What is made from something else, the script that compares it, and the one that makes it again.
MADE = {"dependencies.zip": "scripts/vendor", "the tables of the documents": "scripts/docs"}
_TIME_LIMIT = 600.0
_SHOWN_FILES = 5


class ReleaseRefused(ActionError):
    """There is something against a release; `errors` holds all of it."""

    def __init__(self, version: Version, errors: Sequence[ActionError]) -> None:
        super().__init__(f"{version} cannot be released, for {len(errors)} reason{'s' * (len(errors) > 1)}.")
        self.errors = tuple(errors)


@dataclass(frozen=True)
class Plan:
    """A release that nothing speaks against.

    Args:
        version: the version.
        last: the release before it.
        origin: where it is released.
        parent: the commit that it is made on.
        before: the texts of the files that it changes.
        after: what becomes of them.
        changes: what workflows can see of it.
        notes: the text of the release.
    """

    version: Version
    last: Version | None
    origin: Origin
    parent: str
    before: Mapping[str, str] = field(repr=False)
    after: Mapping[str, str] = field(repr=False)
    changes: tuple[Change, ...]
    notes: str

    @property
    def message(self) -> str:
        """The message of its commit and of its tag."""
        return f"Release {self.version}"

    def diff(self) -> str:
        """Return what it changes in files."""
        return "".join(
            line
            for path, text in self.after.items()
            for line in difflib.unified_diff(
                self.before[path].splitlines(keepends=True),
                text.splitlines(keepends=True),
                f"a/{path}",
                f"b/{path}",
            )
        )


class Refusals:
    """Keeps what speaks against a release, so that all of it can be told at once."""

    def __init__(self) -> None:
        self.errors: list[ActionError] = []

    def tried(self, step: Callable[[], T], otherwise: T) -> T:
        """Return what a step returns; keep its error, and return something else, where there is one."""
        try:
            return step()
        except ActionError as error:
            self.errors.append(error)
        return otherwise

    def check(self, version: Version) -> None:
        """Raise everything that was kept.

        Raises:
            ReleaseRefused: there is something.
        """
        if self.errors:
            raise ReleaseRefused(version, self.errors)


def plan_release(checkout: Checkout, version: Version, day: date) -> Plan:
    """Return what a release of the checkout would do.

    Args:
        checkout: the checkout; nothing is changed in it.
        version: the version.
        day: the date of the release.

    Raises:
        ReleaseRefused: something speaks against it; every reason is named, with its remedy.
        ActionError: that cannot even be found out.
    """
    origin, newest, tags = checkout.origin(), checkout.fetch_branch(), checkout.remote_tags()
    head, last = checkout.head(), last_release(versions(tags))
    refusals = Refusals()
    refusals.tried(lambda: check_branch(checkout), None)
    refusals.tried(lambda: check_clean(checkout), None)
    refusals.tried(lambda: check_current(checkout, head, newest), None)
    refusals.tried(lambda: check_next(version, versions(tags)), None)
    check_made(checkout.folder, refusals)
    found = refusals.tried(lambda: check_compatibility(checkout, version, last, head), NO_CHANGES)
    before, after = _edits(checkout.folder, version, last, day, origin, refusals)
    refusals.check(version)
    notes = changelog.notes(after[changelog.PATH], version)
    edits = {path: text for path, text in after.items() if text != before[path]}
    return Plan(version, last, origin, head, before, edits, found, notes)


def check_branch(checkout: Checkout) -> None:
    """Raise unless the checkout is of the branch that releases come from.

    Raises:
        ActionError: it is not.
    """
    if (branch := checkout.branch()) != BRANCH:
        raise ActionError(
            f"The checkout is of {branch or 'no branch'}; releases come from {BRANCH}.",
            f"Run git switch {BRANCH}.",
        )


def check_clean(checkout: Checkout) -> None:
    """Raise unless the checkout is as it was committed.

    Raises:
        ActionError: something is changed, or not known to git.
    """
    if changed := checkout.changed_files():
        more = f" and {len(changed) - _SHOWN_FILES} more" * (len(changed) > _SHOWN_FILES)
        files = ", ".join(line[3:] for line in changed[:_SHOWN_FILES])
        raise ActionError(f"The tree is dirty: {files}{more}.", "Commit, remove or ignore what is changed.")


def check_current(checkout: Checkout, head: str, newest: str) -> None:
    """Raise unless the checkout is at the newest commit of the remote repository.

    Raises:
        ActionError: one has commits that the other has not.
    """
    if head == newest:
        return
    if head in checkout.history(newest):
        raise ActionError(f"The checkout is behind {BRANCH} of the remote repository.", "Run git pull.")
    raise ActionError(
        f"The checkout has commits that {BRANCH} of the remote repository has not.",
        "Push them, and let their tests pass first.",
    )


def check_made(folder: Path, refusals: Refusals) -> None:
    """Keep an error for each thing that is not what it is made from."""
    for made, script in MADE.items():
        refusals.tried(partial(_check_made, folder, made, script), None)


def _check_made(folder: Path, made: str, script: str) -> None:
    try:
        process.run([str(folder / script), "--check"], timeout=_TIME_LIMIT, cwd=folder)
    except CommandError as error:
        said = " ".join((error.stderr.strip() or str(error)).split())
        raise ActionError(f"{made}: {said.rstrip('.')}.", f"Run {script}, and commit.") from error


def check_compatibility(
    checkout: Checkout, version: Version, last: Version | None, head: str
) -> tuple[Change, ...]:
    """Return what workflows can see of a release.

    Raises:
        ActionError: the version promises more than that keeps.
    """
    if last is None:
        return NO_CHANGES
    checkout.fetch_tag(last.tag)
    found = changes(checkout.declarations("FETCH_HEAD"), checkout.declarations(head))
    # A version that goes backwards is refused as such.
    if version > last:
        check_step(version, last, found)
    return found


def _edits(
    folder: Path, version: Version, last: Version | None, day: date, origin: Origin, refusals: Refusals
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the files that a release writes, as they are and as they become."""
    edits: dict[str, Callable[[str], str]] = {
        carrier.path: partial(carrier.edited, version=version) for carrier in carriers(origin.full_name)
    }
    edits[changelog.PATH] = lambda text: _changelog(text, version, last, day, origin)
    # By this, a later release knows the copies of this one's template that nobody edited.
    edits[TEMPLATE_HISTORY] = partial(_history, version=version, files=_workflows(folder))
    before, after = {}, {}
    for path, edit in edits.items():
        before[path] = refusals.tried(partial(read_text, folder, path), "")
        if before[path]:
            after[path] = refusals.tried(partial(edit, before[path]), "")
    return before, after


def _history(text: str, version: Version, files: Mapping[str, bytes]) -> str:
    return with_release(text, str(version), files)


def _workflows(folder: Path) -> dict[str, bytes]:
    paths = (folder / "template" / WORKFLOWS).glob("*")
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


def _changelog(text: str, version: Version, last: Version | None, day: date, origin: Origin) -> str:
    if version.is_final:
        return changelog.released(text, version, last, day, origin.page)
    # What a pre-release has is not released yet for those who read the changelog.
    changelog.check_unreleased(text)
    return text


def read_text(folder: Path, path: str) -> str:
    """Return a file's text, its line ends as they are.

    Raises:
        ActionError: there is no such file, or it is no text.
    """
    try:
        return (folder / path).read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ActionError(f"{path} cannot be read: {error}.", "A release needs it.") from error
