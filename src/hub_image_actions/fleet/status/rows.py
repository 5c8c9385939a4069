"""The rows of the status table, made from the answers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.status.answers import (
    Question,
    StatusAnswers,
    StatusBranch,
    StatusHome,
    StatusOwner,
)
from hub_image_actions.fleet.status.table import Deployment, Distance, LinkedLine, OpenBump, Presence, Row
from hub_image_actions.fleet.workflows.pipelines import Pipeline, pipeline_of
from hub_image_actions.markdown import file_url
from hub_image_actions.references import ImageName


class StatusRows:
    """The answers, put together row by row."""

    def __init__(self, question: Question, server_url: str, answers: StatusAnswers) -> None:
        self._question = question
        self._server_url = server_url
        self._answers = answers

    def rows(self, idle: Iterable[StatusOwner]) -> tuple[Row, ...]:
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

    def _idle(self, owner: StatusOwner) -> Row:
        image = owner.image or ImageName("", owner.full_name)
        on: dict[str, tuple[Deployment, ...]] = dict.fromkeys(self._answers.branches, ())
        return self._of(owner, Row("", image, on=on, bumps=self._bumps(image)))

    def _of(self, owner: StatusOwner, row: Row) -> Row:
        """Return the row with what is known of the image's own repository."""
        found = self._answers.homes[owner.full_name]
        if isinstance(found, StatusHome):
            name, pipeline = found.full_name, pipeline_of(found.workflows)
        elif isinstance(found, GitHubError) and found.status == HTTPStatus.NOT_FOUND:
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

    def _on(self, branch: StatusBranch, hub: str, image: ImageName) -> tuple[Deployment, ...]:
        """Return the tags of an image that a hub runs, in the order in which they stand in its files."""
        groups: dict[tuple[str, str], list[Deployed]] = defaultdict(list)
        for one in branch.references:
            if (one.hub, one.image.core) == (hub, image.core):
                groups[one.tag, one.digest].append(one)
        return tuple(self._deployment(branch, ones) for ones in groups.values())

    def _deployment(self, branch: StatusBranch, ones: Sequence[Deployed]) -> Deployment:
        first = ones[0]
        owner = self._answers.owners.get(first.image)
        files = f"{self._server_url}/{self._question.deployments}/blob/{branch.commit}"
        unpinned = () if first.tag or first.digest else (f"{first.file}:{first.line} gives no tag.",)
        return Deployment(
            tag=first.tag,
            digest=first.digest,
            places=tuple(LinkedLine(one.file, one.line, file_url(files, one.file, one.line)) for one in ones),
            holds=tuple(dict.fromkeys(one.hold for one in ones if one.hold)),
            distance=self._answers.distances.get((owner.full_name if owner else "", first.tag), Distance()),
            presence=self._answers.presences.get(pulled_image(first), Presence()),
            problems=(*unpinned, *(one.problem for one in ones if one.problem)),
        )


def pulled_image(one: Deployed) -> str:
    """Return what a cluster pulls for a reference."""
    return f"{one.image}@{one.digest}" if one.digest else f"{one.image}:{one.tag}"
