"""The proof that a tag is a release: whoever pushed it, it is what scripts/release would have pushed."""

from functools import partial
from pathlib import Path

from hub_image_actions.errors import ActionError
from release import changelog
from release.carriers import Carrier, carriers
from release.checkout import Checkout
from release.compatibility import NO_CHANGES
from release.git_commands import BRANCH
from release.plan import Refusals, check_compatibility, check_made, read_text
from release.version import Version, check_next, last_release, versions

_REMEDY = "Delete the tag, and release with scripts/release."


def verify(checkout: Checkout, version: Version) -> None:
    """Raise unless the checkout is the release that its tag says.

    Raises:
        ReleaseRefused: it is not; every reason is named.
        ActionError: that cannot even be found out.
    """
    origin, newest, tags = checkout.origin(), checkout.fetch_branch(), checkout.remote_tags()
    head = checkout.head()
    # A run that is repeated later sees releases that came after this one.
    before = checkout.history(head) - {head}
    earlier = [each for each in versions(tags) if tags[each.tag] in before]
    refusals = Refusals()
    refusals.tried(lambda: _check_commit(version, head, tags.get(version.tag, "")), None)
    refusals.tried(lambda: _check_on_branch(checkout, version, head, newest), None)
    refusals.tried(lambda: check_next(version, earlier), None)
    check_made(checkout.folder, refusals)
    refusals.tried(lambda: check_compatibility(checkout, version, last_release(earlier), head), NO_CHANGES)
    for carrier in carriers(origin.full_name):
        refusals.tried(partial(_check_carrier, checkout.folder, carrier, version), None)
    refusals.tried(lambda: _check_changelog(checkout.folder, version), None)
    refusals.check(version)


def _check_commit(version: Version, head: str, tagged: str) -> None:
    if head != tagged:
        at = f"at {tagged}" if tagged else "nowhere"
        raise ActionError(f"The tag {version.tag} is {at}; {head} is checked out.", "Check the tag out.")


def _check_on_branch(checkout: Checkout, version: Version, head: str, newest: str) -> None:
    if head not in checkout.history(newest):
        raise ActionError(f"{version.tag} is not on {BRANCH}.", _REMEDY)


def _check_carrier(folder: Path, carrier: Carrier, version: Version) -> None:
    text = read_text(folder, carrier.path)
    if carrier.edited(text, version) != text:
        raise ActionError(f"{carrier.path} carries another version than {version}.", _REMEDY)


def _check_changelog(folder: Path, version: Version) -> None:
    if not changelog.notes(read_text(folder, changelog.PATH), version):
        raise ActionError(f"{changelog.PATH} says nothing of {version}.", _REMEDY)
