"""A hub's new image repository, step by step; each step looks at what is there before it does anything."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path

from hub_image_actions import guide
from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.new_repository.beginning import Beginning
from hub_image_actions.fleet.new_repository.content import RepositoryContent
from hub_image_actions.fleet.new_repository.deployment_reference import DeploymentReference
from hub_image_actions.fleet.new_repository.settings import RepositorySettings
from hub_image_actions.fleet.new_repository.step import Site, Step, Wish
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.values import Json
from hub_image_actions.references import ImageName

_SLACK = f"{guide.SET_UP}#8-slack"


class NewRepository:
    """The making of one repository, begun or repaired.

    Args:
        github: who is asked and told.
        wish: what is wanted.
        apply: whether anything is written.
        root: the folder of these actions.
        wait: what lets some seconds pass.
    """

    def __init__(
        self, github: GitHub, wish: Wish, *, apply: bool, root: Path, wait: Callable[[float], object]
    ) -> None:
        self._site = Site(github, wish, apply=apply)
        self._settings = RepositorySettings(self._site)
        self._reference = DeploymentReference(self._site, self._settings.known_variables)
        self._beginning = Beginning(self._site, self.image, root, wait)
        self._content = RepositoryContent(self._site)

    @property
    def full_name(self) -> str:
        """The repository."""
        return self._site.full_name

    @property
    def image(self) -> ImageName:
        """The image, as its variable names it."""
        return self._reference.image

    def steps(self) -> Iterator[Step]:
        """Yield each step once it is done, or is known to be there, to be done, or a person's.

        Raises:
            ActionError: a step could not be done, and those after it were not begun. Run again.
        """
        yield self._repository()
        yield from self._settings.set_variables(self.image, self._reference.default_branch)
        yield from self._settings.show_secrets(self.image)
        yield self._settings.delete_merged_branches()
        yield self._reference.add()
        # The first commit triggers workflows, which should find everything above; and it comes before the
        # rules, which would refuse it.
        content = self._content.files()
        if content is None:
            content = yield from self._beginning.steps()
        else:
            yield from self._content.fill_in(content)
        yield from self._content.guard(content)
        yield from self._for_a_person()

    def _repository(self) -> Step:
        page = f"{self._site.github.server_url}/{self._site.full_name}"
        if self._site.about is not None:
            return Step("there", f"repository {self._site.full_name}", page)
        kind = "private" if self._site.wish.private else "public"
        text = f"{kind} repository {self._site.full_name}"
        if not self._site.apply:
            return Step("to do", text, page)
        try:
            self._site.about = self._created()
        except GitHubError as error:
            self._site.about = self._site.described() if error.uncertain else None
            if self._site.about is None:
                raise self._explained(error) from error
        return Step("done", text, page)

    # https://docs.github.com/en/rest/repos/repos#create-an-organization-repository
    # https://docs.github.com/en/rest/repos/repos#create-a-repository-for-the-authenticated-user
    def _created(self) -> Json:
        github, owner = self._site.github, self._site.wish.owner
        request = {
            "name": self._site.full_name.rpartition("/")[2],
            "description": f"The user image of the {self._site.wish.hub} hub",
            "private": self._site.wish.private,
        }
        try:
            return dict(github.send("POST", f"/orgs/{owner}/repos", request))
        except GitHubError as error:
            if not error.is_not_found or github.login().lower() != owner.lower():
                raise
            return dict(github.send("POST", "/user/repos", request))

    def _explained(self, error: GitHubError) -> GitHubError:
        owner = self._site.wish.owner
        remedies: dict[int, str] = {
            HTTPStatus.NOT_FOUND: f"Check that there is an organization {owner}, and that the token sees it.",
            HTTPStatus.FORBIDDEN: f"The token has to be one that may create repositories of {owner}.",
        }
        remedy = remedies.get(error.status, error.remedy)
        return GitHubError(error.request, error.status, error.message, remedy, uncertain=error.uncertain)

    def _for_a_person(self) -> Iterator[Step]:
        """Yield what nobody but a person can do, in the order in which it is to be done."""
        if not self._reference.is_first:
            return
        hub, pull = self._site.wish.hub, self._reference.pull
        if pull:
            yield Step("yours", "merge the pull request that adds the image to the deployments", pull)
        yield Step(
            "yours",
            "press Run workflow: the first build takes up to an hour",
            self._site.page("actions/workflows/build-push-open-pr.yaml"),
        )
        yield Step("yours", f"merge the pull request that the build opens, and start a server on {hub}")
        text = "choose whose pull requests from forks run without being allowed first"
        yield Step("yours", text, self._site.page("settings/actions"))
        yield Step("yours", "tell the channel of those who look after the hubs", _SLACK)
