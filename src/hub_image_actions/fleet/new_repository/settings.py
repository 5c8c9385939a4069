"""The settings of a new repository: its variables, and the secrets that it has to see."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from hub_image_actions.fleet.new_repository.step import Site, Step
from hub_image_actions.fleet.workflows.variables import (
    APP_IDS,
    APP_KEY,
    BRANCH,
    GITHUBS_REGISTRY,
    OWNER,
    REGISTRY_KEY,
    REPOSITORY,
    TOKENS,
)
from hub_image_actions.github.settings import Hidden, Kind, Visibility, seen
from hub_image_actions.references import DEFAULT_REGISTRY, ImageName

# What the organisation has of one of its secrets or variables; None where it has none of that name.
Look = Callable[[Kind, str], Visibility | Hidden | None]


@dataclass(frozen=True)
class Share:
    """A secret or variable that a repository needs, and how it gets it.

    Args:
        kind: ``secrets`` or ``variables``.
        name: its name.
        way: ``seen`` where it sees it, ``share`` where the organisation shows it to chosen repositories,
            ``private`` where only to private ones, ``missing`` where it has none, ``hidden`` where the token
            may not look.
    """

    kind: Kind
    name: str
    way: str

    @property
    def works(self) -> bool:
        """Whether the repository sees it, or can be made to."""
        return self.way in {"seen", "share"}


def needed(
    secrets: Collection[str], variables: Collection[str], look: Look, *, private: bool, registry: str
) -> Iterator[Share]:
    """Yield what the workflows need: the registry's key, and one way to the deployments.

    GitHub's own registry takes the job's token, and needs no key. Of several ways to the deployments, the App
    comes before the tokens, and only one is opened.

    Args:
        secrets: the names of the secrets that the repository sees.
        variables: the names of the variables that it sees.
        look: what tells what the organisation has.
        private: whether the repository is private.
        registry: the host of the image's registry.
    """

    def share(kind: Kind, name: str) -> Share:
        if name in (secrets if kind == "secrets" else variables):
            return Share(kind, name, "seen")
        found = look(kind, name)
        if isinstance(found, Hidden):
            return Share(kind, name, "hidden")
        if found is None:
            return Share(kind, name, "missing")
        if found == "selected":
            return Share(kind, name, "share")
        return Share(kind, name, "seen" if found == "all" or private else "private")

    if registry != GITHUBS_REGISTRY:
        yield share("secrets", REGISTRY_KEY)
    key = share("secrets", APP_KEY)
    app = next((one for kind, name in APP_IDS if (one := share(kind, name)).works), None)
    if app and key.works:
        yield from (app, key)
        return
    tokens = [share("secrets", name) for name in TOKENS]
    yield next((one for one in tokens if one.works), tokens[0] if key.way == "missing" else key)


class RepositorySettings:
    """The steps that set variables, have secrets be seen, and delete merged branches.

    Args:
        site: the repository in the making.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.variables = self._seen_variables()

    @property
    def known_variables(self) -> Mapping[str, str]:
        """The variables, none where the token may not see them."""
        return {} if isinstance(self.variables, Hidden) else self.variables

    def _seen_variables(self) -> Mapping[str, str] | Hidden:
        if self._site.about is None:
            return {}
        return seen("the variables", "Variables: write", self._site.settings.variables)

    def _wanted(self, image: ImageName, branch: str) -> dict[str, str]:
        """Return the variables that differ from what the workflows take where they are not set."""
        owner, _, name = self._site.wish.deployments.partition("/")
        wanted = {"HUB": self._site.wish.hub, "IMAGE": str(image)}
        if self._site.is_private:
            # Binder launches what everybody can read.
            wanted["BINDER"] = "off"
        others = {
            "REGISTRY": (image.on(DEFAULT_REGISTRY).host, DEFAULT_REGISTRY),
            "DEPLOYMENTS_OWNER": (owner, OWNER),
            "DEPLOYMENTS_REPOSITORY": (name, REPOSITORY),
            "DEPLOYMENTS_BRANCH": (branch, BRANCH),
        }
        return wanted | {key: value for key, (value, usual) in others.items() if value != usual}

    def set_variables(self, image: ImageName, branch: str) -> Iterator[Step]:
        """Yield the steps that set the variables.

        Args:
            image: the image.
            branch: the default branch of the deployments.
        """
        there, page = self.variables, self._site.page("settings/variables/actions")
        if isinstance(there, Hidden):
            named = " and ".join(f"{name} = {value}" for name, value in self._wanted(image, branch).items())
            yield Step("yours", f"set {named}; the token may not see variables: {there.said}", page)
            return
        for name, value in self._wanted(image, branch).items():
            text = f"variable {name} = {value}"
            if there.get(name) == value:
                yield Step("there", text, page)
            elif there.get(name):
                yield Step("yours", f"variable {name} is {there[name]}, not {value}: decide which", page)
            else:

                def set_it(name: str = name, value: str = value) -> None:
                    self._site.settings.set_variable(name, value)

                yield self._site.step(text, set_it, "Variables: write", page)

    def show_secrets(self, image: ImageName) -> Iterator[Step]:
        """Yield the steps by which the repository sees the secrets that its workflows need.

        Args:
            image: the image.
        """
        page = self._site.page("settings/secrets/actions")
        visible = (
            frozenset()
            if self._site.about is None
            else seen("the names of the secrets", "Secrets: read", self._site.settings.secrets)
        )
        if isinstance(visible, Hidden):
            yield Step("yours", f"see to the secrets; the token may not see them: {visible.said}", page)
            return
        registry = image.on(self.known_variables.get("REGISTRY") or DEFAULT_REGISTRY).registry
        for share in needed(
            visible,
            self.known_variables,
            self._organisation_has,
            private=self._site.is_private,
            registry=registry,
        ):
            yield self._shared(share)

    def _organisation_has(self, kind: Kind, name: str) -> Visibility | Hidden | None:
        return seen(
            f"the organisation's {kind}",
            "Organization secrets: write",
            lambda: self._site.settings.visibility(kind, name),
        )

    def _shared(self, share: Share) -> Step:
        owner, _, name = self._site.full_name.partition("/")
        what = f"{share.kind.removesuffix('s')} {share.name}"
        page = f"{self._site.github.server_url}/organizations/{owner}/settings/{share.kind}/actions"
        if share.way == "seen":
            return Step("there", what, self._site.page(f"settings/{share.kind}/actions"))
        if share.way == "share":

            def show() -> None:
                self._site.settings.show(
                    share.kind, share.name, self._site.about["id"] if self._site.about else 0
                )

            text = f"{what} of {owner}, shown to {name}"
            return self._site.step(text, show, f"Organization {share.kind}: write", page)
        if share.way == "private":
            return Step(
                "yours", f"show {what}, which {owner} keeps for private repositories, to {name}", page
            )
        if share.way == "hidden":
            return Step("yours", f"show {what} to {name}, if {owner} has it: the token may not look", page)
        own = self._site.page(f"settings/{share.kind}/actions")
        return Step(
            "yours",
            f"store {what}, as {owner} has none to see: "
            f"gh secret set {share.name} --repo {self._site.full_name}",
            own,
        )

    def delete_merged_branches(self) -> Step:
        """Return the step that has merged branches deleted."""
        page, text = self._site.page("settings"), "branches are deleted once they are merged"
        if self._site.about and self._site.about.get("delete_branch_on_merge"):
            return Step("there", text, page)
        return self._site.step(
            text, self._site.settings.delete_merged_branches, "Administration: write", page
        )
