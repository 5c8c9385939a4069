"""The status of all hubs' images: what GitHub and the registries are asked, and one table of the answers."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Protocol, TypeVar
from urllib.parse import quote

from hub_image_actions.deployments.deployed import ANY_USER_IMAGE, Deployed, Wanted, deployed
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.status.table import (
    Deployment,
    Distance,
    OpenBump,
    Pipeline,
    Place,
    Presence,
    Row,
    Status,
)
from hub_image_actions.fleet.workflows.pipelines import pipeline_of, workflows_in
from hub_image_actions.github.archives import Archive, read_archive
from hub_image_actions.github.changes import merged_pull_request
from hub_image_actions.github.client import PAGE, GitHub, PullRequest
from hub_image_actions.github.proposal import snapshot
from hub_image_actions.markdown import file_url
from hub_image_actions.references import ImageName, find_reference, is_commit

K = TypeVar("K")
T = TypeVar("T")
# As actions/bump-datahub-tag marks what it opens.
_BUMP = re.compile(r"<!-- hub-image-actions bump (?P<image>\S+) -->")
_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){1,3}(?:[-.+]?[a-z0-9.]+)?")
_MOST_VARIABLES = 30
_NOT_FOUND = 404


class Reader(Protocol):
    """Makes calls at the same time, and tells how far they are."""

    def __call__(self, what: str, calls: Mapping[K, Callable[[], T]]) -> Mapping[K, T | ActionError]:
        """Return what each call returned, or the error with which it failed."""


class HasImages(Protocol):
    """A registry, as far as it is asked."""

    def has(self, repository: str, reference: str) -> bool:
        """Say whether there is such an image."""


@dataclass(frozen=True)
class Question:
    """What the table is about.

    Args:
        deployments: the deployments repository as ``owner/name``.
        branches: its branches.
        repositories: the image repositories. Where there are none, each deployed image is taken to have one
            of its own name, with the owner of the deployments.
        day: the day on which holds are judged.
        now: the time that ages are counted to.
        paths: the folders of the deployments.
        pattern: a shell pattern for the images that count beside those of the repositories.
        only_theirs: whether images of no given repository are left out of the table.
    """

    deployments: str
    branches: tuple[str, ...]
    repositories: tuple[str, ...]
    day: date
    now: datetime
    paths: tuple[str, ...] = ("deployments",)
    pattern: str = ANY_USER_IMAGE
    only_theirs: bool = False


@dataclass(frozen=True)
class _Owner:
    """An image's own repository, and the image that its variable names."""

    full_name: str
    image: ImageName | None = None

    def owns(self, image: ImageName) -> bool:
        """Say whether the image is this repository's: by its variable, or where it has none, by its name."""
        if self.image:
            return self.image.covers(image)
        return self.full_name.rpartition("/")[2].lower() == image.short.lower()


@dataclass(frozen=True)
class _Home:
    """What matters of an image's own repository as it is now."""

    full_name: str
    default_branch: str
    workflows: Mapping[str, bytes]


@dataclass(frozen=True)
class _Branch:
    """A branch of the deployments: its commit, and what stands in its files."""

    commit: str
    references: tuple[Deployed, ...]


@dataclass(frozen=True)
class _Answers:
    """All that was found out, by what it is about."""

    branches: Mapping[str, _Branch]
    owners: Mapping[ImageName, _Owner]
    homes: Mapping[str, _Home | ActionError]
    distances: Mapping[tuple[str, str], Distance]
    presences: Mapping[str, Presence]
    bumps: Sequence[tuple[ImageName, OpenBump]]


class Survey:
    """All questions, in the order in which their answers are needed.

    Args:
        question: what the table is about.
        github: whom to ask.
        registry: gives the registry of a host.
        read: makes the calls.
    """

    def __init__(
        self, question: Question, github: GitHub, registry: Callable[[str], HasImages], read: Reader
    ) -> None:
        self._question = question
        self._github = github
        self._registry = registry
        self._read = read
        self._problems: list[str] = []

    def status(self) -> Status:
        """Ask all questions and return the table; what fails becomes a cell that says so.

        Raises:
            ActionError: not one of the branches could be read.
        """
        question = self._question
        asked = self._owners()
        branches = self._branches([owner.image for owner in asked if owner.image])
        seen = [one for branch in branches.values() for one in branch.references]
        owners = self._owners_of({one.image for one in seen}, asked)
        if question.only_theirs:
            seen = [one for one in seen if one.image in owners]
        idle = [owner for owner in asked if owner.image and owner not in owners.values()]
        homes = self._homes([*owners.values(), *idle])
        answers = _Answers(
            branches,
            owners,
            homes,
            self._distances(seen, owners, homes),
            self._presences(seen),
            self._bumps(),
        )
        self._tell_left_out(asked, owners)
        url = f"{self._github.server_url}/{question.deployments}"
        rows = _Rows(question, self._github.server_url, answers).rows(idle)
        problems = tuple(dict.fromkeys(self._problems))
        return Status(question.deployments, url, question.branches, rows, question.now, problems)

    # ---- the image repositories

    def _owners(self) -> list[_Owner]:
        """Return the repositories that were named, with what their variables say."""
        calls = {name: partial(self._variables, name) for name in self._question.repositories}
        answers = self._read("the variables of", calls)
        failed = {name: error for name, error in answers.items() if isinstance(error, ActionError)}
        if failed:
            first = next(iter(failed.values()))
            self._problems.append(
                f"The variables of {_listed(sorted(failed))} cannot be read, so that images are told by the "
                f"repositories' names: {first}"
            )
        return [_Owner(name) if isinstance(found, ActionError) else found for name, found in answers.items()]

    def _variables(self, name: str) -> _Owner:
        listed = self._github.get(f"/repos/{name}/actions/variables", per_page=_MOST_VARIABLES)["variables"]
        values = {str(item["name"]): str(item["value"]).strip() for item in listed}
        image = find_reference(values.get("IMAGE", ""))
        return _Owner(name, image.name if image else None)

    def _owners_of(self, images: Iterable[ImageName], asked: Sequence[_Owner]) -> dict[ImageName, _Owner]:
        owner = self._question.deployments.partition("/")[0]
        found = {}
        for image in images:
            mine = [one for one in asked if one.owns(image)]
            # A variable that names the image says more than a repository's name.
            mine.sort(key=lambda one: one.image is None)
            if mine or not asked:
                found[image] = mine[0] if mine else _Owner(f"{owner}/{image.short}")
        return found

    def _homes(self, owners: Iterable[_Owner]) -> Mapping[str, _Home | ActionError]:
        names = sorted({owner.full_name for owner in owners})
        return self._read("the workflows of", {name: partial(self._home, name) for name in names})

    def _home(self, name: str) -> _Home:
        now = snapshot(self._github, name)
        return _Home(now.full_name, now.default_branch, workflows_in(now.files))

    def _tell_left_out(self, asked: Sequence[_Owner], owners: Mapping[ImageName, _Owner]) -> None:
        left = sorted(one.full_name for one in asked if not one.image and one not in owners.values())
        if left:
            self._problems.append(f"Without a variable IMAGE, and on no hub by their names: {_listed(left)}.")

    # ---- the deployments

    def _branches(self, images: Sequence[ImageName]) -> dict[str, _Branch]:
        question = self._question
        calls = {branch: partial(self._archive, branch) for branch in question.branches}
        answers = self._read(question.deployments, calls)
        failed = {name: error for name, error in answers.items() if isinstance(error, ActionError)}
        for branch, error in failed.items():
            self._problems.append(f"The branch {branch} of {question.deployments} cannot be read: {error}")
        if len(failed) == len(answers):
            raise next(iter(failed.values()))
        return {
            name: self._branch(name, found, tuple(images))
            for name, found in answers.items()
            if isinstance(found, Archive)
        }

    def _archive(self, branch: str) -> Archive:
        name = self._question.deployments
        content = self._github.download(f"/repos/{name}/tarball/refs/heads/{quote(branch)}")
        return read_archive(content, name)

    def _branch(self, branch: str, archive: Archive, images: tuple[ImageName, ...]) -> _Branch:
        question = self._question
        others = tuple(name for name in question.branches if name != branch)
        wanted = Wanted(images, question.day, question.pattern, question.paths, others)
        references, problems = deployed(archive.files, wanted)
        self._problems += [f"{branch}: {problem}" for problem in problems]
        return _Branch(archive.commit, tuple(one for one in references if not one.in_template))

    def _bumps(self) -> list[tuple[ImageName, OpenBump]]:
        """Return the open pull requests of bump-datahub-tag, told by their marks, each with its image."""
        name = self._question.deployments
        repository = self._github.repository(name)
        answer = self._read("the open pull requests of", {name: repository.open_pull_requests})[name]
        if isinstance(answer, ActionError):
            self._problems.append(f"The open pull requests are not known: {answer}")
            return []
        # Anybody can write the mark into a pull request from a fork; bumps come from the repository itself.
        own = [pull for pull in answer if pull.repository.lower() == name.lower()]
        return [(image, _open_bump(pull)) for pull in own for image in _bumped(pull)]

    # ---- the tags

    def _distances(
        self,
        seen: Iterable[Deployed],
        owners: Mapping[ImageName, _Owner],
        homes: Mapping[str, _Home | ActionError],
    ) -> Mapping[tuple[str, str], Distance]:
        calls: dict[tuple[str, str], Callable[[], Distance]] = {}
        for one in seen:
            found = homes.get(owners[one.image].full_name) if one.image in owners else None
            if one.tag and isinstance(found, _Home):
                key = (owners[one.image].full_name, one.tag)
                calls[key] = partial(self._distance, found, one.tag)
        answers = self._read("how far from main is", calls)
        return {
            key: Distance(problem=str(found)) if isinstance(found, ActionError) else found
            for key, found in answers.items()
        }

    def _distance(self, repository: _Home, tag: str) -> Distance:
        """Return how far a tag is from the default branch, where it is a commit or a version."""
        names = [tag] if is_commit(tag) else []
        if _VERSION.fullmatch(tag):
            # What is released as v1.4.0 is often deployed as 1.4.0.
            names += [tag] if tag.startswith("v") else [tag, f"v{tag}"]
        for name in dict.fromkeys(names):
            try:
                return self._compared(repository, name)
            except GitHubError as error:
                if error.status != _NOT_FOUND:
                    raise
        what = "names no commit of" if names else "is neither a commit nor a version of"
        return Distance(problem=f"The tag {tag} {what} {repository.full_name}.")

    def _compared(self, repository: _Home, tag: str) -> Distance:
        names = f"{quote(tag, safe='')}...{quote(repository.default_branch, safe='')}"
        answer = self._github.get(f"/repos/{repository.full_name}/compare/{names}", per_page=PAGE)
        found = (merged_pull_request(item["commit"]["message"]) for item in answer["commits"])
        signature = answer["base_commit"]["commit"]["committer"] or {}
        return Distance(
            committed=_time(signature.get("date")),
            commits=answer["ahead_by"],
            pull_requests=len({pull.number for pull in found if pull}),
            counted_all=answer["ahead_by"] <= len(answer["commits"]),
            undone=answer["behind_by"],
            url=answer["html_url"],
        )

    def _presences(self, seen: Iterable[Deployed]) -> Mapping[str, Presence]:
        calls = {_pulled(one): partial(self._has, one) for one in seen if one.tag or one.digest}
        answers = self._read("whether the registry has", calls)
        return {
            name: Presence(problem=str(found)) if isinstance(found, ActionError) else Presence(found)
            for name, found in answers.items()
        }

    def _has(self, one: Deployed) -> bool:
        return self._registry(one.image.registry).has(one.image.repository, one.digest or one.tag)


class _Rows:
    """The answers, put together row by row."""

    def __init__(self, question: Question, server_url: str, answers: _Answers) -> None:
        self._question = question
        self._server_url = server_url
        self._answers = answers

    def rows(self, idle: Iterable[_Owner]) -> tuple[Row, ...]:
        """Return the rows of all hubs by name, then those of the repositories whose images no hub runs."""
        images: dict[tuple[str, str], ImageName] = {}
        for branch in self._answers.branches.values():
            for one in branch.references:
                if one.image in self._answers.owners or not self._question.only_theirs:
                    images.setdefault((one.hub, one.image.core), one.image)
        rows = [self._row(hub, image) for (hub, _), image in sorted(images.items())]
        return (*rows, *(self._idle(owner) for owner in idle))

    def _row(self, hub: str, image: ImageName) -> Row:
        owner = self._answers.owners.get(image)
        on = {name: self._on(branch, hub, image) for name, branch in self._answers.branches.items()}
        if owner is None:
            unowned = f"None of the given repositories is that of {image}."
            return Row(hub, image, on=on, bumps=self._bumps(image), problems=(unowned,))
        return self._of(owner, Row(hub, image, on=on, bumps=self._bumps(image)))

    def _idle(self, owner: _Owner) -> Row:
        image = owner.image or ImageName("", owner.full_name)
        on: dict[str, tuple[Deployment, ...]] = dict.fromkeys(self._answers.branches, ())
        return self._of(owner, Row("", image, on=on, bumps=self._bumps(image)))

    def _of(self, owner: _Owner, row: Row) -> Row:
        """Return the row with what is known of the image's own repository."""
        found = self._answers.homes[owner.full_name]
        if isinstance(found, _Home):
            name, pipeline = found.full_name, pipeline_of(found.workflows)
        elif isinstance(found, GitHubError) and found.status == _NOT_FOUND:
            # A name that was only guessed, or one that the token does not see.
            return replace(row, problems=(f"There is no repository {owner.full_name}, or it is private.",))
        else:
            name, pipeline = owner.full_name, Pipeline(problem=str(found))
        return replace(row, repository=name, url=f"{self._server_url}/{name}", pipeline=pipeline)

    def _bumps(self, image: ImageName) -> tuple[OpenBump, ...]:
        found = {
            bump.number: bump
            for bumped, bump in self._answers.bumps
            if bumped.covers(image) or image.covers(bumped)
        }
        return tuple(found[number] for number in sorted(found))

    def _on(self, branch: _Branch, hub: str, image: ImageName) -> tuple[Deployment, ...]:
        """Return the tags of an image that a hub runs, in the order in which they stand in its files."""
        groups: dict[tuple[str, str], list[Deployed]] = defaultdict(list)
        for one in branch.references:
            if (one.hub, one.image.core) == (hub, image.core):
                groups[one.tag, one.digest].append(one)
        return tuple(self._deployment(branch, ones) for ones in groups.values())

    def _deployment(self, branch: _Branch, ones: Sequence[Deployed]) -> Deployment:
        first = ones[0]
        owner = self._answers.owners.get(first.image)
        files = f"{self._server_url}/{self._question.deployments}/blob/{branch.commit}"
        unpinned = () if first.tag or first.digest else (f"{first.file}:{first.line} gives no tag.",)
        return Deployment(
            tag=first.tag,
            digest=first.digest,
            places=tuple(Place(one.file, one.line, file_url(files, one.file, one.line)) for one in ones),
            holds=tuple(dict.fromkeys(one.hold for one in ones if one.hold)),
            distance=self._answers.distances.get((owner.full_name if owner else "", first.tag), Distance()),
            presence=self._answers.presences.get(_pulled(first), Presence()),
            problems=(*unpinned, *(one.problem for one in ones if one.problem)),
        )


def _pulled(one: Deployed) -> str:
    """Return what a cluster pulls for a reference."""
    return f"{one.image}@{one.digest}" if one.digest else f"{one.image}:{one.tag}"


def _open_bump(pull: PullRequest) -> OpenBump:
    return OpenBump(pull.number, pull.title, pull.url)


def _bumped(pull: PullRequest) -> list[ImageName]:
    marked = (find_reference(mark["image"]) for mark in _BUMP.finditer(pull.body))
    return [reference.name for reference in marked if reference]


def _time(text: str | None) -> datetime | None:
    # Python 3.10 does not read the letter that stands for universal time.
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _listed(names: Sequence[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
