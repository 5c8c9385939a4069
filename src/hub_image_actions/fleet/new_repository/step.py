"""The steps by which a repository is made, and what all of them share: who asks, and what is wanted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Literal

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.fleet.new_repository.folder_history import FolderSource
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.settings import Administration
from hub_image_actions.github.values import Json
from hub_image_actions.references import ImageName, ImageReference

Status = Literal["there", "done", "to do", "yours"]


@dataclass(frozen=True)
class Wish:
    """The repository that is wanted.

    Args:
        hub: the hub's name.
        owner: who is to own the repository.
        deployments: the deployments repository, as ``owner/name``.
        template: the folder that holds the template's files.
        image: the image; None for the one that the deployments' other images suggest.
        base: the image that the Dockerfile is to build on; None to leave it.
        private: whether only those who are invited see the repository.
        history: the folder whose history the repository is to begin with; None for none.
        day: the day on which holds are judged.
    """

    hub: str
    owner: str
    deployments: str
    template: Path
    day: date
    image: ImageName | None = None
    base: ImageReference | None = None
    private: bool = False
    history: FolderSource | None = None

    @property
    def full_name(self) -> str:
        """The repository, ``owner/name``."""
        return f"{self.owner}/{self.image.short if self.image else f'{self.hub.lower()}-user-image'}"


@dataclass(frozen=True)
class Step:
    """One thing that has to be so, and how it came to be.

    Args:
        status: ``there`` already, ``done`` now, ``to do`` in a run that writes, or ``yours``: a person's.
        text: what it is.
        link: where a person sees it, or does it.
        lines: lines that a person has to write somewhere.
    """

    status: Status
    text: str
    link: str = ""
    lines: str = ""


class Site:
    """The repository in the making, as all of its steps see it.

    Args:
        github: who is asked and told.
        wish: what is wanted.
        apply: whether anything is written.

    Attributes:
        about: what GitHub says of the repository; None while there is none.
        settings: its settings on GitHub.
    """

    def __init__(self, github: GitHub, wish: Wish, *, apply: bool) -> None:
        self.github = github
        self.wish = wish
        self.apply = apply
        self.about = self.described()
        self.settings = Administration(github, wish.full_name)

    @property
    def full_name(self) -> str:
        """The repository, ``owner/name``."""
        return self.wish.full_name

    @property
    def is_private(self) -> bool:
        """Whether only those who are invited see it, or will."""
        return bool(self.about["private"]) if self.about else self.wish.private

    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    def described(self) -> Json | None:
        """Return what GitHub says of the repository; None where there is none.

        Raises:
            ActionError: it is archived.
        """
        name = self.wish.full_name
        try:
            about: Json = self.github.get(f"/repos/{name}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        if about["archived"]:
            raise ActionError(f"{name} is archived.", "Unarchive it, or choose another hub's name.")
        return about

    def page(self, path: str) -> str:
        """Return the address of one of the repository's pages."""
        return f"{self.github.server_url}/{self.full_name}/{path}"

    def step(self, text: str, do: Callable[[], object], right: str, page: str) -> Step:
        """Do something and return the step; a token that may not do it makes it a person's."""
        if not self.apply:
            return Step("to do", text, page)
        try:
            do()
        except GitHubError as error:
            if not error.is_withheld:
                raise
            return Step("yours", f"{text}. The token may not (it needs `{right}`): {error.message}", page)
        return Step("done", text, page)
