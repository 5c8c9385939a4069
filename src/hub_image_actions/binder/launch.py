"""Links that launch a repository on a BinderHub.

Source: BinderHub's URL forms, https://mybinder.readthedocs.io/en/latest/howto/external_binderhub_links.html,
and its repository providers.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from hub_image_actions import guide, markdown
from hub_image_actions.errors import ActionError, BranchConflict
from hub_image_actions.github.repository import Repository
from hub_image_actions.names import parse_full_name
from hub_image_actions.references import ImageName

FILE = "binder/Dockerfile"
SUBJECT = "Let Binder pull the image of"
MORE = markdown.link("What Binder does", f"{guide.TRY_IT}#on-binder")
NEXT = "**Next:** press it to open this change in your browser, in a session that keeps nothing."
PULLED = "Binder pulls {image} and builds nothing: minutes the first time, while it fetches it, then seconds."
BUILT = (
    "The first launch builds the image on Binder: minutes for a small one, up to an hour for a big one, and "
    "the biggest it does not finish. From then on it takes seconds."
)

PROVIDERS = ("gh", "gl", "gist", "git", "zenodo")
_GITHUB = "https://github.com"
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_ADDRESS = re.compile(r"(?:https?|git|ssh)://[^\s\"'<>]+")
_DOI = re.compile(r"10\.\d{4,9}/[\w.()/:-]+")


class InvalidRepository(ActionError):
    """A text that no provider of BinderHub takes."""


@dataclass(frozen=True)
class BinderRepository:
    """A repository as BinderHub finds it.

    Args:
        provider: `gh`, `gl`, `gist`, `git` or `zenodo`.
        name: what the provider calls it: `owner/name`, an address or a DOI.
    """

    provider: str
    name: str

    def path(self, ref: str) -> str:
        """Return the part of a launch link that names the repository and one of its states."""
        whole = self.provider in {"gl", "git"}
        name = quote(self.name, safe="" if whole else "/")
        # A DOI names one state of what it names; there is no other.
        return (
            f"zenodo/{name}" if self.provider == "zenodo" else f"{self.provider}/{name}/{quote(ref, safe='')}"
        )


def parse_repository(text: str, server_url: str = _GITHUB) -> BinderRepository:
    """Return the repository that a text names, with or without a provider in front, as `gl:group/project`.

    Args:
        text: the text.
        server_url: the GitHub that a name without a provider is on. BinderHubs look for `gh` on github.com;
            another server's repositories go by their address.

    Raises:
        InvalidRepository: the provider does not take the name.
    """
    provider, colon, name = text.partition(":")
    if not colon or provider not in PROVIDERS:
        full_name = parse_full_name(text)
        at_home = server_url.rstrip("/") == _GITHUB
        return (
            BinderRepository("gh", full_name) if at_home else BinderRepository("git", f"{server_url}/{text}")
        )
    wanted = {"git": _ADDRESS, "zenodo": _DOI}.get(provider, _PATH)
    if not wanted.fullmatch(name):
        raise InvalidRepository(
            f"{text!r} is not a repository of the provider `{provider}`.",
            "Write `owner/name`, `gl:group/project`, `gist:user/id`, `git:https://…` or `zenodo:10.5281/…`.",
        )
    return BinderRepository(provider, name)


@dataclass(frozen=True)
class Launch:
    """What a badge launches.

    Args:
        binder_url: the BinderHub.
        repository: the repository.
        ref: the branch, tag or commit.
        urlpath: what to open, as `lab` or `rstudio`.
        filepath: the notebook or file to open instead.
    """

    binder_url: str
    repository: BinderRepository
    ref: str
    urlpath: str = ""
    filepath: str = ""

    @property
    def url(self) -> str:
        """The launch link."""
        query = {"urlpath": self.urlpath} if self.urlpath else {"filepath": self.filepath}
        asked = urlencode({name: value for name, value in query.items() if value}, quote_via=quote)
        url = f"{self.binder_url}/v2/{self.repository.path(self.ref)}"
        return f"{url}?{asked}" if asked else url

    @property
    def build_url(self) -> str:
        """The address that has it built, and tells of the progress."""
        return f"{self.binder_url}/build/{self.repository.path(self.ref)}"

    def badge(self, label: str) -> str:
        """Return the badge as Markdown, with a text for those who do not see it."""
        image = f"!{markdown.link(markdown.escape(label), f'{self.binder_url}/badge_logo.svg')}"
        return markdown.link(image, self.url)


@dataclass(frozen=True)
class BinderBranch:
    """A branch of ours that holds nothing but the name of an image, for Binder to pull.

    Args:
        repository: the repository that gets the branch.
        name: its name.
        about: what the image is of, as `pull request #12`.
    """

    repository: Repository
    name: str
    about: str

    @classmethod
    def of_pull_request(cls, repository: Repository, number: int) -> "BinderBranch":
        """Return the branch of a pull request."""
        return cls(repository, f"binder/pr-{number}", f"pull request #{number}")

    @classmethod
    def of_branch(cls, repository: Repository, branch: str) -> "BinderBranch":
        """Return the branch beside a branch or tag, whose own history stays as it is."""
        return cls(repository, f"binder/{branch}", branch)

    def point_to(self, image: ImageName, digest: str, built_of: str) -> str:
        """Have the branch name an image, unless it does already; return its commit.

        Args:
            image: the image.
            digest: its digest.
            built_of: the commit of the pull request that it was built of.

        Raises:
            BranchConflict: somebody else has a branch of that name.
            GitHubError: the token may not write, or GitHub failed.
        """
        there = self.repository.commits.branch_commit(self.name)
        tree = self.repository.commits.create_tree({FILE: dockerfile(image, digest).encode()})
        message = self._message(built_of)
        if there:
            its_message, its_tree = self.repository.commits.commit_and_tree(there)
            if not its_message.startswith(self._subject):
                raise BranchConflict(
                    f"The branch {self.name!r} of {self.repository.full_name} is not ours: {its_message!r}.",
                    "Rename that branch.",
                )
            if (its_message, its_tree) == (message, tree):
                return there
        commit = self.repository.commits.create_commit(message, tree)
        self.repository.commits.set_branch(self.name, commit, exists=bool(there))
        return commit

    def image_of(self, built_of: str) -> str:
        """Return the branch's commit if it names the image of that commit; else nothing."""
        there = self.repository.commits.branch_commit(self.name)
        named = there and self.repository.commits.commit_and_tree(there)[0] == self._message(built_of)
        return there if named else ""

    def is_there(self) -> bool:
        """Say whether there is such a branch of ours."""
        there = self.repository.commits.branch_commit(self.name)
        return bool(there) and self.repository.commits.commit_and_tree(there)[0].startswith(self._subject)

    def delete(self) -> None:
        """Delete the branch; one that is gone already is as well."""
        self.repository.commits.delete_branch(self.name)

    @property
    def _subject(self) -> str:
        return f"{SUBJECT} {self.about}\n"

    def _message(self, built_of: str) -> str:
        # Two workflows keep one comment: by this, the one that knows no image sees that there is one.
        return f"{self._subject}\nIt was built of {built_of}."


def dockerfile(image: ImageName, digest: str) -> str:
    """Return what repo2docker needs to take an image as it is.

    The two arguments are those that BinderHub passes to every build.
    """
    return f"FROM {image}@{digest}\nARG NB_USER=jovyan\nARG NB_UID=1000\n"
