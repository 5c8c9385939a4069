"""Base images: the repositories whose Dockerfiles build on one, and the pull request that moves each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote

from hub_image_actions import markdown
from hub_image_actions.bump.base_image_report import BaseImageReport
from hub_image_actions.bump.dependents import BaseImageResult, Dependent, dependent
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.github.changes import ImageChange, image_changes
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.proposal import Proposal, Proposed, propose
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, snapshot
from hub_image_actions.images.dockerfiles import UNPINNED, BaseTarget
from hub_image_actions.names import InvalidName, parse_branch
from hub_image_actions.references import ImageName
from hub_image_actions.registry.calls import Manifest

BRANCH = "update-base-image-{image}"
TITLE = "Update base image {image} to {tag}"


class Manifests(Protocol):
    """What there is in a registry, as `hub_image_actions.registry.client.Registry` tells it."""

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return the manifest that a tag names.

        Raises:
            ManifestMissing: there is no such tag.
            RegistryError: the registry cannot be asked, or refuses.
        """


@dataclass(frozen=True)
class Wording:
    """How the pull request and its branch are called; `{image}`, and in titles `{tag}`, are filled in.

    Args:
        branch: the branch; the same for every tag, so that one pull request follows the base image.
        title: the title.
        labels: the labels.
    """

    branch: str = BRANCH
    title: str = TITLE
    labels: tuple[str, ...] = ()

    def proposal(self, target: BaseTarget, body: str, files: Mapping[str, bytes]) -> Proposal:
        """Return the pull request that moves a base image in one repository."""
        marker = markdown.marker(f"base image {target.image}")
        title = self.title.replace("{image}", target.image.short).replace("{tag}", target.tag)
        return Proposal(branch_of(self.branch, target.image), title, body, marker, dict(files), self.labels)


def branch_of(template: str, image: ImageName) -> str:
    """Return the branch for an image.

    Raises:
        InvalidName: git would not take it, or it is another one for each tag.
    """
    if "{tag}" in template:
        raise InvalidName(
            f"With {template!r} there would be a pull request for each tag.",
            "Leave `{tag}` out: the next tag then updates the pull request of this one.",
        )
    return parse_branch(template.replace("{image}", image.short))


class BaseImageUpgrade:
    """Moves a base image in repositories, one after the other.

    Args:
        github: who asks and proposes.
        target: the image, and what its references are to become.
        wording: how the pull requests are called.
        find_digest: asks the registry for the tag's digest, where a reference is pinned and none was given.
        sources: repositories that may be the image's own, for what changed between two tags.
        warn: told what is left undone.
    """

    def __init__(
        self,
        github: GitHub,
        target: BaseTarget,
        wording: Wording,
        find_digest: Callable[[], str],
        sources: Sequence[str],
        warn: Callable[[str], None],
    ) -> None:
        self.target = target
        self._github = github
        self._wording = wording
        self._find_digest: Callable[[], str] | None = find_digest
        self._sources = tuple(sources)
        self._warn = warn
        self._changes: dict[tuple[str, str], ImageChange | None] = {}

    def carry_out(self, full_name: str, *, apply: bool) -> BaseImageResult:
        """Have one open pull request that moves the image in a repository; what fails is in the result.

        Args:
            full_name: the repository.
            apply: whether to write; without, it is only told what would be done.
        """
        building = None
        try:
            building = self._dependent(snapshot(self._github, full_name))
            result = BaseImageResult(building.snapshot.full_name, building.references, tuple(building.files))
            proposed = self._proposed(building, apply=apply) if building.files else None
            return replace(result, proposed=proposed)
        except EmptyRepository:
            return BaseImageResult(full_name)
        except ActionError as error:
            return BaseImageResult(full_name, building.references if building else (), error=error)

    def _dependent(self, repository: Snapshot) -> Dependent:
        building = dependent(repository, self.target)
        if any(reference.reason == UNPINNED for reference in building.references) and self._find_digest:
            try:
                self.target = replace(self.target, digest=self._find_digest())
            except ActionError as error:
                self._warn(f"References that are pinned by digest stay as they are. {error}")
            self._find_digest = None
            return dependent(repository, self.target)
        return building

    def _proposed(self, building: Dependent, *, apply: bool) -> Proposed:
        repository = building.snapshot
        branch = quote(repository.default_branch)
        files_url = f"{self._github.server_url}/{repository.full_name}/blob/{branch}"
        changes = tuple(filter(None, (self._change(repository.full_name, old) for old in building.old_tags)))
        report = BaseImageReport(self.target, building.references, files_url, changes)
        proposal = self._wording.proposal(self.target, report.body(), building.files)
        return propose(self._github, repository, proposal, apply=apply)

    def _change(self, full_name: str, old: str) -> ImageChange | None:
        """Return what changed in the image since a tag, as far as a repository is found that knows both."""
        owner = full_name.partition("/")[0]
        for source in dict.fromkeys((*self._sources, f"{owner}/{self.target.image.short}")):
            if (source, old) not in self._changes:
                self._changes[source, old] = self._compared(source, old)
            if change := self._changes[source, old]:
                return change
        return None

    def _compared(self, source: str, old: str) -> ImageChange | None:
        try:
            changes = image_changes(Repository(self._github, source), (old,), self.target.tag)
        except GitHubError as error:
            # The comparison is for the reader; the base image moves without it.
            self._warn(f"The pull request does not say what changed in the base image. {error}")
            return None
        return changes[0] if changes else None


def digest_in_registry(registry: Manifests, target: BaseTarget) -> str:
    """Return the digest of the target's tag.

    Raises:
        ManifestMissing: the registry has no such tag.
        RegistryError: it cannot be asked, or refuses.
        ActionError: the tag has another digest than the one that was given.
    """
    digest = registry.manifest(target.image.repository, target.tag).digest
    if target.digest not in {"", digest}:
        raise ActionError(
            f"{target.image}:{target.tag} has the digest {digest}, not {target.digest}.",
            "The tag was pushed again since: pass the digest that is meant, or none.",
        )
    return digest
