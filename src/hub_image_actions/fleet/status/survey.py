"""The status of all hubs' images: what GitHub and the registries are asked, and one table of the answers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from urllib.parse import quote

from hub_image_actions import markdown
from hub_image_actions.deployments.deployed import Wanted, deployed
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.status.answers import (
    Question,
    Reader,
    StatusAnswers,
    StatusBranch,
    StatusHome,
    StatusOwner,
)
from hub_image_actions.fleet.status.distances import Distances
from hub_image_actions.fleet.status.presences import HasImages, Presences
from hub_image_actions.fleet.status.rows import StatusRows
from hub_image_actions.fleet.status.table import (
    Distance,
    OpenBump,
    Status,
)
from hub_image_actions.fleet.workflows.pipelines import workflows_in
from hub_image_actions.github.archives import Archive, read_archive
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.snapshot import repositories_of, snapshot
from hub_image_actions.github.values import PullRequest
from hub_image_actions.references import ImageName, find_reference

# As actions/bump-datahub-tag marks what it opens.
_BUMP = markdown.marker_pattern(r"bump (?P<image>\S+)")
_MOST_VARIABLES = 30


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
        self._archives: Mapping[str, Archive] = {}

    def status(self) -> Status:
        """Ask all questions and return the table; what fails becomes a cell that says so.

        Raises:
            ActionError: not one of the branches could be read.
        """
        question = self._question
        asked = self._owners() if question.repositories else self._of_the_owner()
        branches = self._branches(asked)
        seen = [one for branch in branches.values() for one in branch.references]
        owners = self._owners_of({one.image for one in seen}, asked)
        if question.only_theirs:
            seen = [one for one in seen if one.image in owners]
        idle = [owner for owner in asked if owner.image and owner not in owners.values()]
        homes = self._homes([*owners.values(), *idle])
        presences = Presences(self._registry, self._read)
        answers = StatusAnswers(
            branches,
            owners,
            homes,
            self._distances(Distances(self._github, owners, homes).calls(seen)),
            presences.of(seen),
            self._bumps(),
        )
        self._tell_left_out(asked, owners)
        url = f"{self._github.server_url}/{question.deployments}"
        rows = StatusRows(question, self._github.server_url, answers).rows(idle)
        problems = tuple(dict.fromkeys([*self._problems, *presences.problems]))
        others = () if rows else self._all_images()
        return Status(question.deployments, url, question.branches, rows, question.now, problems, others)

    def _of_the_owner(self) -> list[StatusOwner]:
        """Return all repositories of the owner of the deployments; images are told by their names."""
        deployments = self._question.deployments
        listed = repositories_of(self._github, deployments.partition("/")[0])
        return [StatusOwner(name) for name in listed if name.lower() != deployments.lower()]

    def _owners(self) -> list[StatusOwner]:
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
        return [
            StatusOwner(name) if isinstance(found, ActionError) else found for name, found in answers.items()
        ]

    def _variables(self, name: str) -> StatusOwner:
        listed = self._github.get(f"/repos/{name}/actions/variables", per_page=_MOST_VARIABLES)["variables"]
        values = {str(item["name"]): str(item["value"]).strip() for item in listed}
        image = find_reference(values.get("IMAGE", ""))
        return StatusOwner(name, image.name if image else None)

    def _owners_of(
        self, images: Iterable[ImageName], asked: Sequence[StatusOwner]
    ) -> dict[ImageName, StatusOwner]:
        found = {}
        for image in images:
            mine = [one for one in asked if one.owns(image)]
            # A variable that names the image says more than a repository's name.
            mine.sort(key=lambda one: one.image is None)
            if mine:
                found[image] = mine[0]
        return found

    def _homes(self, owners: Iterable[StatusOwner]) -> Mapping[str, StatusHome | ActionError]:
        names = sorted({owner.full_name for owner in owners})
        return self._read("the workflows of", {name: partial(self._home, name) for name in names})

    def _home(self, name: str) -> StatusHome:
        now = snapshot(self._github, name)
        return StatusHome(now.full_name, now.default_branch, workflows_in(now.files))

    def _tell_left_out(self, asked: Sequence[StatusOwner], owners: Mapping[ImageName, StatusOwner]) -> None:
        left = sorted(one.full_name for one in asked if not one.image and one not in owners.values())
        if left and self._question.repositories:
            self._problems.append(f"Without a variable IMAGE, and on no hub by their names: {_listed(left)}.")

    def _branches(self, owners: Sequence[StatusOwner]) -> dict[str, StatusBranch]:
        question = self._question
        calls = {branch: partial(self._archive, branch) for branch in question.branches}
        answers = self._read(question.deployments, calls)
        failed = {name: error for name, error in answers.items() if isinstance(error, ActionError)}
        for branch, error in failed.items():
            self._problems.append(f"The branch {branch} of {question.deployments} cannot be read: {error}")
        if len(failed) == len(answers):
            raise next(iter(failed.values()))
        self._archives = {name: found for name, found in answers.items() if isinstance(found, Archive)}
        return {name: self._branch(name, found, owners) for name, found in self._archives.items()}

    def _archive(self, branch: str) -> Archive:
        name = self._question.deployments
        content = self._github.download(f"/repos/{name}/tarball/refs/heads/{quote(branch)}")
        return read_archive(content, name)

    def _branch(self, branch: str, archive: Archive, owners: Sequence[StatusOwner]) -> StatusBranch:
        question = self._question
        others = tuple(name for name in question.branches if name != branch)
        images = tuple(owner.image for owner in owners if owner.image)
        names = frozenset(owner.short for owner in owners if not owner.image)
        wanted = Wanted(images, question.day, question.pattern, question.paths, others, names)
        references, problems = deployed(archive.files, wanted)
        self._problems += [f"{branch}: {problem}" for problem in problems]
        return StatusBranch(archive.commit, tuple(one for one in references if not one.in_template))

    def _all_images(self) -> tuple[str, ...]:
        """Return all images that stand in the deployments, whosever they are."""
        wanted = Wanted((), self._question.day, "*", self._question.paths)
        every = (deployed(archive.files, wanted)[0] for archive in self._archives.values())
        return tuple(sorted({str(one.image) for ones in every for one in ones}))

    def _bumps(self) -> list[tuple[ImageName, OpenBump]]:
        """Return the open pull requests of bump-datahub-tag, told by their marks, each with its image."""
        name = self._question.deployments
        repository = Repository(self._github, name)
        answer = self._read("the open pull requests of", {name: repository.open_pull_requests})[name]
        if isinstance(answer, ActionError):
            self._problems.append(f"The open pull requests are not known: {answer}")
            return []
        # Anybody can write the mark into a pull request from a fork; bumps come from the repository itself.
        own = [pull for pull in answer if pull.repository.lower() == name.lower()]
        return [(image, _open_bump(pull)) for pull in own for image in _bumped(pull)]

    def _distances(
        self, calls: Mapping[tuple[str, str], Callable[[], Distance]]
    ) -> Mapping[tuple[str, str], Distance]:
        answers = self._read("how far from main is", calls)
        return {
            key: Distance(problem=str(answer)) if isinstance(answer, ActionError) else answer
            for key, answer in answers.items()
        }


def _open_bump(pull: PullRequest) -> OpenBump:
    return OpenBump(pull.number, pull.title, pull.url)


def _bumped(pull: PullRequest) -> list[ImageName]:
    marked = (find_reference(mark["image"]) for mark in _BUMP.finditer(pull.body))
    return [reference.name for reference in marked if reference]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - 3
    return ", ".join(names[:3]) + (f" and {more} more" if more > 0 else "")
