"""Snapshots: all files of a repository at one commit, read as one archive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.github.archives import read_archive
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.values import Json


class EmptyRepository(ActionError):
    """A repository without any commit."""


@dataclass(frozen=True)
class Snapshot:
    """A repository as it is at one commit of its default branch.

    Args:
        full_name: ``owner/name`` as GitHub writes it now, whatever name was asked for.
        default_branch: the default branch.
        commit: the commit that the files are of.
        private: whether only those who were invited see it.
        archived: whether it is read-only.
        files: every regular file of at most 1 MiB: path and content. What `.gitattributes` marks as
            `export-ignore` is missing, as in every archive that git makes.
        programs: the paths of those files that may be run.
        left_out: the paths of links and of larger files.
        about: GitHub's own description of the repository, the answer to ``GET /repos/{owner}/{repo}``.
    """

    full_name: str
    default_branch: str
    commit: str
    private: bool
    archived: bool
    files: Mapping[str, bytes] = field(repr=False)
    programs: frozenset[str] = field(default=frozenset(), repr=False)
    left_out: frozenset[str] = field(default=frozenset(), repr=False)
    about: Json = field(default_factory=dict, repr=False)


def snapshot(github: GitHub, full_name: str) -> Snapshot:
    """Return a repository as it is now; two calls, however many files it has.

    Raises:
        EmptyRepository: it has no commit yet.
        ArchiveError: it is larger than what is read here.
        GitHubError: there is no such repository, or the token cannot see it.
    """
    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    about = github.get(f"/repos/{full_name}")
    name, branch = str(about["full_name"]), str(about["default_branch"])
    try:
        # https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar
        content = github.download(f"/repos/{name}/tarball/refs/heads/{quote(branch)}")
    except GitHubError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            remedy = "Push a first commit, or leave the repository out."
            raise EmptyRepository(
                f"{name} has no commit on its default branch {branch!r}.", remedy
            ) from error
        raise
    archive = read_archive(content, name)
    return Snapshot(
        full_name=name,
        default_branch=branch,
        commit=archive.commit,
        private=bool(about["private"]),
        archived=bool(about["archived"]),
        files=archive.files,
        programs=archive.programs,
        left_out=archive.left_out,
        about=about,
    )


def repositories_of(github: GitHub, owner: str, topic: str = "") -> tuple[str, ...]:
    """Return the full names of an organisation's or user's repositories, archived ones left out, sorted.

    Args:
        github: who is asked; only what its token sees is listed.
        owner: the organisation or user.
        topic: a topic that they must have; any will do where it is empty.

    Raises:
        GitHubError: there is no such owner.
    """
    try:
        # https://docs.github.com/en/rest/repos/repos#list-organization-repositories
        listed = list(github.pages(f"/orgs/{quote(owner)}/repos"))
    except GitHubError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        # https://docs.github.com/en/rest/repos/repos#list-repositories-for-a-user
        listed = list(github.pages(f"/users/{quote(owner)}/repos"))
    wanted = (
        str(item["full_name"])
        for item in listed
        if not item["archived"] and (not topic or topic.lower() in item.get("topics", []))
    )
    return tuple(sorted(set(wanted), key=str.lower))
