"""Images of the registry that a build can use: one that was made of the same inputs, and the previous one."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Protocol

from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.errors import GitHubError, ManifestMissing, RegistryError
from hub_image_actions.git import LocalRepository
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.images.labels import CHECKS, CREATED, HUB_CHECK, INPUTS, OWN_INPUTS, TESTS
from hub_image_actions.images.pushed_image import PushedImage, read_pushed_image
from hub_image_actions.images.tags import COMMIT_LENGTH
from hub_image_actions.references import ImageName, commit_of

_MOST_ASKED = 20


@dataclass(frozen=True)
class ReuseRequirements:
    """What an image must have shown before it is used again.

    Args:
        inputs: what it must be made of.
        checks: the digest of the checks that it would have to pass now.
        tested: whether its own tests must have passed.
        checked: whether it must have started as on a hub.
        max_age: how old it may be.
        platform: the operating system and the architecture that it must be for.
        any_base: whether it may have been built on base images that have moved on since.
    """

    inputs: BuildInputs
    checks: str
    tested: bool
    checked: bool
    max_age: timedelta
    platform: tuple[str, str]
    any_base: bool = False

    def obstacle(self, image: PushedImage, now: datetime) -> str:
        """Return why an image cannot be used again; nothing where it can."""
        if image.of_several:
            return "it is an index of several images, and such are never kept"
        if image.platform != self.platform:
            return f"it is for {'/'.join(filter(None, image.platform)) or 'no platform'}"
        return self._untrue(image.labels, now)

    def _untrue(self, labels: Mapping[str, str], now: datetime) -> str:
        """Return what labels do not show, or show of something else."""
        if not self._is_made_of_these(labels):
            made = labels.get(INPUTS)
            return f"it {'was made of something else' if made else 'does not say what it was made of'}"
        created = _moment(labels.get(CREATED, ""))
        if created is None or created > now:
            return "it does not say when it was made"
        if now - created > self.max_age:
            return f"it is {(now - created).days} days old, and its packages with it"
        return self._unchecked(labels)

    def _is_made_of_these(self, labels: Mapping[str, str]) -> bool:
        is_own = self.any_base and labels.get(OWN_INPUTS) == self.inputs.own_digest
        return is_own or labels.get(INPUTS) == self.inputs.digest

    def _unchecked(self, labels: Mapping[str, str]) -> str:
        """Return which check an image has not passed."""
        if self.tested and not labels.get(TESTS):
            return "its tests have not passed"
        if self.checked and not labels.get(HUB_CHECK):
            return "it was not started as on a hub"
        if labels.get(CHECKS) != self.checks:
            return "what it passed were other checks"
        return ""


@dataclass(frozen=True)
class FinishedImage:
    """An image that need not be built.

    Args:
        image: the image, with the labels with which it gets the tags of this build.
        place: where it is.
        tag: its tag there.
        is_new: whether these are other labels than it has there.
        same_as: the first tag that the default branch gave it before this commit; empty where it did not.
        has_older_base: whether a base image has moved on since it was built.
    """

    image: PushedImage
    place: ImagePlace
    tag: str
    is_new: bool = False
    same_as: str = ""
    has_older_base: bool = False

    @property
    def reference(self) -> str:
        """The image's full reference."""
        return f"{self.place.name}:{self.tag}"


@dataclass(frozen=True)
class FinishedSearch:
    """What the search for a finished image found.

    Args:
        image: the image; None where there is none to be used.
        obstacle: why one that is there cannot be used.
    """

    image: FinishedImage | None = None
    obstacle: str = ""


def find_finished(place: ImagePlace, required: ReuseRequirements, tag: str = "") -> FinishedSearch:
    """Look in a repository for an image of the same inputs.

    Args:
        place: the repository.
        required: what the image must have shown.
        tag: its tag there; empty: the one that the inputs give.

    Raises:
        RegistryError: the registry cannot be asked, or refuses.
    """
    tag = tag or required.inputs.tag
    try:
        image = read_pushed_image(place.registry, place.name.repository, tag)
    except ManifestMissing:
        return FinishedSearch()
    obstacle = required.obstacle(image, datetime.now(timezone.utc))
    if obstacle:
        return FinishedSearch(None, obstacle)
    return FinishedSearch(FinishedImage(image, place, tag))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


class Manifests(Protocol):
    """What there is in a registry, as `hub_image_actions.registry.client.Registry` tells it."""

    def has(self, repository: str, reference: str) -> bool:
        """Say whether the registry has a manifest.

        Raises:
            RegistryError: it cannot be asked, or refuses.
        """


def last_pushed(
    *,
    registry: Manifests,
    image: ImageName,
    commits: Iterable[str],
    tag: str,
    tell: Callable[[str], None],
    notice: Callable[[str], None],
) -> str:
    """Return the reference of the newest commit's image that the registry has; empty where it has none.

    Args:
        registry: the image's registry.
        image: the image.
        commits: commits of the default branch, the newest first.
        tag: the tag of this build, which shows how long the tags are that commits get.
        tell: told that there is none.
        notice: told why the registry does not say, which somebody may want to change.
    """
    length = len(commit_of(tag)) or COMMIT_LENGTH
    asked = 0
    for commit in list(commits)[:_MOST_ASKED]:
        asked += 1
        try:
            if registry.has(image.repository, commit[:length]):
                return f"{image}:{commit[:length]}"
        except RegistryError as error:
            notice(
                "No image of the default branch can be read here, so all layers are built and nothing is "
                f"compared. {error}"
            )
            return ""
    tell(f"No cache: the registry has none of the default branch's last {asked} commits.")
    return ""


class PreviousImage:
    """The image that the default branch pushed last: layers are taken from it, and it is compared with.

    Args:
        job: the build.
        registry: the image's registry.
    """

    def __init__(self, job: BuildJob, registry: Manifests) -> None:
        self._job = job
        self._registry = registry

    def reference(self) -> str:
        """Return the image; empty where there is none. GitHub and the registry are asked the first time."""
        return self._newest

    def before_this_commit(self) -> str:
        """Return what it pushed before the commit that is built, whose own image may be there already."""
        return self._older

    def tags_before_this_commit(self) -> Iterator[str]:
        """Yield the tags of what it pushed before the commit that is built, the newest first.

        Raises:
            RegistryError: the registry cannot be asked, or refuses.
        """
        newest = self.before_this_commit().rpartition(":")[2]
        if not newest:
            return
        yield newest
        tags = [commit[: len(newest)] for commit in self._commits]
        before = tags[tags.index(newest) + 1 :] if newest in tags else []
        image = self._job.settings.image
        yield from (tag for tag in before[:_MOST_ASKED] if self._registry.has(image.repository, tag))

    @cached_property
    def _older(self) -> str:
        commits, commit = self._commits, self._job.origin.commit
        if not self._newest or commit not in commits:
            return self._newest
        older = commits[commits.index(commit) + 1 :]
        tag = self._newest.rpartition(":")[2]
        is_older = any(each.startswith(commit_of(tag)) for each in older)
        return self._newest if is_older else self._last_pushed(older)

    @cached_property
    def _newest(self) -> str:
        return self._last_pushed(self._commits)

    def _last_pushed(self, commits: Sequence[str]) -> str:
        settings, runner = self._job.settings, self._job.runner
        return last_pushed(
            registry=self._registry,
            image=settings.image,
            commits=commits,
            tag=settings.tags[0],
            tell=runner.info,
            notice=runner.notice,
        )

    @cached_property
    def _commits(self) -> list[str]:
        settings, origin = self._job.settings, self._job.origin
        if not origin.repository:
            return list(LocalRepository(origin.checkout).history(_MOST_ASKED))
        github = GitHub(self._job.http, origin.api_url, origin.server_url, settings.github_token)
        try:
            return Repository(github, origin.repository).default_branch_commits()
        except GitHubError as error:
            self._job.warn(f"No cache: GitHub does not tell the default branch's commits. {error}")
            return []
