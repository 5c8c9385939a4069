"""The image in the deployments: what it is called there, and the pull request that first names it."""

from collections import Counter
from collections.abc import Iterable, Mapping

from hub_image_actions import markdown
from hub_image_actions.deployments.deployed import Deployed, Wanted, deployed
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.new_repository.first_reference import FirstReference, first_reference
from hub_image_actions.fleet.new_repository.step import Site, Status, Step
from hub_image_actions.fleet.workflows.variables import PLACEHOLDER, image_of
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.snapshot import snapshot
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName, parse_image_name

FOLDER = "deployments"


class DeploymentReference:
    """The step that has the deployments name the image.

    Args:
        site: the repository in the making.
        variables: the repository's variables, as far as they can be seen.

    Attributes:
        image: the image, as its variable names it.
        pull: the address of the pull request that adds the reference; empty where there is none.
    """

    def __init__(self, site: Site, variables: Mapping[str, str]) -> None:
        self.pull = ""
        self._site = site
        self._deployments = snapshot(site.github, site.wish.deployments)
        self.image = self._chosen_image(variables)

    @property
    def default_branch(self) -> str:
        """The default branch of the deployments."""
        return self._deployments.default_branch

    @property
    def is_first(self) -> bool:
        """Whether the deployments name no pushed image of this repository yet."""
        references = [
            reference for reference in self._references((self._deployed_image,)) if not reference.in_template
        ]
        mine = [reference for reference in references if self._deployed_image.covers(reference.image)]
        return not any(reference.tag and reference.tag != PLACEHOLDER for reference in mine)

    def _references(self, images: tuple[ImageName, ...] = ()) -> tuple[Deployed, ...]:
        """Return what the deployments refer to: these images, and all that are named as user images are."""
        wanted = Wanted(images, self._site.wish.day, paths=(FOLDER,))
        return deployed(self._deployments.files, wanted)[0]

    def _chosen_image(self, variables: Mapping[str, str]) -> ImageName:
        """Return the image that is wished, is set already, or is named as the other hubs' images are."""
        if self._site.wish.image:
            return self._site.wish.image
        if variables.get("IMAGE") and image_of(variables):
            return parse_image_name(variables["IMAGE"])
        named = Counter((one.image.host, one.image.path.rpartition("/")[0]) for one in self._references())
        if not named:
            raise ActionError(
                f"{self._site.wish.deployments} names no user image that this one could be named after.",
                "Give --image.",
            )
        ((host, folder), _), *_ = named.most_common(1)
        name = f"{folder}/{self._site.full_name.rpartition('/')[2]}"
        return parse_image_name(name if host in {"", DEFAULT_REGISTRY} else f"{host}/{name}")

    @property
    def _deployed_image(self) -> ImageName:
        """The image with its registry's host, as deployments write it."""
        return self.image.on(DEFAULT_REGISTRY)

    def add(self) -> Step:
        """Return the step that adds the reference to the deployments, by a pull request."""
        image, hub, name = self._deployed_image, self._site.wish.hub, self._site.wish.deployments
        found = [one for one in self._references((image,)) if not one.in_template]
        mine = next((one for one in found if image.covers(one.image)), None)
        home = f"{self._site.github.server_url}/{name}/blob/{self._deployments.default_branch}"
        if mine:
            place = f"{home}/{mine.file}#L{mine.line}"
            return Step("there", f"reference to the image in {mine.file}, at {mine.tag or 'no tag'}", place)
        wanted = first_reference(self._deployments.files, f"{FOLDER}/{hub}", image)
        if wanted.content is None:
            text = f"add these lines to {wanted.file} of {name}: {wanted.reason}"
            return Step("yours", text, f"{self._site.github.server_url}/{name}", wanted.lines)
        others = {str(one.image) for one in found if one.hub == hub}
        return self._proposed_reference(wanted, sorted(others))

    def _proposed_reference(self, wanted: FirstReference, others: Iterable[str]) -> Step:
        proposal = Proposal(
            branch=f"add-{self.image.short}",
            title=f"Add {self.image.short} to {self._site.wish.hub}",
            body=self._words(wanted, others),
            marker=markdown.marker(f"new {self._deployed_image}"),
            files={wanted.file: wanted.content},
        )
        home = f"{self._site.github.server_url}/{self._site.wish.deployments}"
        text = f"pull request in {self._site.wish.deployments} that adds the reference to {wanted.file}"
        try:
            proposed = propose(self._site.github, self._deployments, proposal, apply=self._site.apply)
        except GitHubError as error:
            if not error.is_withheld:
                raise
            return Step("yours", f"{text}. The token may not: {error.message}", home, wanted.lines)
        pull = proposed.pull
        if not pull or pull.is_open:
            self.pull = pull.url if pull else f"{home}/pulls"
        if proposed.status.startswith("would"):
            return Step("to do", text, pull.url if pull else home)
        if pull and not pull.is_open:
            closed = f"{text}: somebody closed it; open it again if that was not meant"
            return Step("yours", closed, pull.url, wanted.lines)
        status: Status = "there" if proposed.status == "unchanged" else "done"
        return Step(status, text, pull.url if pull else home)

    def _words(self, wanted: FirstReference, others: Iterable[str]) -> str:
        """Return the text of the pull request."""
        hub, image = self._site.wish.hub, markdown.code(str(self._deployed_image))
        repository = f"[{self._site.full_name}]({self._site.github.server_url}/{self._site.full_name})"
        names = (
            f"`{wanted.file}` names {image}, which {repository} builds, with the tag `{PLACEHOLDER}`. "
            "The first build opens a pull request that puts its tag there."
        )
        until = f"Until that one is merged, no server starts on {hub}: keep this out of production so long."
        words = [names, until]
        if listed := ", ".join(map(markdown.code, others)):
            words.append(f"{hub} names {listed} as well. Take out what the new image takes the place of.")
        return "\n\n".join(words)
