"""Which secrets and variables of an organisation a repository has to see, and how it comes to see them."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from hub_image_actions.fleet.workflows.variables import APP_ID, APP_KEY, CLIENT_ID, REGISTRY_KEY, TOKENS
from hub_image_actions.github.settings import Hidden, Kind, Visibility

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
    secrets: Collection[str], variables: Collection[str], look: Look, *, private: bool
) -> Iterator[Share]:
    """Yield what the workflows need: the registry's key, and one way to the deployments.

    Of several ways to the deployments, the App comes before the tokens, and only one is opened.

    Args:
        secrets: the names of the secrets that the repository sees.
        variables: the names of the variables that it sees.
        look: what tells what the organisation has.
        private: whether the repository is private.
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

    yield share("secrets", REGISTRY_KEY)
    key = share("secrets", APP_KEY)
    names = [share("variables", CLIENT_ID), share("secrets", APP_ID)]
    app = next((one for one in names if one.works), None)
    if app and key.works:
        yield from (app, key)
        return
    tokens = [share("secrets", name) for name in TOKENS]
    yield next((one for one in tokens if one.works), tokens[0] if key.way == "missing" else key)
